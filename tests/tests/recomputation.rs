//! Every cell of finished runs again by `tests/recompute`, which knows the formulas of `docs` and none of the product's SQL.

use crate::golden;
use std::{path::Path, process::Command};
use tests::{make, root, run};

/// `make recompute`: how many cells are the same.
pub fn recomputed(variables: &[&str]) -> u64 {
    let arguments: Vec<&str> = ["--no-print-directory", "recompute"].iter().chain(variables).copied().collect();
    let out = make(&arguments).ok().out;
    let last = out.lines().last().unwrap_or_default();
    let cells = last.strip_suffix(" cells, 0 off").unwrap_or_else(|| panic!("{out}"));
    cells.parse().unwrap_or_else(|_| panic!("{out}"))
}

/// Alters one cell of each column of each table, and has them found: how many.
pub fn found(variables: &[&str]) -> u64 {
    let arguments: Vec<&str> =
        ["--no-print-directory", "recompute", "ALTERED=yes"].iter().chain(variables).copied().collect();
    let out = make(&arguments).ok().out;
    let altered = out.lines().last().and_then(|last| last.strip_suffix(" cells altered, 0 missed"));
    altered.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{out}"))
}

/// A variable of `make`: the shipped files of a folder and another.
fn list_inputs(variable: &str, folder: &str, other: &str) -> String {
    let files = std::fs::read_dir(root().join("data/inputs").join(folder)).unwrap();
    let mut files: Vec<String> = files.map(|e| e.unwrap().path().display().to_string()).collect();
    files.retain(|path| path.ends_with(".csv"));
    files.sort();
    format!("{variable}={} {other}", files.join(" "))
}

/// Counters that wrap or are reset, instants, means, clocks that are off, gaps, failed runs, four sessions on machines that are known or
/// not, prices of all, a part or a slice of them, retired ones, grids of several years: made up, and joined, priced and analysed by the
/// binaries.
#[test]
fn a_world_of_every_sensor() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    run(Command::new(root().join(".venv-test/bin/python"))
        .arg("-B")
        .arg(root().join("tests/recompute/world.py"))
        .arg(at("made")))
    .ok();
    let mut world = vec![
        format!("RUN={}", at("run")),
        format!("IMPORT={}", at("made")),
        "TARIFFS=tests/fixtures/tariff.csv".to_string(),
        list_inputs("PRICES", "prices", &at("made/price.csv")),
        list_inputs("GRID", "grid", &at("made/grid.csv")),
        list_inputs("EMBODIED", "embodied", &at("made/embodied.csv")),
        list_inputs("RETIRED", "retired", &at("made/retired.csv")),
    ];
    let wanted = [at("run/decision.parquet"), at("run/run_cost.parquet")];
    let finish = |variables: &[&str]| {
        make(&wanted.iter().map(String::as_str).chain(variables.iter().copied()).collect::<Vec<_>>()).ok();
    };

    world.push("PIPELINE=import.toml".to_string());
    let variables: Vec<&str> = world.iter().map(String::as_str).collect();
    finish(&variables);
    let cells = recomputed(&variables);
    assert!(cells > 100_000, "{cells} cells");
    assert!(found(&variables) > 300);
    a_wrong_file_fails(folder.path(), &variables);

    // Priced and analysed again, otherwise configured.
    std::fs::write(folder.path().join("changed.toml"), changed()).unwrap();
    world.pop();
    world.push(format!("PIPELINE={}", at("changed.toml")));
    let variables: Vec<&str> = world.iter().map(String::as_str).collect();
    finish(&variables);
    let more = recomputed(&variables);
    assert!(more > 1_000_000, "every price meets every device: {more} cells");
}

/// To any hardware; to as many of a name, of what ran by a name; to an instance.
const FACTORS: &str = r#"
[[derive-costs.speed_factor]]
from = "*"
to = "*"
factor = [0.5, 2.0]
source = "made up"

[[derive-costs.speed_factor]]
from = "L4"
to = "NVIDIA A100-SXM4-40GB"
factor = [3.0, 5.0]
energy_factor = 0.6
source = "made up"

[[derive-costs.speed_factor]]
from = "*"
to = "c7a.xlarge"
factor = 1.25
energy_factor = 0.9
source = "made up"
"#;

/// import.toml with other values than the defaults, and what they leave out.
fn changed() -> String {
    let own = std::fs::read_to_string(root().join("import.toml")).unwrap();
    let blend = &own[own.find("[[derive-costs.blend]]").unwrap()..];
    let own: toml::Table = own.parse().unwrap();
    let limits = own["join-telemetry"].as_table().unwrap();
    let mut text = schemas::layers::DEFAULTS.to_string();
    for (from, to) in [
        (
            "min_updates = 5            # readings that",
            format!("min_updates = {} # readings that", limits["min_updates"]).as_str(),
        ),
        ("max_gap_ms = 500.0", format!("max_gap_ms = {:?}", limits["max_gap_ms"].as_float().unwrap()).as_str()),
        ("utilisation = 1.0", "utilisation = 0.5"),
        ("energy_scope = \"sum\"", "energy_scope = \"device\""),
        ("match_device = true", "match_device = false"),
        ("token_count = \"real\"", "token_count = \"padded\""),
        ("cached_share = 0.0", "cached_share = 0.25"),
        ("capex_usd = 0.0", "capex_usd = 9000.0"),
        ("residual_usd = 0.0", "residual_usd = 1000.0"),
        ("upkeep_usd_per_year = 0.0", "upkeep_usd_per_year = 120.0"),
        ("idle_w = 0.0", "idle_w = 45.0"),
        ("# embodied_kgco2e", "embodied_kgco2e"),
        ("ci_level = 0.95", "ci_level = 0.9"),
        ("test = \"blocked\"", "test = \"paired\""),
        ("hardware = \"any\"", "hardware = \"owned\""),
        ("# max_latency_ms = 500.0", "max_latency_ms = 900.0"),
        ("kwh = 0.0", "kwh = 0.5"),
        ("max_error_pct = 25.0", "max_error_pct = 60.0"),
        ("# ran_on = \"gcp c3-standard-4\"", "ran_on = \"aws c7i.4xlarge\""),
        ("memory_reserve_pct = 10.0", "memory_reserve_pct = 20.0"),
        ("max_price_gap_days = 92", "max_price_gap_days = 60"),
    ] {
        assert!(text.contains(from), "defaults.toml: {from}");
        text = text.replace(from, to);
    }
    text + FACTORS + blend
}

/// One cell of a file, and a file that is gone: the exit status says so.
fn a_wrong_file_fails(folder: &Path, variables: &[&str]) {
    let path = folder.join("run/tier_saving.parquet");
    let kept = std::fs::read(&path).unwrap();
    let sql = "select provider, region, instance, tier, usd_per_hour, on_demand_usd_per_hour, ratio_of_rates, \
         saving_pct * case when row_number() over (order by saving_pct desc nulls last) = 1 then 1.000001 else 1.0 end as saving_pct, \
         as_of, on_demand_as_of, reason from tier_saving";
    let at = |name: &str| folder.join(name).display().to_string();
    tests::stage("query", &[sql, "--run", &at("run"), "--format", "parquet", "--output", &at("altered.parquet")]).ok();
    std::fs::copy(at("altered.parquet"), &path).unwrap();
    let arguments: Vec<&str> = ["--no-print-directory", "recompute"].iter().chain(variables).copied().collect();
    let wrong = make(&arguments);
    assert!(wrong.code != Some(0) && wrong.out.contains(": saving_pct: "), "{wrong:?}");
    assert!(wrong.out.lines().last().is_some_and(|last| last.ends_with(" cells, 1 off")), "{wrong:?}");
    std::fs::remove_file(&path).unwrap();
    let gone = make(&arguments);
    assert!(gone.code != Some(0) && gone.out.contains("tier_saving: no file"), "{gone:?}");
    std::fs::write(&path, kept).unwrap();
}

/// The published study by its definitions (Student's t of linear means) and by ours (single runs, so scenarios are the replicates).
#[test]
fn tr119_both_ways() {
    golden::tables();
    let theirs = recomputed(&[
        "RUN=data/run/tr119",
        "PIPELINE=data/inputs/tr119/pipeline.toml",
        "PRICES=data/inputs/tr119/price.csv",
        "GRID=data/inputs/tr119/grid.csv",
        "TARIFFS=",
        "EMBODIED=",
        "RETIRED=",
    ]);
    assert!(theirs > 40_000, "{theirs} cells");
    let grid = list_inputs("GRID", "grid", "data/inputs/tr119/grid.csv");
    let ours = recomputed(&["RUN=data/run/tr119-own", "PIPELINE=data/inputs/tr119/own.toml", &grid]);
    assert!(ours > 400_000, "{ours} cells");
}
