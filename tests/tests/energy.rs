//! Energy of generated windows against an integral computed sample by sample.

use proptest::prelude::*;
use recombine::{Model, Workbench};
use schemas::tables;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What SQL sees of `[join-telemetry]`.
#[derive(Debug, Serialize)]
pub(crate) struct Config {
    pub min_updates: i64,
    pub max_gap_ns: i64,
    pub max_error_pct: f64,
    pub clock_error_ns: f64,
}

#[derive(Debug, Deserialize)]
struct Energy {
    run_id: String,
    energy_gross_j: Option<f64>,
    reasons: Option<String>,
}

const MAX_GAP_NS: i64 = 400_000_000;

/// Models of the stage in its order, read from its folder.
fn models() -> Vec<Model> {
    [
        "run_window",
        "timespan",
        "span_energy",
        "sensor_trait",
        "shifted_span",
        "shifted_energy",
        "sensor_span",
        "idle_power",
        "sensor_energy",
        "total_energy",
        "decode_energy",
        "reported_energy",
        "run_energy",
    ]
    .map(|name| {
        let path = tests::root().join(format!("stages/join-telemetry/sql/{name}.sql"));
        Model { name, sql: std::fs::read_to_string(path).unwrap().leak() }
    })
    .into()
}

/// A session with these readings and sensors, a run for each window (`0000`, `0001`, ..), and the stage's models over them.
pub(crate) fn joined(samples: &[Value], sensors: &[Value], windows: &[(i64, i64)], config: Config) -> Workbench {
    let bench = Workbench::new("test", &()).unwrap();
    bench.rows(&tables::SESSION, &[json!({"session_id": "s", "source": "measured", "started_ns": 0})]).unwrap();
    bench.rows(&tables::POWER_SAMPLE, samples).unwrap();
    bench.rows(&tables::SENSOR, sensors).unwrap();
    let run = |(i, (start, end)): (usize, &(i64, i64))| {
        json!({"session_id": "s", "run_id": format!("{i:04}"), "status": "ok", "backend": "b", "device": "cpu", "dtype": "f32",
               "model": "m", "weights": "real", "mode": "prefill", "kv_cache": false, "scenario": "x", "batch": 1,
               "prompt_tokens": 1, "prompt_tokens_padded": 1, "new_tokens_asked": 0, "repetition": i,
               "start_ns": start, "end_ns": end})
    };
    bench.rows(&tables::RUN, &windows.iter().enumerate().map(run).collect::<Vec<_>>()).unwrap();
    bench.values("config", &[config]).unwrap();
    bench.empty(&tables::ALIGNMENT).unwrap();
    models().into_iter().for_each(|m| bench.materialise(m).unwrap());
    bench
}

fn generated(samples: &[(i64, f64)], kind: &str, windows: &[(i64, i64)]) -> Vec<Energy> {
    let row = |(t, p): &(i64, f64)| json!({"session_id": "s", "device_id": "d", "kind": kind, "t_ns": t, "scope": "gpu", "power_w": p});
    let config = Config { min_updates: 1, max_gap_ns: MAX_GAP_NS, max_error_pct: f64::MAX, clock_error_ns: 0.0 };
    joined(&samples.iter().map(row).collect::<Vec<_>>(), &[], windows, config)
        .select("select run_id, energy_gross_j, reasons from run_energy where device_id = 'd' order by run_id")
        .unwrap()
}

/// The energy from start to end, or `None` where it must not be known: not bracketed, a gap, no reading inside, no length.
fn reference(samples: &[(i64, f64)], holds: bool, (start, end): (i64, i64)) -> Option<f64> {
    let inside = samples.iter().filter(|(t, _)| *t >= start && *t <= end).count();
    if end <= start || inside == 0 || samples.first()?.0 > start || samples.last()?.0 < end {
        return None;
    }
    let mut joules = 0.0;
    for pair in samples.windows(2) {
        let ((t0, p0), (t1, p1)) = (pair[0], pair[1]);
        let (from, to) = (t0.max(start), t1.min(end));
        if from >= to {
            continue;
        }
        if t1 - t0 > MAX_GAP_NS {
            return None;
        }
        let at = |t: i64| p0 + (p1 - p0) * (t - t0) as f64 / (t1 - t0) as f64;
        let mean = if holds { p1 } else { (at(from) + at(to)) / 2.0 };
        joules += mean * (to - from) as f64 / 1e9;
    }
    Some(joules)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn windows_of_any_length_overlapping_or_not(
        steps in proptest::collection::vec((1i64..500_000_000, 0f64..400.0), 0..60),
        runs in proptest::collection::vec((-200_000_000i64..4_000_000_000, 0i64..2_000_000_000), 1..12),
        holds in any::<bool>(),
    ) {
        let mut t = 0;
        let samples: Vec<(i64, f64)> = steps.iter().map(|(step, p)| { t += step; (t, *p) }).collect();
        let runs: Vec<(i64, i64)> = runs.iter().map(|(start, length)| (*start, start + length)).collect();
        let kind = if holds { "interval_mean" } else { "instant" };
        let found = generated(&samples, kind, &runs);
        if samples.is_empty() {
            prop_assert!(found.is_empty());
            return Ok(());
        }
        prop_assert_eq!(found.len(), runs.len());
        for (energy, window) in found.iter().zip(&runs) {
            let expected = reference(&samples, holds, *window);
            prop_assert_eq!(energy.energy_gross_j.is_some(), expected.is_some(), "{:?} {:?}", energy, window);
            prop_assert_eq!(energy.reasons.is_none(), expected.is_some());
            if let (Some(a), Some(b)) = (energy.energy_gross_j, expected) {
                prop_assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-6), "{} {} {}", energy.run_id, a, b);
            }
        }
    }
}
