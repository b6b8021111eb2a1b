//! `estimate`: the runs of cells to estimates, per cell and per backend and mode.

use crate::{
    config::{Config, Interval},
    observed::{Group, Runs, over, own_errors},
};
use schemas::{metrics, tables::estimate::Row};
use stats::{
    Estimate,
    bootstrap::{Settings, bootstrap_means},
    mean::mean,
    median::median,
    positive_mean::{Cell, positive_mean},
    tails::normal_quantile,
};
use std::collections::BTreeMap;

/// One row a cell, and one a group where every value has a log. Costs have their own table and intervals.
pub fn estimates(groups: &BTreeMap<Group, Runs>, config: &Config) -> Vec<Row> {
    let level = config.ci_level;
    let known = || groups.iter().filter(|(group, _)| metrics::ESTIMATED.contains(&group.metric.as_str()));
    let cells: Vec<Cell<'_>> = known().flat_map(|(_, runs)| runs.samples()).collect();
    let mut estimated = of_cells(&cells, config).into_iter();
    let mut rows = Vec::new();
    for (group, runs) in known() {
        let mut push = |scenario: Option<&str>, e: Estimate, median: f64| {
            let g = group.clone();
            rows.push(Row {
                metric: g.metric,
                level: if scenario.is_some() { "cell" } else { "backend_mode" }.into(),
                cell_id: scenario.and_then(|scenario| runs.cell_id(scenario)),
                backend: g.backend,
                device: g.device,
                model: g.model,
                dtype: g.dtype,
                mode: g.mode,
                kv_cache: g.kv_cache,
                scenario: scenario.unwrap_or("*").into(),
                estimate: e.estimate,
                median,
                std_error: e.std_error,
                ci_low: e.ci_low,
                ci_high: e.ci_high,
                ci_level: e.ci_level,
                n: e.n as i64,
                method: e.method.into(),
                evidence: runs.evidence().into(),
            });
        };
        for (scenario, values) in &runs.by_scenario {
            if let (Some(estimate), Some(median)) = (estimated.next().flatten(), median(values)) {
                let own = own_errors(groups, group).and_then(|errors| mean(errors.by_scenario.get(scenario)?));
                push(Some(scenario), with_own_error(estimate, own, level), median);
            }
        }
        let blocks = runs.samples();
        let means: Vec<f64> = blocks.iter().filter_map(|b| mean(b.runs)).collect();
        let estimate = over_scenarios(&group.metric, runs, own_errors(groups, group), level);
        if let (Some(estimate), Some(median)) = (estimate, median(&means)) {
            push(None, estimate, median);
        }
    }
    rows
}

/// The mean of a backend and mode over its scenarios, with what the sensors themselves may be off by.
pub fn over_scenarios(metric: &str, runs: &Runs, errors: Option<&Runs>, level: f64) -> Option<Estimate> {
    let blocks = runs.samples();
    let own = errors.and_then(|errors| {
        let of_cells = errors.by_scenario.values().map(|e| mean(e)).collect::<Option<Vec<f64>>>()?;
        mean(&of_cells).filter(|_| of_cells.len() == blocks.len())
    });
    Some(with_own_error(over(metric).estimate(&blocks, level)?, own, level))
}

/// An interval from the spread of runs, wider by the half width (95 %) of an error that they share: logs of both ends, in quadrature,
/// as `derive-costs` has it.
fn with_own_error(estimate: Estimate, half_95: Option<f64>, level: f64) -> Estimate {
    let Some(error) = half_95.filter(|error| *error > 0.0 && estimate.estimate > 0.0) else { return estimate };
    let own = error / normal_quantile(0.975) * normal_quantile((1.0 + level) / 2.0) / estimate.estimate;
    let mean = estimate.estimate;
    let low = estimate.ci_low.filter(|low| *low > 0.0).map(|low| mean * (-(mean / low).ln().hypot(own)).exp());
    let high = estimate.ci_high.map(|high| mean * (high / mean).ln().hypot(own).exp());
    Estimate { ci_low: low.or(estimate.ci_low), ci_high: high, ..estimate }
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
    fn an_energy_has_its_sensors_error_in_it() {
        let group = |metric: &str| Group { metric: metric.into(), ..crate::comparisons::tests::named("b") };
        let runs = Runs::of(&[("x", &[1.0, 1.0]), ("y", &[3.0, 3.0])], "measured_counter");
        let errors = Runs::of(&[("x", &[0.1, 0.1]), ("y", &[0.1, 0.1])], "measured_counter");
        let groups = BTreeMap::from([(group("gross_kwh_per_mtok"), runs), (group("gross_kwh_error_per_mtok"), errors)]);
        let rows = estimates(&groups, &Config::for_tests());
        let [x, y, all] = rows.as_slice() else { panic!("{rows:?}") };
        // Runs do not scatter: what is left is the sensor's 0.1, of 1, of 3 and of the mean of both.
        for (row, part) in [(x, 0.1), (y, 0.1 / 3.0), (all, 0.05)] {
            assert!(((row.ci_high.unwrap() / row.estimate).ln() - part).abs() < 1e-9, "{row:?}");
            assert!(((row.estimate / row.ci_low.unwrap()).ln() - part).abs() < 1e-9, "{row:?}");
        }
    }

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
            assert_eq!((y.ci_low, y.method.as_str()), (None, "single run, no interval"));
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
