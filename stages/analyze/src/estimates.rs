//! `estimate`: the runs of cells to estimates, per cell and per backend and mode.

use crate::{
    config::{Config, Interval},
    observed::{Group, Runs},
    stats::{
        Estimate,
        bootstrap::{Settings, bootstrap_means},
        mean::mean,
        median::median,
        positive_mean::{Cell, positive_mean},
        scenario_mean::Over,
    },
};
use schemas::tables::estimate::METRICS;
use serde::Serialize;
use std::collections::BTreeMap;

/// A row of `estimate`.
#[derive(Debug, Serialize)]
pub struct Row {
    metric: String,
    level: &'static str,
    backend: String,
    device: String,
    model: String,
    dtype: String,
    mode: String,
    kv_cache: bool,
    scenario: String,
    estimate: f64,
    median: f64,
    std_error: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    ci_level: f64,
    n: usize,
    method: &'static str,
    evidence: &'static str,
}

/// One row a cell, and one a group where every value has a log. Costs have their own table and intervals.
pub fn estimates(groups: &BTreeMap<Group, Runs>, config: &Config) -> Vec<Row> {
    let level = config.ci_level;
    let known = || groups.iter().filter(|(group, _)| METRICS.contains(&group.metric.as_str()));
    let cells: Vec<Cell<'_>> = known().flat_map(|(_, runs)| runs.samples()).collect();
    let mut estimated = of_cells(&cells, config).into_iter();
    let mut rows = Vec::new();
    for (group, runs) in known() {
        let mut push = |of: &'static str, scenario: &str, e: Estimate, median: f64| {
            let g = group.clone();
            rows.push(Row {
                metric: g.metric,
                level: of,
                backend: g.backend,
                device: g.device,
                model: g.model,
                dtype: g.dtype,
                mode: g.mode,
                kv_cache: g.kv_cache,
                scenario: scenario.into(),
                estimate: e.estimate,
                median,
                std_error: e.std_error,
                ci_low: e.ci_low,
                ci_high: e.ci_high,
                ci_level: e.ci_level,
                n: e.n,
                method: e.method,
                evidence: runs.evidence(),
            });
        };
        for (scenario, values) in &runs.by_scenario {
            if let (Some(estimate), Some(median)) = (estimated.next().flatten(), median(values)) {
                push("cell", scenario, estimate, median);
            }
        }
        let blocks = runs.samples();
        let means: Vec<f64> = blocks.iter().filter_map(|b| mean(b.runs)).collect();
        if let (Some(estimate), Some(median)) = (Over::of(&group.metric).estimate(&blocks, level), median(&means)) {
            push("backend_mode", "*", estimate, median);
        }
    }
    rows
}

/// The mean of every cell with its interval, by the configured method; where it cannot be had, the one of a single run.
fn of_cells(cells: &[Cell<'_>], config: &Config) -> Vec<Option<Estimate>> {
    let level = config.ci_level;
    match config.interval {
        Interval::T => cells.iter().map(|cell| positive_mean(cell, level)).collect(),
        Interval::Bca => {
            let settings = Settings { resamples: config.resamples, level, seed: config.seed };
            let runs: Vec<&[f64]> = cells.iter().map(|cell| cell.runs).collect();
            let drawn = bootstrap_means(&runs, settings);
            // Without variance, or with a single run, there is nothing to draw from.
            cells.iter().zip(drawn).map(|(cell, drawn)| drawn.ok().or_else(|| positive_mean(cell, level))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bootstrap_is_seeded_and_near_t() {
        let group = Group {
            metric: "latency_ms".into(),
            backend: "b".into(),
            device: "cpu".into(),
            model: "m".into(),
            dtype: "f32".into(),
            mode: "prefill".into(),
            kv_cache: false,
        };
        let values: Vec<f64> = (0..40).map(|i| 10.0 + f64::from(i * 37 % 40) / 20.0).collect();
        let groups = BTreeMap::from([(group, Runs::of(&[("x", &values), ("y", &[5.0])], "measured"))]);
        let with = |interval, seed| {
            let config = Config { interval, seed, ..Config::for_tests() };
            let rows = estimates(&groups, &config);
            let [x, y, all] = rows.as_slice() else { panic!("{rows:?}") };
            assert_eq!((y.ci_low, y.method), (None, "single run, no interval"));
            assert_eq!(all.level, "backend_mode");
            (x.ci_low.unwrap(), x.ci_high.unwrap())
        };
        let (t, one, again, other) =
            (with(Interval::T, 1), with(Interval::Bca, 1), with(Interval::Bca, 1), with(Interval::Bca, 2));
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert!((one.0 / t.0 - 1.0).abs() < 0.005 && (one.1 / t.1 - 1.0).abs() < 0.005, "{one:?} {t:?}");
    }
}
