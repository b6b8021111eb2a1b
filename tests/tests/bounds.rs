//! What SQL may take: memory, time, stack, threads. And what `pipeline.toml` may ask for, number by number.

use crate::refusals::imported;
use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};
use tests::{Ran, binary, root, run, stage};

/// A folder with the tables of TR119.
fn folder() -> &'static PathBuf {
    static DONE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    &DONE
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            imported(folder.path());
            let path = folder.path().to_path_buf();
            (folder, path)
        })
        .1
}

fn query(options: &[&str], sql: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("query.sql");
    fs::write(&file, sql).unwrap();
    let (run, file) = (super::bounds::folder().display().to_string(), file.display().to_string());
    stage("query", &[&["--run", &run, "--file", &file, "--format", "csv"], options].concat())
}

#[test]
fn long_chains_are_computed() {
    let sum = format!("select {} as n", vec!["1"; 5000].join(" + "));
    assert_eq!(query(&[], &sum).ok().out, "n\n5000\n");
    let ors: Vec<String> = (0..2850).map(|i| format!("latency_ms = -{i}.5")).collect();
    assert_eq!(query(&[], &format!("select count(*) as n from run where {}", ors.join(" or "))).ok().out, "n\n0\n");
    let unions = format!("select count(*) as n from ({})", vec!["select 1 as x"; 1800].join(" union all "));
    assert_eq!(query(&[], &unions).ok().out, "n\n1800\n");
}

/// Whatever happens inside, there is one line and exit 1.
#[test]
fn what_is_too_much_is_refused() {
    let told = |sql: &str, options: &[&str]| {
        let start = Instant::now();
        let ran = query(options, sql);
        assert!(start.elapsed() < Duration::from_secs(60), "{sql:.80}: {:?}", start.elapsed());
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{sql:.80}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{sql:.80}: {ran:?}");
        ran.err.trim_end().to_string()
    };
    let little = ["--memory", "128"];
    let memory = "query: SQL: needs more memory than allowed, 128 MiB, ask for less or pass --memory MIB";
    assert_eq!(told("select length(repeat('x', 1000000000))", &little), memory);
    assert_eq!(told("select lpad('x', 2000000000, 'y')", &little), memory);
    let grown = told(
        "select array_agg(a.run_id || b.run_id) from run a, run b, run c, run d",
        &["--memory", "128", "--timeout", "20"],
    );
    let bounds = ["needs more memory than allowed", "Resources exhausted", "took longer than allowed, 20 s"];
    assert!(bounds.iter().any(|bound| grown.contains(bound)), "{grown}");
    let endless = "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t";
    let time = "query: SQL: took longer than allowed, 2 s, ask for less or pass --timeout SECONDS";
    assert_eq!(told(endless, &["--timeout", "2"]), time);
    assert_eq!(told("select count(*) from generate_series(1, 1000000000000)", &["--timeout", "2"]), time);
    for draws in ["-1", "1000000000", "9000000000000000000"] {
        let sql = format!("select interval_low(1.0, 1.0, 5.0, 1.0, 0.0, 0.0, 0.95, {draws}, 1)");
        let wanted = format!("{draws} draws, give 0 for the delta method or at most 10000000");
        assert!(told(&sql, &[]).contains(&wanted), "{}", told(&sql, &[]));
    }
    let ran = query(&["--threads", "65535"], "select 1");
    assert!(ran.code == Some(2) && ran.err.contains("65535 is not in 1..=256"), "{ran:?}");
}

/// Rows go out as they come: a result many times the memory, sorted through files, in every format.
#[test]
fn results_may_be_larger_than_memory() {
    let rows = "select value, repeat('x', 90) as text from generate_series(1, 3000000)";
    for format in ["csv", "json", "table"] {
        let mut command = Command::new("bash");
        let sql = format!("{rows} order by value desc");
        let binary = binary("query").display().to_string();
        let run_folder = folder().display().to_string();
        command.args(["-c", "\"$0\" --memory 192 --run \"$1\" --format \"$2\" \"$3\" | wc -l"]);
        let ran = run(command.args([&binary, &run_folder, format, &sql]));
        let lines = if format == "json" { 1 } else { 3_000_000 + if format == "csv" { 1 } else { 4 } };
        assert_eq!((ran.out.trim(), ran.err.as_str()), (lines.to_string().as_str(), ""), "{format}");
    }
}

/// One refusal of each stage in full: file, line, value and what to do.
#[test]
fn ranges_are_told_with_file_and_line() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("pipeline.toml");
    let base = fs::read_to_string(root().join("tests/fixtures/every-key.toml")).unwrap();
    let tables = imported(home.path()).map(|t| t.to_string());
    for (stage_name, from, to, message) in [
        (
            "join-telemetry",
            "max_gap_ms = 500.0",
            "max_gap_ms = -1.0",
            "max_gap_ms must be from 0.001 to 86400000.0, -1.0",
        ),
        (
            "join-telemetry",
            "max_gap_ms = 500.0",
            "max_gap_ms = nan",
            "max_gap_ms must be from 0.001 to 86400000.0, NaN",
        ),
        (
            "join-telemetry",
            "max_gap_ms = 500.0",
            "max_gap_ms = inf",
            "max_gap_ms must be from 0.001 to 86400000.0, inf",
        ),
        (
            "join-telemetry",
            "max_gap_ms = 500.0",
            "max_gap_ms = 0.0",
            "max_gap_ms must be from 0.001 to 86400000.0, 0.0",
        ),
        (
            "join-telemetry",
            "max_error_pct = 100.0",
            "max_error_pct = -5.0",
            "max_error_pct must be from 0.0 to 1000.0, -5.0",
        ),
        (
            "join-telemetry",
            "clock_error_ms = 100.0",
            "clock_error_ms = nan",
            "clock_error_ms must be from 0.0 to 3600000.0, NaN",
        ),
        ("derive-costs", "utilisation = 1.0", "utilisation = 40.0", "utilisation must be from 0.0001 to 1.0, 40.0"),
        ("derive-costs", "life_years = 4.0", "life_years = 0.0", "life_years must be from 0.01 to 1000.0, 0.0"),
        ("derive-costs", "default_pue = 1.0", "default_pue = 0.9", "default_pue must be from 1.0 to 10.0, 0.9"),
        ("analyze", "max_failed_pct = 0.0", "max_failed_pct = nan", "max_failed_pct must be from 0.0 to 100.0, NaN"),
        (
            "analyze",
            "max_degraded_pct = 10.0",
            "max_degraded_pct = 1000.0",
            "max_degraded_pct must be from 0.0 to 100.0, 1000.0",
        ),
        (
            "analyze",
            "max_price_age_days = 365",
            "max_price_age_days = -1",
            "max_price_age_days must be from 0 to 36500, -1",
        ),
        ("render", "title = \"Short matrix\"", "title = \"\"", "title must have visible characters only, \"\""),
    ] {
        assert!(base.contains(from), "{from}");
        fs::write(&path, base.replacen(from, to, 1)).unwrap();
        let line = base[..base.find(from).unwrap()].matches('\n').count() + 1;
        let (config, out) = (path.display().to_string(), home.path().join("run_energy.parquet").display().to_string());
        let mut words: Vec<&str> = vec!["--config", &config, "--read"];
        words.extend(tables.iter().map(String::as_str));
        match stage_name {
            "derive-costs" => {
                words.extend(["--prices", "data/inputs/prices", "--grid", "data/inputs/grid", "--write", &out])
            }
            "render" => words.extend(["--python", "x", "--draw", "x", "--bundle", "x", "--into", "x"]),
            _ => words.extend(["--write", &out]),
        }
        let ran = stage(stage_name, &words);
        let wanted = format!("{stage_name}: {config}: line {line}: {message}, correct it");
        assert_eq!((ran.code, ran.err.trim_end()), (Some(1), wanted.as_str()));
    }
}
