//! The pipeline end to end on a real model and real engines: a short matrix of our own, or the run that TALLYWATT_RUN names.

use crate::recomputation::{found, recomputed};
use serde_json::Value;
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};
use tests::{Ran, binary, make, root, run, stage};

const SHORT: &str = "tests/fixtures/short.toml";
const TARIFF: &str = "TARIFFS=tests/fixtures/tariff.csv";

/// A finished run folder, made once.
pub fn finished() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| match std::env::var_os("TALLYWATT_RUN") {
        Some(run) => root().join(run),
        None => {
            let run = root().join("data/run/short");
            let _ = fs::remove_dir_all(&run);
            make_run(&run).ok();
            run
        }
    })
}

fn make_run(folder: &Path) -> Ran {
    make(&["all", "run-costs", &format!("PIPELINE={SHORT}"), &format!("RUN={}", folder.display()), TARIFF])
}

fn rows(sql: &str) -> Vec<Value> {
    let folder = finished().display().to_string();
    let out = stage("query", &[sql, "--run", &folder, "--format", "json"]).ok().out;
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
}

#[test]
fn every_contract_has_a_file_that_keeps_it() {
    for contract in schemas::tables::ALL {
        let path = finished().join(format!("{}.parquet", contract.name));
        let read = schemas::io::scan(&path, contract, |_| {}).unwrap_or_else(|e| panic!("{e}"));
        assert!(read.rows > 0, "{} has no rows", contract.name);
        let from = schemas::io::provenance(&path, contract).unwrap();
        assert_eq!(from.stage, contract.stage, "{}", contract.name);
    }
}

#[test]
fn every_cell_ran_on_the_engine_it_names() {
    let rows = rows(
        "select distinct backend, device, dtype, provider, library, threads, \
         (library_sha256 is not null) as hashed, (status in ('ok', 'degraded')) as finished from run order by backend",
    );
    let seen: Vec<_> = rows
        .iter()
        .map(|r| (r["backend"].as_str().unwrap(), r["provider"].as_str().unwrap(), &r["finished"]))
        .collect();
    let finished = Value::Bool(true);
    assert_eq!(
        seen,
        [("candle-cpu", "candle cpu", &finished), ("onnxruntime-cpu", "CPUExecutionProvider", &finished)],
        "{rows:?}"
    );
    assert!(rows.iter().all(|r| r["threads"] == 2 && r["dtype"] == "f32"), "{rows:?}");
}

/// kWh and dollars of a mode: the cells' mean in `cost`, and the same number in `estimate`, `ranking` and `decision`.
#[test]
fn one_quantity_has_one_value_in_every_table() {
    let of_cells = "(select backend, mode, kv_cache, avg(kwh_per_mtok) as kwh, avg(total_usd_per_mtok) as usd, \
         concat_ws(' ', provider, region, instance, tier) as price from cost \
         where basis = case when mode = 'prefill' then 'input' else 'output' end \
         group by backend, mode, kv_cache, provider, region, instance, tier)";
    let kwh = rows(&format!(
        "select e.estimate, c.kwh, r.estimate as ranked from estimate as e \
         inner join {of_cells} as c on e.backend = c.backend and e.mode = c.mode and e.kv_cache = c.kv_cache \
         inner join ranking as r on r.metric = e.metric and r.backend = e.backend and r.mode = e.mode and r.kv_cache = e.kv_cache \
         where e.metric = 'gross_kwh_per_mtok' and e.level = 'backend_mode'"
    ));
    let near = |a: &Value, b: &Value| (a.as_f64().unwrap() / b.as_f64().unwrap() - 1.0).abs() < 1e-9;
    assert!(
        !kwh.is_empty() && kwh.iter().all(|r| near(&r["estimate"], &r["kwh"]) && near(&r["ranked"], &r["kwh"])),
        "{kwh:?}"
    );
    let usd = rows(&format!(
        "select r.estimate, r.mean, c.usd from ranking as r \
         inner join {of_cells} as c on r.backend = c.backend and r.mode = c.mode and r.kv_cache = c.kv_cache and r.price = c.price \
         where r.metric = 'total_usd_per_mtok'"
    ));
    assert!(
        !usd.is_empty() && usd.iter().all(|r| near(&r["estimate"], &r["usd"]) && r["mean"] == "arithmetic"),
        "{usd:?}"
    );
    let ratios = rows(
        "select c.ratio, a.estimate as a, b.estimate as b from comparison as c \
         inner join ranking as a on c.metric = a.metric and c.mode = a.mode and c.kv_cache = a.kv_cache and c.a = a.backend \
         inner join ranking as b on c.metric = b.metric and c.mode = b.mode and c.kv_cache = b.kv_cache and c.b = b.backend",
    );
    let ratio = |r: &Value| r["b"].as_f64().unwrap() / r["a"].as_f64().unwrap() / r["ratio"].as_f64().unwrap();
    assert!(!ratios.is_empty() && ratios.iter().all(|r| (ratio(r) - 1.0).abs() < 1e-9), "{ratios:?}");
}

/// No quantity that is above 0 has an interval that reaches below.
#[test]
fn no_interval_of_money_energy_or_time_reaches_below_0() {
    let mut checked = 0;
    for (table, low) in [
        ("estimate", "ci_low"),
        ("cost", "ci_low_usd_per_mtok"),
        ("cost", "ci_low_kwh_per_mtok"),
        ("cost", "ci_low_gco2e_per_mtok"),
        ("request_cost", "ci_low_usd"),
        ("tco", "ci_low_usd"),
        ("utilisation_cost", "ci_low_usd_per_mtok"),
        ("region_carbon", "ci_low_gco2e_per_mtok"),
    ] {
        // Differences of two energies may be below 0.
        let net = match table {
            "estimate" => " and metric not in ('net_kwh_per_mtok', 'decode_j_per_token')",
            _ => "",
        };
        let found = rows(&format!(
            "select count(*) as n, sum(case when {low} <= 0 then 1 else 0 end) as below from {table} where {low} is not null{net}"
        ));
        assert_eq!(found[0]["below"], 0, "{table}.{low}");
        checked += found[0]["n"].as_i64().unwrap();
    }
    assert!(checked > 1000, "{checked} intervals");
}

/// By the formulas of `docs` alone; and what would be wrong in any column is found.
#[test]
fn every_cell_is_what_the_documents_say() {
    let folder = format!("RUN={}", finished().display());
    let config = format!("PIPELINE={}", std::env::var("TALLYWATT_PIPELINE").unwrap_or_else(|_| SHORT.into()));
    let cells = recomputed(&[&folder, &config, TARIFF]);
    assert!(cells > 50_000, "{cells} cells");
    let altered = found(&[&folder, &config, TARIFF]);
    assert!(altered > 250, "{altered} columns");
}

#[test]
fn windows_tokens_and_caches_are_what_the_plan_asked_for() {
    let wrong = rows(
        "select run_id from run where status = 'ok' and ( \
            end_ns - start_ns < 250000000 or iterations < 1 or latency_ms <= 0 \
            or tokens_generated <> batch * new_tokens_asked \
            or (mode = 'generate' and ttft_ms > latency_ms) \
            or kv_cache <> (kv_cache_bytes is not null) \
            or (kv_cache and kv_cache_bytes <> 2 * 30 * 3 * 64 * 4 * (prompt_tokens_padded + batch * (new_tokens_asked - 1))))",
    );
    assert_eq!(wrong, Vec::<Value>::new());
}

#[test]
fn energy_is_an_estimate_here_and_says_so_or_is_measured() {
    let known = rows(
        "select evidence, bool_and(valid) as valid, min(energy_gross_j) as least from run_energy group by evidence",
    );
    assert!(!known.is_empty());
    for row in known {
        let evidence = row["evidence"].as_str().unwrap();
        assert!(["estimated", "measured_counter", "measured_integral", "unknown"].contains(&evidence), "{row}");
        assert_eq!(row["valid"] == true, evidence != "unknown", "{row}");
    }
    let found = rows("select code from finding where code = 'energy_estimated'");
    let estimated = rows("select 1 as one from run_energy where evidence = 'estimated' limit 1");
    assert_eq!(found.len(), estimated.len(), "an estimate is a finding");
}

/// A copy of the finished run with prices and pipeline.toml of its own, so that they can be changed.
struct Changeable {
    folder: tempfile::TempDir,
}

impl Changeable {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = |from: PathBuf, to: &str| {
            run(Command::new("cp").arg("-a").arg(from).arg(folder.path().join(to))).ok();
        };
        copy(finished().to_path_buf(), "run");
        copy(root().join("data/inputs/prices"), "prices");
        copy(root().join("tests/fixtures/every-key.toml"), "pipeline.toml"); // means the same as SHORT
        let run = Changeable { folder };
        assert_eq!(run.make(&[]).1, ["derive-costs", "analyze", "render"], "files elsewhere are other prices");
        run
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What make did: its output, and which stages ran (or would have, with `-n`).
    fn make(&self, extra: &[&str]) -> (String, Vec<&'static str>) {
        let prices = fs::read_dir(self.path("prices")).unwrap().map(|e| e.unwrap().path().display().to_string());
        let prices: Vec<String> = prices.filter(|p| p.ends_with(".csv")).collect();
        let at = |name: &str| self.path(name).display().to_string();
        let own = [
            format!("PIPELINE={}", at("pipeline.toml")),
            format!("RUN={}", at("run")),
            format!("PRICES={}", prices.join(" ")),
            TARIFF.to_string(),
        ];
        let arguments: Vec<&str> =
            ["all"].into_iter().chain(extra.iter().copied()).chain(own.iter().map(String::as_str)).collect();
        let out = make(&arguments).ok().out;
        let stages = ["collect run", "join-telemetry", "derive-costs", "analyze", "render"];
        let ran = stages.into_iter().filter(|s| out.contains(&format!("target/release/{s} "))).collect();
        (out, ran)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        fs::write(self.path(file), text.replace(from, to)).unwrap();
    }
}

#[test]
fn make_reruns_what_a_change_concerns_and_nothing_else() {
    let run = Changeable::new();
    let none: Vec<&str> = Vec::new();
    let (out, ran) = run.make(&[]);
    assert!(out.contains("Nothing to be done for 'all'") && ran == none, "{out}");
    run.edit("prices/lambda.csv", ",true,", ",false,");
    assert_eq!(run.make(&[]).1, ["derive-costs", "analyze", "render"]);
    assert_eq!(run.make(&[]).1, none);
    run.edit("pipeline.toml", "utilisation = 1.0", "utilisation = 0.5");
    assert_eq!(run.make(&[]).1, ["derive-costs", "analyze", "render"]);
    run.edit("pipeline.toml", "[collect]", "# A remark.\n[collect]");
    assert_eq!(run.make(&[]).1, none, "a comment changes nothing");
    run.edit("pipeline.toml", "title = \"Short matrix\"", "title = \"Another title\"");
    assert_eq!(run.make(&[]).1, ["render"]);
    run.edit("pipeline.toml", "max_gap_ms = 500.0", "max_gap_ms = 400.0");
    assert_eq!(run.make(&[]).1, ["join-telemetry", "derive-costs", "analyze", "render"]);
    fs::remove_file(run.path("prices/runpod.csv")).unwrap();
    assert_eq!(run.make(&[]).1, ["derive-costs", "analyze", "render"], "fewer files, all of them old");
    run.edit("pipeline.toml", "min_window_ms = 250", "min_window_ms = 260");
    assert_eq!(run.make(&["MEASURE=no"]).1, none, "what was measured may be taken as it is");
    assert_eq!(run.make(&["-n"]).1.first(), Some(&"collect run"), "another measurement is wanted");
}

#[test]
fn another_runs_cells_stand_beside_this_runs() {
    let run = Changeable::new();
    run.edit("pipeline.toml", "title = \"Short matrix\"", "title = \"Beside itself\"");
    let beside = format!("BESIDE={}", run.path("run/estimate.parquet").display());
    assert_eq!(run.make(&[&beside]).1, ["render"]);
    let text = fs::read_to_string(run.path("run/report.md")).unwrap();
    let table: Vec<&str> = text.split("cells beside this run's").nth(1).expect("the table").lines().skip(2).collect();
    let rows: Vec<&str> = table.iter().skip(2).take_while(|l| l.starts_with('|')).copied().collect();
    assert!(rows.len() >= 24, "latency and energy of every cell: {table:?}");
    assert!(
        rows.iter().all(|r| r.split('|').rev().nth(2).is_some_and(|ratio| ratio.trim() == "1")),
        "a run is as fast as itself: {rows:?}"
    );
}

#[test]
fn same_inputs_same_bytes() {
    let again = tempfile::tempdir().unwrap();
    let read = |names: &[&str]| {
        names.iter().map(|n| finished().join(format!("{n}.parquet")).display().to_string()).collect::<Vec<_>>()
    };
    let out = again.path().join("run_energy.parquet");
    let inputs = read(&["session", "run", "power_sample", "sensor"]);
    let config = std::env::var("TALLYWATT_PIPELINE").unwrap_or_else(|_| SHORT.into());
    let mut command = Command::new(binary("join-telemetry"));
    command.args(["--config", &config, "--read"]).args(&inputs).arg("--write").arg(&out).current_dir(root());
    let path = finished().join("run_energy.parquet");
    let commit = schemas::io::provenance(&path, &schemas::tables::RUN_ENERGY).unwrap().commit;
    run(command.env("TALLYWATT_COMMIT", commit)).ok();
    assert!(fs::read(&out).unwrap() == fs::read(&path).unwrap());
}

/// Lines of the journal's runs.
fn journaled(journal: &Path) -> String {
    let plan = fs::read_dir(journal).ok().and_then(|mut d| d.next()).and_then(Result::ok);
    plan.and_then(|p| fs::read_to_string(p.path().join("runs.jsonl")).ok()).unwrap_or_default()
}

#[test]
fn a_killed_collect_loses_no_finished_run_and_measures_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let site_packages = root().join(".venv/site-packages");
    let collect = || {
        let mut command = Command::new(binary("collect"));
        command.args(["run", "--config", SHORT, "--site-packages"]).arg(&site_packages);
        command.args(["--cache", "data/cache", "--journal"]).arg(&journal).arg("--write");
        command.args(["session", "run", "power_sample"].map(|t| folder.path().join(format!("{t}.parquet"))));
        command.current_dir(root());
        command
    };
    let mut first = collect().stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while journaled(&journal).lines().count() < 3 {
        assert!(
            started.elapsed() < Duration::from_secs(120) && first.try_wait().unwrap().is_none(),
            "three runs in time"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    first.kill().unwrap(); // SIGKILL
    first.wait().unwrap();
    let before = journaled(&journal);
    let whole = before.rfind('\n').map_or("", |at| &before[..=at]);
    assert!(!folder.path().join("run.parquet").exists(), "no table of half a run");

    let second = run(&mut collect()).ok();
    assert!(second.err.contains("runs were measured before"), "{}", second.err);
    let after = journaled(&journal);
    assert!(after.starts_with(whole), "finished runs are kept as they were");
    let ids: Vec<String> = after
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["run_id"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(ids.len(), 24);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 24, "none is measured twice");
    let sessions =
        schemas::io::scan(&folder.path().join("session.parquet"), &schemas::tables::SESSION, |_| {}).unwrap();
    assert_eq!(sessions.rows, 2);

    let third = run(&mut collect()).ok();
    assert!(third.err.contains("all 24 runs were measured before"), "{}", third.err);
    assert_eq!(journaled(&journal), after);
}
