//! README, CONTRIBUTING and docs: every command names something that exists, every TOML block is a pipeline.toml that is accepted.

use std::{fs, path::Path};
use tests::root;

/// Fenced blocks of a Markdown file: language and text.
fn blocks(file: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(language), None) => open = Some((language.trim().to_string(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

const DOCS: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "docs/tallywatt.md",
    "docs/tables.md",
    "docs/measure.md",
    "docs/prices.md",
    "docs/imports.md",
    "docs/imports/prices/own.md",
    "docs/imports/prices/skypilot.md",
    "docs/imports/prices/litellm.md",
    "docs/imports/prices/aws-offer.md",
    "docs/imports/grid/own.md",
    "docs/imports/grid/electricity-maps.md",
    "docs/imports/grid/ember.md",
    "docs/imports/grid/codecarbon.md",
    "docs/report.md",
    "docs/statistics.md",
    "docs/costs.md",
    "docs/energy.md",
    "docs/hardware/README.md",
];

#[test]
fn toml_blocks_fit_into_pipeline_toml() {
    let shipped = schemas::layers::effective(&root().join("pipeline.toml")).unwrap();
    let mut seen = 0;
    for doc in DOCS {
        for (_, body) in blocks(doc).iter().filter(|(language, _)| language == "toml") {
            let block: toml::Table = body.parse().unwrap_or_else(|e| panic!("{doc}: {e}\n{body}"));
            let mut merged = shipped.clone();
            for (stage, table) in block {
                let into = merged[&stage].as_table_mut().unwrap();
                into.extend(table.as_table().unwrap().clone());
            }
            accepted(&toml::to_string(&merged).unwrap(), &format!("{doc}\n{body}"));
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen} TOML blocks");
}

/// `every-key.toml` says all that the defaults say, and means what `short.toml` means.
#[test]
fn a_short_file_means_what_its_keys_written_out_mean() {
    let fixture = |name: &str| root().join("tests/fixtures").join(name);
    let held = |name: &str| schemas::layers::effective(&fixture(name)).unwrap();
    assert_eq!(held("short.toml"), held("every-key.toml"));
    fn missing(defaults: &toml::Table, own: &toml::Table) -> Vec<String> {
        let inner = |key: &String, value: &toml::Value| match (value, own.get(key)) {
            (_, None) => vec![key.clone()],
            (toml::Value::Table(defaults), Some(toml::Value::Table(own))) => missing(defaults, own),
            _ => Vec::new(),
        };
        defaults.iter().flat_map(|(key, value)| inner(key, value)).collect()
    }
    let written: toml::Table = fs::read_to_string(fixture("every-key.toml")).unwrap().parse().unwrap();
    assert_eq!(missing(&schemas::layers::DEFAULTS.parse().unwrap(), &written), Vec::<String>::new());
}

#[test]
fn examples_in_comments_of_the_defaults_are_accepted() {
    let shipped = schemas::layers::DEFAULTS;
    let is_key = |text: &str| {
        text.split_once(" = ")
            .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'))
    };
    let uncommented =
        |line: &str| line.strip_prefix("# ").filter(|l| l.starts_with('[') || is_key(l)).unwrap_or(line).to_string();
    let text: String = shipped.lines().map(|line| uncommented(line) + "\n").collect();
    let sources = |text: &str| text.parse::<toml::Table>().unwrap()["collect"]["power"].as_array().unwrap().len();
    assert!(sources(&text) >= sources(shipped) + 4, "examples were found");
    accepted(&text, &text);
}

/// Every stage takes its table: the refusal, if any, is about the missing input and not about the configuration.
fn accepted(pipeline: &str, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("pipeline.toml");
    fs::write(&config, pipeline).unwrap();
    let text = |p: &Path| p.display().to_string();
    let (config, gone) = (text(&config), text(&folder.path().join("run.parquet")));
    let out = text(&folder.path().join("run_energy.parquet"));
    let stages: [(&str, Vec<&str>); 5] = [
        (
            "collect",
            vec![
                "run",
                "--config",
                &config,
                "--site-packages",
                "/proc/nowhere",
                "--cache",
                "/proc/nowhere",
                "--journal",
                "/proc/nowhere",
                "--write",
                &gone,
            ],
        ),
        ("join-telemetry", vec!["--config", &config, "--read", &gone, "--write", &out]),
        ("derive-costs", vec!["--config", &config, "--read", &gone, "--prices", "x", "--grid", "x", "--write", &out]),
        ("analyze", vec!["--config", &config, "--read", &gone, "--write", &out]),
        (
            "render",
            vec![
                "--config",
                &config,
                "--read",
                &gone,
                "--python",
                "x",
                "--draw",
                "x",
                "--bundle",
                "x",
                "--into",
                "/proc/nowhere",
            ],
        ),
    ];
    for (stage, arguments) in stages {
        let ran = tests::stage(stage, &arguments);
        // Only what the pages name, and is not here, may be missing.
        let absent = [
            "no such model, a GGUF file or a folder is needed, models/",
            "not in the local cache and cannot be downloaded, hf:",
        ];
        let is_absent = absent.iter().any(|why| ran.err.contains(why));
        assert!((is_absent || !ran.err.contains("pipeline.toml")) && ran.code == Some(1), "{what}: {}", ran.err);
    }
}

#[test]
fn make_targets_and_queries_in_the_docs_work() {
    let help = tests::make(&["help"]).ok().out;
    let targets: Vec<&str> = help.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let folder = tempfile::tempdir().unwrap();
    let csv = ["session", "run", "power_sample"].map(|t| format!("data/inputs/tr119/{t}.csv"));
    let at = folder.path().display().to_string();
    tests::stage("import", &["tables", &csv[0], &csv[1], &csv[2], "--into", &at]).ok();
    // Queries of what is derived find the table, without rows.
    schemas::io::write_rows::<serde_json::Value>(
        &folder.path().join("estimate.parquet"),
        &schemas::tables::ESTIMATE,
        &[],
        &schemas::Provenance::new("analyze", serde_json::Value::Null),
    )
    .unwrap();
    let mut commands = 0;
    for doc in DOCS {
        for line in blocks(doc).iter().filter(|(l, _)| l == "sh").flat_map(|(_, body)| body.lines()) {
            commands += 1;
            let line = line.split(" #").next().unwrap().trim();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["make", rest @ ..] => {
                    for target in rest.iter().filter(|w| !w.contains('=')) {
                        assert!(
                            targets.contains(target)
                                || root().join(target).parent().is_some_and(|p| target.contains('/') && p.is_dir()),
                            "{doc}: {line}"
                        );
                    }
                }
                ["target/release/query", ..] => {
                    let sql = line.split('"').nth(1).unwrap_or_else(|| panic!("{doc}: {line}"));
                    tests::stage("query", &[sql, "--run", &at]).ok();
                }
                [binary, ..] if binary.starts_with("target/release/") => {
                    let stage = binary.rsplit('/').next().unwrap();
                    let sub = tests::stage(stage, &[words[1], "--help"]).out;
                    let help = tests::stage(stage, &["--help"]).ok().out + &sub;
                    for flag in words.iter().filter(|w| w.starts_with("--")) {
                        assert!(help.contains(*flag), "{doc}: {line}: no {flag}");
                    }
                }
                ["tallywatt", "--version"] | ["pip", "install", "dist/*.whl"] | ["cd", _] => {}
                ["tallywatt", ..] => crate::door::assert_parses(line),
                ["cargo", sub, ..] => assert!(["test", "fmt", "clippy", "build", "run"].contains(sub), "{doc}: {line}"),
                ["git", ..] | [] => {}
                other => panic!("{doc}: a command that no test knows: {other:?}"),
            }
        }
    }
    assert!(commands >= 8, "{commands} commands");
}

#[test]
fn every_table_and_backend_is_in_the_docs() {
    let text = |page: &str| fs::read_to_string(root().join(page)).unwrap();
    let (tables, measure) = (text("docs/tables.md"), text("docs/measure.md"));
    for contract in schemas::tables::ALL {
        assert!(tables.contains(&format!("\n| `{}` |", contract.name)), "docs/tables.md lacks {}", contract.name);
    }
    let backends = tests::stage("collect", &["backends"]).ok().out;
    for backend in backends.lines().filter_map(|l| l.split_whitespace().next()) {
        assert!(measure.contains(&format!("\n| `{backend}` |")), "docs/measure.md lacks {backend}");
    }
}
