//! Rules that a reviewer would otherwise have to remember.

use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};
use tests::{root, run};

fn tracked(ending: &str) -> Vec<PathBuf> {
    let listed =
        run(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root()))
            .ok()
            .out;
    listed.lines().filter(|l| l.ends_with(ending)).map(|l| root().join(l)).filter(|p| p.is_file()).collect()
}

fn name(path: &std::path::Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn files_stay_readable() {
    for path in tracked(".rs").into_iter().filter(|p| !name(p).starts_with("tests/")) {
        let text = fs::read_to_string(&path).unwrap();
        let limit = if path.ends_with("main.rs") { 130 } else { 420 };
        assert!(text.lines().count() <= limit, "{} has {} lines", name(&path), text.lines().count());
        assert!(text.lines().all(|l| l.chars().count() <= 140), "{} has a line over 140 characters", name(&path));
        let first = text.lines().next().unwrap_or("");
        assert!(first.starts_with("//!"), "{} does not say what it is", name(&path));
    }
    let banned = ["common", "utils", "util", "helpers", "misc", "core", "types"];
    for path in tracked(".rs") {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!banned.contains(&stem.as_str()), "{}: a name that says nothing", name(&path));
    }
}

#[test]
fn sql_says_its_grain_and_keeps_one_statement() {
    let mut seen = 0;
    for path in tracked(".sql") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("-- "), "{}: no sentence about its rows", name(&path));
        assert!(text.lines().all(|l| l.len() <= 140 && l.trim_end() == l), "{}", name(&path));
        let code: String = text.lines().filter(|l| !l.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n");
        // Without texts, which stand between every other pair of quotes.
        let code: String = code.split('\'').step_by(2).collect();
        assert!(!code.contains(';'), "{}: one statement a file", name(&path));
        assert!(!code.contains("SELECT") && !code.contains("FROM"), "{}: keywords are lower case", name(&path));
        seen += 1;
    }
    assert!(seen > 30);
}

/// Strength of evidence is ranked in `schemas` alone: text knows no order, so `max(evidence)` would take the firmer of two.
#[test]
fn evidence_is_ranked_in_one_place() {
    for path in tracked(".sql").into_iter().filter(|p| name(p).starts_with("stages/")) {
        let text = fs::read_to_string(&path).unwrap();
        for call in ["max(", "min("] {
            let inside = text.split(call).skip(1).map(|rest| rest.split(')').next().unwrap_or_default());
            assert!(inside.into_iter().all(|i| !i.contains("evidence")), "{}: {call}evidence)", name(&path));
        }
        assert!(!text.contains("when 'measured_counter'"), "{} has an order of its own", name(&path));
    }
    let lists = tracked(".rs").into_iter().filter(|p| {
        let text = fs::read_to_string(p).unwrap();
        name(p).contains("/src/") && text.contains("\"measured_counter\",\n") && text.contains("\"imported\",\n")
    });
    assert_eq!(lists.map(|p| name(&p)).collect::<Vec<_>>(), ["schemas/src/evidence.rs"]);
}

/// Which runs may be used, and that a node sensor counts alone, `run_fact` says: SQL of later stages reads it there.
#[test]
fn facts_of_runs_are_told_in_one_place() {
    let telling = |rule: &str| -> Vec<String> {
        let files = tracked(".sql").into_iter().filter(|p| fs::read_to_string(p).unwrap().contains(rule));
        files.map(|p| name(&p)).filter(|n| n.starts_with("stages/")).collect()
    };
    assert_eq!(telling("'ok', 'degraded'"), ["stages/join-telemetry/sql/run_window.sql"]);
    assert_eq!(telling("scope = 'node'"), ["stages/join-telemetry/sql/run_fact.sql"]);
}

/// The files of a stage with this ending, as one text.
fn text_of(stage: &str, ending: &str) -> String {
    let paths = tracked(ending).into_iter().filter(|p| name(p).starts_with(stage));
    paths.map(|p| fs::read_to_string(p).unwrap() + "\n").collect()
}

/// SQL of the stages: stage, folder, stem.
fn sql_of_stages() -> Vec<(String, String, String)> {
    let paths = tracked(".sql").into_iter().map(|p| name(&p)).filter(|p| p.starts_with("stages/"));
    let parts = |path: String| {
        let (folder, file) = path.rsplit_once('/').unwrap();
        let stage: Vec<&str> = folder.split('/').take(2).collect();
        (
            stage.join("/") + "/",
            folder.rsplit('/').next().unwrap().to_string(),
            file.trim_end_matches(".sql").to_string(),
        )
    };
    paths.map(parts).collect()
}

#[test]
fn every_sql_file_is_compiled_in() {
    let outline = fs::read_to_string(root().join("stages/render/report.toml")).unwrap();
    for (stage, folder, stem) in sql_of_stages() {
        let code = text_of(&stage, ".rs");
        let is_used = match stage.as_str() {
            // `report.toml` asks for them by their names, code by constants.
            "stages/render/" => {
                let constant = format!("{folder}::{}", stem.to_uppercase());
                outline.contains(&format!(" = \"{stem}\"\n")) || code.contains(&constant)
            }
            // All of them.
            "stages/analyze/" if folder == "findings" => true,
            _ => {
                let word = if folder == "sql" { "model" } else { folder.trim_end_matches('s') };
                code.contains(&format!("{word}!(\"{stem}\")"))
            }
        };
        assert!(is_used, "{stage}: {folder}/{stem}.sql is not used");
    }
}

/// A check that was never seen failing is none, and a finding that was never found is none.
#[test]
fn every_check_fails_in_a_test_and_every_finding_is_found_in_one() {
    let is_tested = |stage: &str, folder: &str, stem: &str| {
        let text = text_of(stage, ".slt");
        let lines: Vec<&str> = text.lines().collect();
        let call = format!("check {stem}");
        let has_failed = |pair: &[&str]| pair[0].starts_with("statement error") && pair[1] == call;
        match folder {
            "checks" => lines.windows(2).any(has_failed),
            "findings" => text.contains(&format!(" from \"findings/{stem}\"")),
            _ => true,
        }
    };
    let untested = sql_of_stages().into_iter().filter(|(stage, folder, stem)| !is_tested(stage, folder, stem));
    assert_eq!(untested.collect::<Vec<_>>(), []);
}

/// The report's SQL is in files, where the rules above see it.
#[test]
fn no_sql_in_the_code_of_the_report() {
    let is_code = |p: &PathBuf| {
        let (name, extension) = (name(p), p.extension().unwrap_or_default());
        name.starts_with("stages/render/") && (extension == "rs" || extension == "js")
    };
    let mut seen = 0;
    for path in tracked("s").into_iter().filter(is_code) {
        for line in fs::read_to_string(&path).unwrap().lines().filter(|l| !l.trim_start().starts_with("//")) {
            let line = line.to_lowercase();
            for word in ["select ", " join ", "order by", "group by", "union all", "partition by"] {
                assert!(!line.contains(word), "{}: {line}", name(&path));
            }
        }
        seen += 1;
    }
    assert!(seen > 20, "{seen} files");
}

#[test]
fn two_libraries_name_datafusion_and_one_stage_the_engines() {
    for path in tracked("Cargo.toml") {
        let manifest = fs::read_to_string(&path).unwrap();
        let allowed = ["Cargo.toml", "stages/recombine/Cargo.toml", "stages/energy-join/Cargo.toml"]
            .contains(&name(&path).as_str());
        assert!(allowed || !manifest.contains("datafusion"), "{}", name(&path));
        // What makes a build of everything else quick, and `collect` small.
        let engines =
            ["candle", "ort.", "tokenizers", "hf-hub"].iter().any(|engine| manifest.contains(&format!("\n{engine}")));
        assert_eq!(
            engines,
            ["Cargo.toml", "stages/worker/Cargo.toml"].contains(&name(&path).as_str()),
            "{}",
            name(&path)
        );
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for package in ["arrow", "parquet", "datafusion", "candle-core", "ort"] {
        assert_eq!(lock.matches(&format!("name = \"{package}\"\n")).count(), 1, "two copies of {package}");
    }
    let candle = fs::read_to_string(root().join("stages/worker/src/engines/candle/decoding.rs")).unwrap();
    let version = candle.split("VERSION: &str = \"").nth(1).and_then(|s| s.split('"').next()).unwrap();
    assert!(
        lock.contains(&format!("name = \"candle-core\"\nversion = \"{version}\"\n")),
        "candle's version is {version}?"
    );
}

#[test]
fn licences_are_permissive() {
    const ALLOWED: &[&str] = &[
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unicode-3.0",
        "0BSD",
        "CC0-1.0",
        "Unlicense",
        "BSL-1.0",
        "MIT-0",
        "CDLA-Permissive-2.0",
    ];
    let metadata = run(Command::new("cargo")
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(root()))
    .ok()
    .out;
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let mut strange = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        let any = licence.split(" OR ").any(|choice| {
            choice
                .trim_matches(['(', ')', ' '])
                .split(" AND ")
                .all(|l| ALLOWED.contains(&l.trim_matches(['(', ')', ' '])))
        });
        // Its terms cover its own files only, and it is used unchanged (by hf-hub, to find the home folder).
        let excepted = package["name"] == "option-ext" && licence == "MPL-2.0";
        if !any && !excepted {
            strange.insert(format!(
                "{} {}: {licence}",
                package["name"].as_str().unwrap_or("?"),
                package["version"].as_str().unwrap_or("?")
            ));
        }
    }
    assert_eq!(strange, BTreeSet::new());
}

#[test]
fn contributed_text_names_no_host_of_a_registry_and_no_machine() {
    // Split, so that this file does not name them either.
    let words = [
        ["crates", ".io/api"],
        ["files.python", "hosted.org"],
        ["registry.np", "mjs"],
        ["/ro", "ot/"],
        ["/tmp/", "bash"],
    ]
    .map(|w| w.concat());
    for ending in [".rs", ".md", ".toml", ".sql", ".py", ".mjs", ".json", ".txt", "Makefile", ".slt", ".csv"] {
        for path in tracked(ending) {
            // Some fixtures are UTF-16 or Windows-1252 on purpose.
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            for word in &words {
                assert!(!text.contains(word.as_str()), "{} names {word}", name(&path));
            }
        }
    }
}
