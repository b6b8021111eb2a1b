//! The operator `energy_join` beside the same in plain SQL, on generated readings and windows; its rules one by one; what it skips,
//! and what it refuses.

use arrow::{
    array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray},
    compute::{concat_batches, take_record_batch},
};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use proptest::prelude::*;
use recombine::Workbench;
use serde::Deserialize;
use std::{fs::File, path::Path, sync::Arc};

const PLAIN: &str = include_str!("../energy/plain.sql");
const OPERATOR: &str = "select * from energy_join(
    (select host, device_id, kind, t_ns, power_w, energy_j, energy_range_j, temperature_c, memory_mb, throttled from samples),
    (select run_id, host, start_ns, end_ns from runs))
order by run_id, device_id, kind";

#[derive(Debug, Clone, Default)]
struct Reading {
    host: &'static str,
    device_id: &'static str,
    kind: &'static str,
    t_ns: Option<i64>,
    value: Option<f64>,
    range: Option<f64>,
    temperature_c: Option<f64>,
    throttled: Option<bool>,
}

#[derive(Debug, Clone)]
struct Run {
    host: Option<&'static str>,
    start_ns: Option<i64>,
    end_ns: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Row {
    run_id: i64,
    device_id: Option<String>,
    kind: Option<String>,
    energy_j: Option<f64>,
    edge_error_j: Option<f64>,
    sampling_se_j: Option<f64>,
    sampling_df: Option<i64>,
    start_power_w: Option<f64>,
    start_pair_ns: Option<i64>,
    start_share: Option<f64>,
    end_power_w: Option<f64>,
    end_pair_ns: Option<i64>,
    end_share: Option<f64>,
    covered_ns: i64,
    bracketed: bool,
    was_reset: bool,
    samples: i64,
    max_gap_ns: Option<i64>,
    min_power_w: Option<f64>,
    max_power_w: Option<f64>,
    mean_temperature_c: Option<f64>,
    max_memory_mb: Option<f64>,
    throttled_pct: Option<f64>,
}

impl Row {
    fn numbers(&self) -> [Option<f64>; 11] {
        [
            self.energy_j,
            self.edge_error_j,
            self.sampling_se_j,
            self.start_power_w,
            self.start_share,
            self.end_power_w,
            self.end_share,
            self.min_power_w,
            self.max_power_w,
            self.mean_temperature_c,
            self.throttled_pct.or(self.max_memory_mb),
        ]
    }

    fn rest(&self) -> impl PartialEq + std::fmt::Debug {
        let key = (self.run_id, self.device_id.clone(), self.kind.clone());
        let whole = (self.covered_ns, self.samples, self.max_gap_ns, self.sampling_df);
        (key, whole, self.bracketed, self.was_reset, self.start_pair_ns, self.end_pair_ns)
    }
}

fn samples(readings: &[Reading]) -> RecordBatch {
    let text = |of: fn(&Reading) -> &'static str| {
        Arc::new(readings.iter().map(|r| Some(of(r))).collect::<StringArray>()) as ArrayRef
    };
    let number =
        |of: &dyn Fn(&Reading) -> Option<f64>| Arc::new(readings.iter().map(of).collect::<Float64Array>()) as ArrayRef;
    let counter = |r: &Reading| r.kind == "counter";
    let place = Arc::new((0..readings.len() as i64).collect::<Int64Array>()) as ArrayRef;
    RecordBatch::try_from_iter([
        ("place", place),
        ("host", text(|r| r.host)),
        ("device_id", text(|r| r.device_id)),
        ("kind", text(|r| r.kind)),
        ("t_ns", Arc::new(readings.iter().map(|r| r.t_ns).collect::<Int64Array>()) as ArrayRef),
        ("power_w", number(&|r| r.value.filter(|_| !counter(r)))),
        ("energy_j", number(&|r| r.value.filter(|_| counter(r)))),
        ("energy_range_j", number(&|r| r.range)),
        ("temperature_c", number(&|r| r.temperature_c)),
        ("memory_mb", number(&|r| r.temperature_c.map(|t| t * 10.0))),
        ("throttled", Arc::new(readings.iter().map(|r| r.throttled).collect::<BooleanArray>()) as ArrayRef),
    ])
    .unwrap()
}

fn runs(runs: &[Run]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([
        ("run_id", Arc::new((0..runs.len() as i64).collect::<Int64Array>()) as ArrayRef, false),
        ("host", Arc::new(runs.iter().map(|r| r.host).collect::<StringArray>()) as ArrayRef, true),
        ("start_ns", Arc::new(runs.iter().map(|r| r.start_ns).collect::<Int64Array>()) as ArrayRef, true),
        ("end_ns", Arc::new(runs.iter().map(|r| r.end_ns).collect::<Int64Array>()) as ArrayRef, true),
    ])
    .unwrap()
}

fn write(path: &Path, batch: &RecordBatch, rows_a_group: usize) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows_a_group)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn bench(samples: &RecordBatch, runs: &RecordBatch) -> Workbench {
    let bench = Workbench::new("test", &()).unwrap();
    bench.batch("samples", samples.clone()).unwrap();
    bench.batch("runs", runs.clone()).unwrap();
    bench
}

#[track_caller]
fn same(found: &[Row], wanted: &[Row]) {
    assert_eq!(found.len(), wanted.len(), "{found:#?}\n{wanted:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.rest() == wanted.rest(), "{found:#?}\n{wanted:#?}");
        for (a, b) in found.numbers().into_iter().zip(wanted.numbers()) {
            let close = match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs() + 1e-13,
                (a, b) => a == b,
            };
            assert!(close, "{found:#?}\n{wanted:#?}");
        }
    }
}

const SERIES: &[(&str, &str, &str)] = &[
    ("a", "x", "counter"),
    ("a", "x", "instant"),
    ("a", "y", "interval_mean"),
    ("b", "x", "model"),
    ("b", "z", "average"),
    ("b", "z", "counter"),
];

/// Readings of all series in order, with failed ones, two at one instant, wraps and resets.
fn readings() -> impl Strategy<Value = Vec<Reading>> {
    let step = prop_oneof![1 => Just(0i64), 9 => 1i64..40];
    let value = prop_oneof![
        1 => Just(None),
        1 => prop_oneof![Just(Some(f64::NAN)), Just(Some(f64::INFINITY))],
        16 => (0i64..400).prop_map(|v| Some(v as f64 / 4.0)),
    ];
    let beside =
        (proptest::option::of(-20i64..90), proptest::option::of(any::<bool>()), proptest::bool::weighted(0.03));
    let one = proptest::collection::vec((step, value, beside), 0..60);
    let series = (one, any::<bool>(), 0i64..50);
    proptest::collection::vec(series, SERIES.len()).prop_map(|all| {
        let mut readings = Vec::new();
        for ((steps, ranged, from), (host, device_id, kind)) in all.into_iter().zip(SERIES) {
            let (mut t, mut counted) = (from, 0.0);
            let range = (*kind == "counter" && ranged).then_some(250.0);
            for (step, value, (temperature, throttled, lost)) in steps {
                t += step;
                let value = match (*kind, value) {
                    ("counter", Some(rise)) if rise.is_finite() => {
                        counted = if ranged {
                            (counted + rise) % 250.0
                        } else if rise > 95.0 {
                            0.0
                        } else {
                            counted + rise
                        };
                        Some(counted)
                    }
                    (_, value) => value,
                };
                let t_ns = Some(t).filter(|_| !lost);
                let temperature_c = temperature.map(|t| t as f64);
                readings.push(Reading { host, device_id, kind, t_ns, value, range, temperature_c, throttled });
            }
        }
        readings
    })
}

fn windows() -> impl Strategy<Value = Vec<Run>> {
    let host = prop_oneof![4 => Just(Some("a")), 4 => Just(Some("b")), 1 => Just(Some("nowhere")), 1 => Just(None)];
    let edge = |range: std::ops::Range<i64>| prop_oneof![1 => Just(None), 12 => range.prop_map(Some)];
    proptest::collection::vec((host, edge(-50..1200), edge(-5..500)), 1..25).prop_map(|all| {
        let run = |(host, start_ns, length): (_, Option<i64>, Option<i64>)| Run {
            host,
            start_ns,
            end_ns: start_ns.zip(length).map(|(start, length)| start + length),
        };
        all.into_iter().map(run).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_operator_and_plain_sql_agree(readings in readings(), windows in windows(), rows_a_group in 1usize..40, seed in any::<u64>()) {
        let (samples, runs) = (samples(&readings), runs(&windows));
        let bench = bench(&samples, &runs);
        let wanted: Vec<Row> = bench.select(PLAIN).unwrap();
        same(&bench.select::<Row>(OPERATOR).unwrap(), &wanted);

        // From Parquet, in small row groups of which some are skipped.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.parquet");
        write(&path, &samples, rows_a_group);
        let mut files = Workbench::new("test", &()).unwrap();
        files.parquet("samples", &path).unwrap();
        files.batch("runs", runs.clone()).unwrap();
        same(&files.select::<Row>(OPERATOR).unwrap(), &wanted);

        // In any order, where the order of readings at one instant does not matter.
        let mut seen = std::collections::HashSet::new();
        if readings.iter().all(|r| r.t_ns.is_none() || seen.insert((r.host, r.device_id, r.kind, r.t_ns))) {
            let mut order: Vec<u64> = (0..readings.len() as u64).collect();
            order.sort_by_key(|i| (i + 1).wrapping_mul(seed | 1).rotate_left(23));
            let shuffled = take_record_batch(&samples, &arrow::array::UInt64Array::from(order)).unwrap();
            bench.batch("samples", shuffled).unwrap();
            same(&bench.select::<Row>(OPERATOR).unwrap(), &wanted);
        }
    }
}

fn power(t: i64, w: f64) -> Reading {
    Reading { host: "a", device_id: "d", kind: "instant", t_ns: Some(t), value: Some(w), ..Reading::default() }
}

fn window(start: i64, end: i64) -> Run {
    Run { host: Some("a"), start_ns: Some(start), end_ns: Some(end) }
}

/// Long windows are summed from blocks of readings, made once.
#[test]
fn many_readings_under_many_long_windows_add_up() {
    let watt = |t: i64| 100.0 + ((t * 7919) % 100) as f64;
    let readings: Vec<Reading> =
        (0..20_000).map(|i| Reading { temperature_c: Some((i % 50) as f64), ..power(i * 10, watt(i)) }).collect();
    let windows: Vec<Run> = (0..200).map(|i| window(i * 371, 199_000 - i * 173)).collect();
    let bench = bench(&samples(&readings), &runs(&windows));
    same(&bench.select::<Row>(OPERATOR).unwrap(), &bench.select::<Row>(PLAIN).unwrap());
}

/// 1000 row groups of ten readings, and windows that touch few: what is read is what they need, also where a window lies in a gap
/// between two row groups.
#[test]
fn row_groups_that_no_window_meets_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.parquet");
    let readings: Vec<Reading> = (0..10_000).map(|i| power(i * 10 + 1000 * (i / 10), 50.0)).collect();
    write(&path, &samples(&readings), 10);
    let mut bench = Workbench::new("test", &()).unwrap();
    bench.parquet("samples", &path).unwrap();
    let between = 109 * 10 + 10_900;
    bench.batch("runs", runs(&[window(between + 3, between + 9), window(500_000, 500_010)])).unwrap();
    let rows: Vec<Row> = bench.select(OPERATOR).unwrap();
    assert!(rows[0].bracketed && rows[0].samples == 0, "{rows:?}");
    assert!((rows[0].energy_j.unwrap() - 50.0 * 6.0 / 1e9).abs() < 1e-18);
    let plan = bench.batches(&format!("explain analyze {OPERATOR}")).unwrap();
    let text = arrow::util::pretty::pretty_format_batches(&plan).unwrap().to_string();
    let metric = |name: &str| -> usize {
        let after = text.split(&format!("{name}=")).nth(1).unwrap_or_else(|| panic!("{name}: {text}"));
        after.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let (read, skipped) = (metric("row_groups_read"), metric("row_groups_skipped"));
    assert_eq!(read + skipped, 1000);
    assert!((2..=4).contains(&read), "{read} read");
}

#[test]
fn a_counter_that_falls_has_wrapped_or_was_reset() {
    let counter = |t: i64, j: f64, range: Option<f64>| Reading { kind: "counter", range, ..power(t, j) };
    let energy = |readings: &[Reading]| {
        let bench = bench(&samples(readings), &runs(&[window(0, 30)]));
        let row: Vec<Row> = bench.select(OPERATOR).unwrap();
        (row[0].energy_j, row[0].was_reset)
    };
    let ranged = |values: [f64; 4], range| -> Vec<Reading> {
        values.iter().enumerate().map(|(i, j)| counter(i as i64 * 10, *j, range)).collect()
    };
    // RAPL's range: 150 J before the end, once around.
    let range = 262_143.328_850;
    let wraps = [261_993.328_850, 0.0, 150.0, 300.0];
    let (joules, reset) = energy(&ranged(wraps, Some(range)));
    assert!(!reset && (joules.unwrap() - 450.0).abs() < 1e-6, "{joules:?}");
    assert_eq!(energy(&ranged(wraps, None)), (None, true), "without a range, never guessed");
    // From the middle of the range to zero would be half around and more: a reset.
    assert_eq!(energy(&ranged([100_000.0, 0.0, 150.0, 300.0], Some(range))), (None, true));
}

#[test]
fn what_it_cannot_join_it_says() {
    let refused =
        |sql: &str| bench(&samples(&[power(0, 1.0)]), &runs(&[window(0, 1)])).batches(sql).unwrap_err().to_string();
    for (sql, says) in [
        ("select * from energy_join((select t_ns from samples))", "energy_join takes two queries, not 1"),
        ("select * from energy_join(1, 2)", "energy_join takes two queries, not 1"),
        (
            "select * from energy_join((select power_w from samples), (select start_ns, end_ns from runs))",
            "the samples query has no column \"t_ns\", select it",
        ),
        (
            "select * from energy_join((select t_ns, power_w from samples), (select start_ns from runs))",
            "the runs query has no column \"end_ns\", select it",
        ),
        (
            "select * from energy_join((select t_ns from samples), (select start_ns, end_ns from runs))",
            "neither \"power_w\" nor \"kind\" and \"energy_j\", select them",
        ),
        (
            "select * from energy_join((select t_ns, power_w, place from samples), (select start_ns, end_ns from runs))",
            "column \"place\" of the samples query is neither read nor text, leave it out",
        ),
        (
            "select * from energy_join((select t_ns, cast(power_w as bigint) as power_w from samples),
             (select start_ns, end_ns from runs))",
            "column \"power_w\" of the samples query is Int64, cast it to Float64",
        ),
        (
            "select * from energy_join((select 'sideways' as kind, t_ns, power_w from samples), (select start_ns, end_ns from runs))",
            "unknown kind of reading \"sideways\", use counter, instant, average, interval_mean or model",
        ),
    ] {
        let found = refused(sql);
        assert!(found.contains(says), "{sql}: {found}");
    }
}

/// No keys in common: every window meets every series.
#[test]
fn without_a_common_key_all_windows_meet_all_series() {
    let readings = [
        power(0, 1.0),
        power(10, 1.0),
        Reading { device_id: "e", ..power(0, 2.0) },
        Reading { device_id: "e", ..power(10, 2.0) },
    ];
    let both = concat_batches(&runs(&[]).schema(), &[runs(&[window(0, 10), window(2, 3)])]).unwrap();
    let found = bench(&samples(&readings), &both)
        .select::<serde_json::Value>(
            "select run_id, device_id, round(energy_j * 1e9, 6) as j from energy_join(
                (select device_id, t_ns, power_w from samples), (select run_id, start_ns, end_ns from runs))
             order by run_id, device_id",
        )
        .unwrap();
    let joules: Vec<f64> = found.iter().map(|row| row["j"].as_f64().unwrap()).collect();
    assert_eq!(joules, [10.0, 20.0, 1.0, 2.0]);
}
