//! Paths are paths: no character in the name of a folder, a configuration, a table, a price or a result file is a pattern, a command
//! or an option, in any stage, in `query` and in make.

use crate::refusals::imported;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tests::{Ran, make, root, stage};

/// Names that want to be something else. A neighbour of the first three is what their pattern would find.
const NAMES: [&str; 18] = [
    "a[1]b",
    "a?b",
    "a*b",
    "a b",
    "it's",
    "a\"b",
    "a;touch marked;b",
    "a$(touch marked)b",
    "a`touch marked`b",
    "a&touch marked&b",
    "a\nb",
    "a\tb",
    "a%20b",
    "a#b",
    "a{b,c}",
    "a\\b",
    "file:größe",
    "a|b<c>",
];
const NEIGHBOUR: &str = "a1b";
const TR119: &str = "data/inputs/tr119";

fn text(path: &Path) -> String {
    path.display().to_string()
}

const MEASURED: [&str; 4] = ["session", "run", "power_sample", "sensor"];
const ENERGY: [&str; 4] = ["run_energy", "alignment", "cell", "run_fact"];
const PRICED: [&str; 16] = [
    "price",
    "grid",
    "tariff",
    "embodied",
    "retirement",
    "retired_price",
    "price_match",
    "cost",
    "request_cost",
    "api_cost",
    "tco",
    "break_even",
    "utilisation_cost",
    "tier_saving",
    "region_carbon",
    "hourly_cost",
];
const ANALYZED: [&str; 7] = ["estimate", "comparison", "omnibus", "ranking", "verdict", "decision", "finding"];

fn tables(folder: &Path, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| text(&folder.join(format!("{name}.parquet")))).collect()
}

/// Runs a stage with options, each of which has a list of values.
fn staged(binary: &str, options: &[(&str, Vec<String>)]) -> Ran {
    let words = options.iter().flat_map(|(name, values)| [format!("--{name}")].into_iter().chain(values.clone()));
    let words: Vec<String> = words.collect();
    stage(binary, &words.iter().map(String::as_str).collect::<Vec<_>>()).ok()
}

/// All stages from the tables in a folder and the files beside them, which have that name; and what `query` then sees.
fn decided(folder: &Path, name: &str) -> String {
    let config = || ("config", vec![text(&folder.join(format!("{name}.toml")))]);
    let beside = |ending: &str| vec![text(&folder.join(format!("{name}{ending}")))];
    staged("join-telemetry", &[config(), ("read", tables(folder, &MEASURED)), ("write", tables(folder, &ENERGY))]);
    let read = tables(folder, &["session", "run", "cell", "run_fact"]);
    let priced = ("write", tables(folder, &PRICED));
    staged(
        "derive-costs",
        &[config(), ("read", read), ("prices", beside(".csv")), ("grid", beside(".grid.csv")), priced],
    );
    let read = tables(folder, &[&MEASURED[..], &ENERGY, &PRICED].concat());
    staged("analyze", &[config(), ("read", read), ("write", tables(folder, &ANALYZED))]);
    let sql = "select count(*) as n, (select count(*) from cost) as costs, sum(energy_gross_j) as j, \
               (select count(*) from estimate) as estimates from run_energy";
    stage("query", &["--run", &text(folder), "--format", "csv", sql]).ok().out
}

fn inputs(folder: &Path, name: &str) {
    fs::create_dir_all(folder).unwrap();
    let from = root().join(TR119);
    for (file, ending) in [("pipeline.toml", ".toml"), ("price.csv", ".csv"), ("grid.csv", ".grid.csv")] {
        fs::copy(from.join(file), folder.join(format!("{name}{ending}"))).unwrap();
    }
}

#[test]
fn stages_read_and_write_what_was_named() {
    let home = tempfile::tempdir().unwrap();
    let plain = home.path().join("plain");
    fs::create_dir(&plain).unwrap();
    imported(&plain);
    inputs(&plain, "plain");
    let wanted = decided(&plain, "plain");
    assert!(!wanted.contains("\n0,"), "{wanted}");
    // What a pattern would find instead: tables without the rows.
    let neighbour = home.path().join(NEIGHBOUR);
    fs::create_dir(&neighbour).unwrap();
    for name in NAMES {
        let folder = home.path().join(name);
        fs::create_dir(&folder).unwrap();
        for table in ["session", "run", "power_sample", "sensor"] {
            let file = format!("{table}.parquet");
            fs::copy(plain.join(&file), folder.join(&file)).unwrap();
        }
        inputs(&folder, name);
        assert_eq!(decided(&folder, name), wanted, "{name:?}");
        // A table under its own name, and a folder of tables.
        let file = folder.join(format!("{name}.parquet"));
        fs::copy(folder.join("cost.parquet"), &file).unwrap();
        let of_tables = home.path().join(format!("{name}.tables"));
        fs::create_dir(&of_tables).unwrap();
        fs::copy(plain.join("cost.parquet"), of_tables.join("cost.parquet")).unwrap();
        let count = |table: &Path| {
            let named = format!("x={}", text(table));
            stage("query", &["--run", &text(&plain), "--table", &named, "--format", "csv", "select count(*) from x"])
        };
        let reference = count(&plain.join("cost.parquet")).ok().out;
        assert_eq!(count(&of_tables).ok().out, reference, "{name:?}");
        if name.contains(['\n', '\t']) {
            let ran = count(&file);
            assert_eq!(ran.code, Some(1), "{ran:?}");
            assert!(ran.err.contains("cannot be a table, ") && ran.err.contains(", rename or copy it"), "{ran:?}");
        } else {
            assert_eq!(count(&file).ok().out, reference, "{name:?}");
        }
    }
    assert!(!root().join("marked").exists(), "a name was run as a command");
}

/// Results of other tools under every name, which the refusal of a file that is none shows whole.
#[test]
fn results_keep_their_names() {
    let home = tempfile::tempdir().unwrap();
    for name in NAMES {
        let file = home.path().join(format!("{name}.json"));
        fs::write(&file, "{}").unwrap();
        let ran = stage("import", &["runs", &text(&file), "--into", &text(&home.path().join("run"))]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let shown = schemas::terminal::escaped(&text(&file)).into_owned();
        assert!(ran.err.contains(&shown), "{name:?}: {ran:?}");
    }
}

fn short_make(arguments: &[&str]) -> Ran {
    let mut words = vec!["PIPELINE=tests/fixtures/short.toml"];
    words.extend(arguments);
    make(&words)
}

/// Files of a folder reach the stages whatever they are called; make does not see their names.
#[test]
fn make_runs_no_file_name() {
    let home = tempfile::tempdir().unwrap();
    let prices = home.path().join("prices");
    fs::create_dir(&prices).unwrap();
    for name in NAMES.into_iter().chain(["--help", "$(shell touch marked)", "a%b", "a=b"]) {
        fs::write(prices.join(format!("{name}.csv")), name).unwrap();
    }
    fs::write(prices.join(".#own.csv"), "of an editor").unwrap();
    let (run, folder) = (format!("RUN={}", text(&home.path().join("run"))), format!("PRICES={}", text(&prices)));
    let list = home.path().join("run/.config/derive-costs.inputs");
    short_make(&[&run, &folder, &text(&list)]).ok();
    let listed = fs::read_to_string(&list).unwrap();
    let of_prices = listed.lines().filter(|l| l.contains(&text(&prices))).count();
    assert_eq!(of_prices, NAMES.len() + 4, "{listed}");
    assert!(listed.contains("a$(touch marked)b.csv"));

    // What is asked for on the command line is quoted, or refused before anything is written.
    let spaced = home.path().join("my prices.csv");
    fs::write(&spaced, "x").unwrap();
    short_make(&[&run, &format!("PRICES={}", text(&spaced)), &text(&list)]).ok();
    assert!(fs::read_to_string(&list).unwrap().contains("/my prices.csv\""), "a name with a space");
    short_make(&[&run, "PRICES=README.md CHANGELOG.md", &text(&list)]).ok();
    assert_eq!(fs::read_to_string(&list).unwrap().matches(".md\"").count(), 2, "two names");
    let gone = short_make(&[&run, "PRICES=a;touch marked;.csv", &text(&list)]);
    assert!(gone.err.contains("own-config: a;touch: cannot open, No such file"), "{gone:?}");
    let gone = short_make(&[&run, "import", "RUNS=a;touch marked;.json", "POWER=`touch marked`"]);
    assert!(gone.code == Some(2) && gone.err.contains("import: a;touch: "), "{gone:?}");
    let file = home.path().join("my results.json");
    fs::write(&file, "{}").unwrap();
    let one = short_make(&[&run, "import", &format!("RUNS={}", text(&file))]);
    assert!(one.code == Some(2) && one.err.contains(&format!("import: {}: ", text(&file))), "{one:?}");
    let options = short_make(&[&run, "import", "RUNS=README.md", "IMPORT_OPTIONS=--tz=UTC; touch marked"]);
    assert!(options.code == Some(2), "{options:?}");
    assert!(!root().join("marked").exists(), "a name was run as a command");
}

#[test]
fn make_refuses_what_it_cannot_hold() {
    let marked = root().join("marked");
    for variable in ["RUN", "PIPELINE", "CACHE", "IMPORT", "BESIDE", "IMPORT_PIPELINE", "TABLES"] {
        for name in NAMES.into_iter().chain(["$(shell touch marked)", "$$(touch marked)"]) {
            if name == "a%20b" || !name.is_ascii() {
                continue;
            }
            for goal in ["help", "clean", "reprice"] {
                let ran = make(&[goal, &format!("{variable}={name}")]);
                assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{variable}={name:?}: {ran:?}");
                let is_told =
                    ran.err.contains(&format!("*** {variable}: ")) && ran.err.contains(", rename the file or folder");
                assert!(is_told, "{variable}={name:?}: {ran:?}");
            }
        }
    }
    for (argument, message) in [
        ("RUN=", "RUN: empty, \"\", name a file or folder"),
        ("RUN=  ", "RUN: empty, \"\", name a file or folder"),
        ("PIPELINE=", "PIPELINE: empty, \"\", name a file or folder"),
        ("RUN=/", "RUN: not a folder for runs, \"/\", name a folder of its own such as data/run/mine"),
        ("RUN=-rf", "RUN: looks like an option, \"-rf\", put ./ before it"),
        (
            "PRICES=$(shell touch marked)",
            "PRICES: make reads `$` and ends of lines in names, \"$(shell touch marked)\", rename the file or folder",
        ),
    ] {
        for goal in ["help", "clean", "all"] {
            let ran = make(&[goal, argument]);
            let told = ran.err.split("*** ").nth(1).unwrap_or_default().trim_end();
            assert_eq!((ran.code, told), (Some(2), format!("{message}.  Stop.").as_str()), "{goal} {argument}");
        }
    }
    assert!(!marked.exists(), "a name was run as a command");
}

/// Law 2: a configuration that is not there is an error, and no folder appears.
#[test]
fn a_missing_pipeline_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    imported(home.path());
    let run = format!("RUN={}", text(home.path()));
    for (pipeline, what) in [
        ("nothing.toml", "nothing.toml: cannot read, No such file or directory (os error 2)"),
        ("docs", "docs: cannot read, Is a directory (os error 21)"),
        ("README.md", "README.md: line 3: key with no value, expected `=`, correct the line"),
    ] {
        let ran = make(&["reprice", &run, &format!("PIPELINE={pipeline}")]);
        assert!(ran.code == Some(2) && ran.err.contains(&format!("own-config: {what}")), "{ran:?}");
    }
    let ran = make(&["reprice", "RUN=README.md", "PIPELINE=tests/fixtures/short.toml"]);
    assert!(ran.code == Some(2) && ran.err.contains("README.md/session.parquet: nothing was measured yet"), "{ran:?}");
    assert!(!home.path().join(".config").exists());
}

/// One TOML in many ways: make sees a change of the value as the stage does, and none where nothing changed.
#[test]
fn make_reads_toml_as_the_stages_do() {
    let base = fs::read_to_string(root().join("tests/fixtures/every-key.toml")).unwrap();
    let start = base.find("[analyze]").unwrap();
    let (before, rest) = base.split_at(start);
    let (analyze, after) = rest.split_at(rest.find("[render]").unwrap());
    let flat = |prefix: &str| -> String {
        let (own, inner) = analyze.split_at(analyze.find("[analyze.decision]").unwrap());
        let (decision, weights) = inner.split_at(inner.find("[analyze.decision.weights]").unwrap());
        let lines = |text: &str, prefix: &str| -> String {
            let keys = text.lines().filter(|l| l.contains('=') && !l.trim_start().starts_with('#'));
            keys.map(|l| format!("{prefix}{l}\n")).collect()
        };
        lines(own, prefix)
            + &lines(decision, &format!("{prefix}decision."))
            + &lines(weights, &format!("{prefix}decision.weights."))
    };
    let ways: Vec<(&str, String)> = vec![
        ("as it is", base.clone()),
        ("spaces", base.replace("[analyze]", "\t[ analyze ] # x ] y")),
        ("quotes", base.replace("[analyze]", "[\"analyze\"]")),
        ("single quotes", base.replace("[analyze]", "['analyze']")),
        ("dotted keys", format!("{}{before}{after}", flat("analyze."))),
        (
            "quoted dotted keys",
            format!("{}{before}{after}", flat("\"analyze\".").replace("practical_pct", "'practical_pct'")),
        ),
        ("a text with a table in it", base.replace("[render]", "[render]\n# [collect]\n")),
        ("CR LF", base.replace('\n', "\r\n")),
        ("order of tables", format!("{analyze}{before}{after}")),
        ("comments", base.lines().map(|l| l.split(" #").next().unwrap().to_string() + "\n").collect()),
    ];
    let home = tempfile::tempdir().unwrap();
    let read = |text: &str, stage: &str| {
        let pipeline = home.path().join("pipeline.toml");
        fs::write(&pipeline, text).unwrap();
        schemas::own_config::split(&pipeline, home.path()).unwrap();
        fs::read_to_string(home.path().join(format!("{stage}.toml"))).unwrap()
    };
    let known = read(&base, "analyze");
    for (way, text) in &ways {
        assert_eq!(read(text, "analyze"), known, "{way}");
        let changed = text.replacen("practical_pct = 3.0", "practical_pct = 4.0", 1).replacen(
            "practical_pct' = 3.0",
            "practical_pct' = 4.0",
            1,
        );
        assert_ne!(&changed, text, "{way}");
        assert_ne!(read(&changed, "analyze"), known, "{way}");
        for other in ["collect", "join-telemetry", "derive-costs", "render"] {
            assert_eq!(read(&changed, other), read(&base, other), "{way}: {other}");
        }
    }
    let title = base.replace("title = \"Short matrix\"", "title = \"\"\"\n[analyze]\npractical_pct = 9.0\"\"\"");
    assert_eq!(read(&title, "analyze"), known);
    assert_ne!(read(&title, "render"), read(&base, "render"));
    // What did not change is not touched.
    let file = home.path().join("analyze.toml");
    read(&base, "analyze");
    let earlier = fs::metadata(&file).unwrap().modified().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    read(&title, "analyze");
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), earlier);
}

/// A report in a folder of every character at once.
#[test]
fn a_report_in_an_odd_folder() {
    let home = tempfile::tempdir().unwrap();
    let odd: PathBuf = home.path().join("a[1]? *'\";$(touch marked)&\n`b");
    fs::create_dir(&odd).unwrap();
    imported(&odd);
    inputs(&odd, "odd");
    decided(&odd, "odd");
    let read = tables(&odd, &[&MEASURED[..], &ENERGY, &PRICED, &ANALYZED].concat());
    let one = |word: &str| vec![word.to_string()];
    staged(
        "render",
        &[
            ("config", vec![text(&odd.join("odd.toml"))]),
            ("python", one(".venv/bin/python")),
            ("draw", one("stages/render/draw.py")),
            ("bundle", one("data/cache/vega-embed.js")),
            ("into", vec![text(&odd)]),
            ("read", read),
        ],
    );
    assert!(fs::read_to_string(odd.join("report.html")).unwrap().contains("<html"));
    assert!(fs::read_dir(odd.join("charts")).unwrap().count() > 9 && odd.join("charts").is_symlink());
    assert!(!root().join("marked").exists(), "a name was run as a command");
}
