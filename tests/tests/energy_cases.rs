//! Power logs that tools get wrong, through the join: each with the energy that a correct tool gives, or the reason for none.

use crate::energy::{Config, joined};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
struct Energy {
    energy_gross_j: Option<f64>,
    mean_power_w: Option<f64>,
    max_gap_ns: Option<i64>,
    coverage_pct: f64,
    samples: i64,
    evidence: String,
    reasons: Option<String>,
}

/// Rows of a case's file as fields, trimmed.
fn rows(path: &str) -> Vec<Vec<String>> {
    let path = tests::root().join("tests/fixtures/cases").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().skip(1).map(|line| line.split(',').map(|field| field.trim().to_string()).collect()).collect()
}

/// Nanoseconds since midnight of `2026/05/14 11:00:01.000`.
fn midnight_ns(text: &str) -> i64 {
    let clock: Vec<f64> = text.split(' ').nth(1).unwrap().split(':').map(|part| part.parse().unwrap()).collect();
    ((clock[0] * 3600.0 + clock[1] * 60.0 + clock[2]) * 1e9).round() as i64
}

fn watt(field: &str) -> Option<f64> {
    field.trim_end_matches(" W").parse().ok()
}

fn power_rows(path: &str, column: usize, kind: &str) -> Vec<Value> {
    let row = |r: Vec<String>| {
        json!({"session_id": "s", "device_id": "d", "kind": kind, "t_ns": midnight_ns(&r[0]), "scope": "gpu",
               "power_w": watt(&r[column])})
    };
    rows(path).into_iter().map(row).collect()
}

fn of(samples: &[Value], window: (i64, i64), max_gap_s: i64) -> Energy {
    let config =
        Config { min_updates: 2, max_gap_ns: max_gap_s * 1_000_000_000, max_error_pct: f64::MAX, clock_error_ns: 0.0 };
    let sql = "select * from run_energy where device_id = 'd' or reasons like 'no power sensor%'";
    joined(samples, &[], &[window], config).select::<Energy>(sql).unwrap().remove(0)
}

fn span(samples: &[Value]) -> (i64, i64) {
    let t = |sample: &Value| sample["t_ns"].as_i64().unwrap();
    (t(&samples[0]), t(&samples[samples.len() - 1]))
}

/// Case 43: last minus first is -261693 J, without the range nothing can be said.
#[test]
fn a_rapl_counter_wraps_at_its_range() {
    let sample = |r: &Vec<String>, ranged: bool| {
        let joule = |field: &str| field.parse::<f64>().unwrap() / 1e6;
        let range = if ranged { json!(joule(&r[3])) } else { Value::Null };
        json!({"session_id": "s", "device_id": "d", "kind": "counter", "t_ns": (r[0].parse::<f64>().unwrap() * 1e9) as i64,
               "scope": "cpu_package", "energy_j": joule(&r[2]), "energy_range_j": range})
    };
    let rows = rows("43-rapl-energy-uj-wrap/input.csv");
    let ranged: Vec<Value> = rows.iter().map(|r| sample(r, true)).collect();
    let energy = of(&ranged, span(&ranged), 5);
    assert!((energy.energy_gross_j.unwrap() - 450.0).abs() < 1e-6, "{energy:?}");
    assert!((energy.mean_power_w.unwrap() - 150.0).abs() < 1e-6 && energy.evidence == "measured_counter", "{energy:?}");
    let unranged: Vec<Value> = rows.iter().map(|r| sample(r, false)).collect();
    let energy = of(&unranged, span(&unranged), 5);
    assert_eq!((energy.energy_gross_j, energy.reasons.as_deref()), (None, Some("counter was reset")));
}

/// Case 22: failed readings are bridged and the gap is told, 810 J would take them for zero; with a smaller limit the gap refuses.
#[test]
fn failed_readings_widen_a_gap_and_are_not_zero() {
    let samples = power_rows("22-nvidia-smi-unknown-error-gap/input.csv", 2, "instant");
    let energy = of(&samples, span(&samples), 5);
    assert_eq!((energy.energy_gross_j, energy.max_gap_ns, energy.samples), (Some(1350.0), Some(3_000_000_000), 4));
    let energy = of(&samples, span(&samples), 2);
    assert_eq!(
        (energy.energy_gross_j, energy.reasons.as_deref()),
        (None, Some("gap between readings over max_gap_ms"))
    );
}

/// Case 57: power draw and its one-second average are different readings, and neither is the limit.
#[test]
fn draw_and_average_are_told_apart() {
    let path = "57-nvidia-smi-limit-before-draw-nounits/input.csv";
    for (column, kind, joules) in [(4, "instant", 720.0), (5, "average", 710.0)] {
        let samples = power_rows(path, column, kind);
        assert_eq!(of(&samples, span(&samples), 2).energy_gross_j, Some(joules), "{kind}");
    }
    // The instant readings lack their first: the window is not bracketed by them.
    let samples = power_rows(path, 6, "instant");
    let energy = of(&samples, span(&samples), 2);
    assert_eq!((energy.energy_gross_j, energy.reasons.as_deref()), (None, Some("window not bracketed by readings")));
}

/// Case 65: 7 of 10 s are covered; 3500 J are not the energy of the run.
#[test]
fn a_log_that_starts_late_and_ends_early_gives_no_energy() {
    let samples = power_rows("65-log-starts-after-run/input.csv", 2, "instant");
    let nine = 9 * 3600 * 1_000_000_000;
    let energy = of(&samples, (nine, nine + 10_000_000_000), 2);
    assert_eq!((energy.energy_gross_j, energy.reasons.as_deref()), (None, Some("window not bracketed by readings")));
    assert!((energy.coverage_pct - 70.0).abs() < 1e-9, "{energy:?}");
}

/// Case 56: no reading, one reading, two at one instant. Never 0 J.
#[test]
fn logs_without_an_interval_give_no_energy() {
    let nine = 9 * 3600 * 1_000_000_000;
    for (file, window, reason) in [
        ("header-only", (nine, nine + 1), "no power sensor in this session"),
        ("one-sample", (nine, nine + 1), "no readings around the window"),
        ("zero-span", (nine, nine), "window of no length"),
    ] {
        let mut samples = power_rows(&format!("56-empty-and-header-only/{file}.csv"), 2, "instant");
        samples.dedup_by(|a, b| a["t_ns"] == b["t_ns"]);
        let energy = of(&samples, window, 2);
        assert_eq!((energy.energy_gross_j, energy.reasons.as_deref()), (None, Some(reason)), "{file}");
    }
}

/// A counter that some virtual machines offer and that never moves: neither 0 J nor an error of 0 J, under any limit.
#[test]
fn a_counter_that_never_moves_gives_no_energy() {
    for (count, range) in
        [(0.0, json!(262_143.328_85)), (5.0, json!(262_143.328_85)), (5.0, Value::Null), (9.2e12, Value::Null)]
    {
        let sample = |i: i64| {
            json!({"session_id": "s", "device_id": "d", "kind": "counter", "t_ns": i * 50_000_000, "scope": "cpu_package",
                   "energy_j": count, "energy_range_j": range})
        };
        let samples: Vec<Value> = (0..200).map(sample).collect();
        let energy = of(&samples, (1_000_000_000, 6_000_000_000), 5);
        let reason = Some("the counter did not change in the window");
        assert_eq!((energy.energy_gross_j, energy.reasons.as_deref()), (None, reason), "{count} J");
    }
}
