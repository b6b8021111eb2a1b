//! `verdict`: whether a cell may be used, and how many runs it needs.

use crate::{
    config::Config,
    observed::{Group, Runs},
};
use rayon::prelude::*;
use schemas::tables::verdict::Row;
use serde::Deserialize;
use stats::{
    benjamini_hochberg::benjamini_hochberg,
    dependence::{Dependence, tau},
    grubbs::{first_above, grubbs},
    interval::t_quantile,
    mean::{mean, variance},
    outliers::{OUTLIER, modified_z},
    positive_mean::{Cell, log_variance},
    power::runs_for_interval,
    shapiro_wilk::shapiro_wilk,
};
use std::collections::BTreeMap;

/// How the runs of a cell ended, and what checks of single runs found.
#[derive(Debug, Clone, Deserialize)]
pub struct Check {
    cell_id: String,
    backend: String,
    device: String,
    model: String,
    dtype: String,
    mode: String,
    kv_cache: bool,
    scenario: String,
    runs: i64,
    usable: i64,
    degraded: i64,
    codes: Vec<String>,
}

/// The codes of runs that did not finish. They are hard where their share of the cell is over the limit.
const NOT_FINISHED: [&str; 2] = ["run_failed", "run_skipped"];

pub fn verdicts(checks: Vec<Check>, groups: &BTreeMap<Group, Runs>, config: &Config) -> Vec<Row> {
    let mut rows: Vec<Row> = checks
        .into_par_iter()
        .map(|check| {
            let group = Group {
                metric: "latency_ms".into(),
                backend: check.backend.clone(),
                device: check.device.clone(),
                model: check.model.clone(),
                dtype: check.dtype.clone(),
                mode: check.mode.clone(),
                kv_cache: check.kv_cache,
            };
            let runs = groups.get(&group);
            let none = Cell { runs: &[], widening: 1.0 };
            let cell = runs.and_then(|runs| runs.sample(&check.scenario)).unwrap_or(none);
            let dependence = runs.and_then(|runs| runs.dependence(&check.scenario));
            row(check, cell, dependence, config)
        })
        .collect();
    // Many cells are many tests: of those that are called out, the share of false alarms is kept low.
    called_out(&mut rows, "not_normal", config.min_normality_p, |r| r.normality_p);
    called_out(&mut rows, "runs_dependent", config.min_independence_p, |r| r.independence_p);
    called_out(&mut rows, "outliers", config.min_outlier_p, |r| r.outlier_p);
    called_out(&mut rows, "first_run_cold", config.min_first_run_p, |r| r.first_run_p);
    // What is certain and too small to matter is let pass.
    let small = |row: &Row| !row.first_run_above_pct.is_some_and(|pct| pct > config.max_first_run_pct);
    rows.iter_mut().filter(|row| small(row)).for_each(|row| row.codes.retain(|code| code != "first_run_cold"));
    rows.iter_mut().for_each(|row| conclude(row, config));
    rows
}

fn called_out(rows: &mut [Row], code: &str, below: f64, p: impl Fn(&Row) -> Option<f64>) {
    let adjusted = benjamini_hochberg(&rows.iter().map(p).collect::<Vec<_>>());
    for (row, p) in rows.iter_mut().zip(adjusted) {
        if p.is_some_and(|p| p < below) {
            row.codes.push(code.to_string());
        }
    }
}

fn row(check: Check, cell: Cell<'_>, dependence: Option<Dependence>, config: &Config) -> Row {
    let latencies = cell.runs;
    let logs: Vec<f64> = latencies.iter().map(|v| v.ln()).collect();
    let cv = mean(latencies).zip(variance(latencies)).map(|(mean, variance)| 100.0 * variance.sqrt() / mean);
    let spread = variance(&logs).map(f64::sqrt).filter(|sd| *sd > 0.0 && sd.is_finite());
    let n = logs.len() as f64;
    let error = log_variance(&cell).ok().map(f64::sqrt).filter(|_| spread.is_some());
    let half = error.and_then(|error| Some(t_quantile(config.ci_level, n - 1.0)? * error));
    let wanted = (config.wanted_interval_pct / 100.0).ln_1p();
    // As wide as dependence makes it.
    let needed = spread.and_then(|sd| runs_for_interval(sd * cell.widening.sqrt(), wanted, config.ci_level, None).ok());
    let mut codes = check.codes;
    let mut code = |found: bool, code: &str| {
        if found {
            codes.push(code.to_string());
        }
    };
    code(cv.is_some_and(|cv| cv > config.max_cv_pct), "spread");
    code(half.is_some_and(|half| half > wanted), "interval_wide");
    let rho = dependence.and_then(|d| d.rho);
    Row {
        cell_id: check.cell_id,
        backend: check.backend,
        device: check.device,
        model: check.model,
        dtype: check.dtype,
        mode: check.mode,
        kv_cache: check.kv_cache,
        scenario: check.scenario,
        verdict: "pass".into(),
        codes,
        runs: check.runs,
        usable: check.usable,
        degraded: check.degraded,
        cv_pct: cv,
        first_run_above_pct: first_above_pct(latencies),
        first_run_p: first_above(&logs).ok(),
        half_width_pct: half.map(|half| 100.0 * half.exp_m1()),
        runs_needed: needed.filter(|_| half.is_some()).map(|runs| runs as i64),
        normality_p: shapiro_wilk(&logs).ok().map(|s| s.p),
        independence: independence(logs.len(), dependence),
        serial_correlation: rho,
        independence_p: dependence.and_then(|d| d.p),
        effective_runs: rho.map(|rho| n / tau(rho, n)),
        outliers: modified_z(&logs).map_or(0, |z| z.iter().filter(|z| z.abs() > OUTLIER).count() as i64),
        outlier_p: grubbs(&logs).ok(),
    }
}

/// Whether it was seen that runs do not resemble those before them, or how many more runs would show it.
fn independence(runs: usize, dependence: Option<Dependence>) -> String {
    let Some(d) = dependence.filter(|_| runs > 0) else { return format!("not checkable with {runs} runs of a cell") };
    match (d.rho, d.cells) {
        (Some(_), 1) => format!("checked in its own {runs} runs"),
        (Some(_), cells) => format!("checked in {cells} cells of its session together"),
        (None, 1) => format!("not checkable with {runs} runs, {} would do", d.runs_wanted()),
        (None, cells) => {
            format!("not checkable with {runs} runs in each of {cells} cells, {} would do", d.runs_wanted())
        }
    }
}

/// The first run's latency above the mean of the others, from three runs on.
fn first_above_pct(latencies: &[f64]) -> Option<f64> {
    let (first, others) = latencies.split_first()?;
    (others.len() > 1).then(|| Some(100.0 * (first / mean(others)? - 1.0)))?
}

fn conclude(row: &mut Row, config: &Config) {
    let missing = 100.0 * (row.runs - row.usable) as f64 / row.runs.max(1) as f64;
    let degraded = 100.0 * row.degraded as f64 / row.runs.max(1) as f64;
    row.codes.retain(|code| code != "run_degraded" || degraded > config.max_degraded_pct);
    let hard = |code: &str| NOT_FINISHED.contains(&code) && missing > config.max_failed_pct;
    row.codes.sort_by_key(|code| (!hard(code), code.clone()));
    row.verdict = match row.codes.first() {
        Some(code) if hard(code) => "fail",
        Some(_) => "warn",
        None => "pass",
    }
    .into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparisons::tests::named;

    fn check(runs: i64, usable: i64, codes: &[&str]) -> Check {
        let g = named("b");
        Check {
            cell_id: "c".into(),
            backend: g.backend,
            device: g.device,
            model: g.model,
            dtype: g.dtype,
            mode: g.mode,
            kv_cache: g.kv_cache,
            scenario: "x".into(),
            runs,
            usable,
            degraded: i64::from(codes.contains(&"run_degraded")),
            codes: codes.iter().map(ToString::to_string).collect(),
        }
    }

    fn of(checked: Check, latencies: &[f64], config: &Config) -> Row {
        let group = Group { metric: "latency_ms".into(), ..named("b") };
        let mut groups = BTreeMap::from([(group, Runs::of(&[("x", latencies)], "measured"))]);
        crate::observed::look_for_dependence(&mut groups);
        verdicts(vec![checked], &groups, config).remove(0)
    }

    const STEADY: [f64; 5] = [10.0, 10.1, 9.9, 10.05, 9.95];

    #[test]
    fn nothing_found_passes_and_a_failed_run_never_does() {
        let config = Config::for_tests();
        let row = of(check(5, 5, &[]), &STEADY, &config);
        assert_eq!((row.verdict.as_str(), row.codes.len(), row.outliers), ("pass", 0, 0));
        assert!(row.half_width_pct.unwrap() < 1.0 && row.runs_needed.unwrap() < 5 && row.effective_runs.is_none());
        assert_eq!(row.independence, "not checkable with 5 runs, 12 would do");
        let failed = of(check(6, 5, &["warmup_unsteady", "run_failed"]), &STEADY, &config);
        assert_eq!((failed.verdict.as_str(), failed.codes.join(" ")), ("fail", "run_failed warmup_unsteady".into()));
        let allowed = Config { max_failed_pct: 20.0, ..Config::for_tests() };
        assert_eq!(of(check(6, 5, &["run_failed"]), &STEADY, &allowed).verdict, "warn");
        let nothing = of(check(5, 0, &["run_skipped"]), &[], &config);
        assert_eq!((nothing.verdict.as_str(), nothing.cv_pct), ("fail", None));
    }

    #[test]
    fn what_the_runs_look_like_is_checked() {
        let config = Config::for_tests();
        let codes = |latencies: &[f64]| {
            of(check(latencies.len() as i64, latencies.len() as i64, &[]), latencies, &config).codes
        };
        assert_eq!(
            codes(&[13.0, 10.0, 10.1, 9.9, 10.0, 10.05]).join(" "),
            "first_run_cold interval_wide not_normal outliers spread"
        );
        // Slower by 9 % and certain, which is let pass; slower by 40 % and not certain.
        assert!(!codes(&[10.9, 10.0, 10.01, 9.99, 10.0, 10.02]).contains(&"first_run_cold".to_string()));
        assert!(!codes(&[14.0, 10.0, 12.0]).contains(&"first_run_cold".to_string()));
        assert_eq!(codes(&[8.0, 10.0, 12.0]).join(" "), "interval_wide spread");
        let rising: Vec<f64> = (0..40).map(|i| 10.0 + 0.01 * f64::from(i)).collect();
        assert_eq!(codes(&rising).join(" "), "runs_dependent");
        let two_humps: Vec<f64> =
            (0..40).map(|i| if i * 7 % 40 < 20 { 10.0 } else { 10.5 } + 0.0001 * f64::from(i * 3 % 7)).collect();
        assert!(codes(&two_humps).contains(&"not_normal".to_string()));
    }

    #[test]
    fn normal_runs_are_called_out_in_one_cell_of_a_hundred_at_most() {
        use rand::{SeedableRng, rngs::StdRng};
        use rand_distr::{Distribution, Normal};
        let mut rng = StdRng::seed_from_u64(15);
        for n in [3usize, 4, 5, 8] {
            let cells: Vec<(String, Vec<f64>)> = (0..300)
                .map(|i| (format!("{i}"), Normal::new(100.0, 10.0).unwrap().sample_iter(&mut rng).take(n).collect()))
                .collect();
            let borrowed: Vec<(&str, &[f64])> = cells.iter().map(|(s, v)| (s.as_str(), v.as_slice())).collect();
            let group = Group { metric: "latency_ms".into(), ..named("b") };
            let groups = BTreeMap::from([(group, Runs::of(&borrowed, "measured"))]);
            let checks = cells.iter().map(|(s, _)| Check { scenario: s.clone(), ..check(n as i64, n as i64, &[]) });
            let rows = verdicts(checks.collect(), &groups, &Config::for_tests());
            for wolf in ["outliers", "first_run_cold", "not_normal"] {
                let cried = rows.iter().filter(|row| row.codes.iter().any(|code| code == wolf)).count();
                assert!(cried <= 3, "{wolf}: {cried} of 300 cells of {n} normal runs");
            }
        }
    }

    #[test]
    fn a_few_degraded_runs_are_let_pass() {
        let config = Config { max_degraded_pct: 25.0, ..Config::for_tests() };
        assert_eq!(of(check(5, 5, &["run_degraded"]), &STEADY, &config).verdict, "pass");
        let strict = Config { max_degraded_pct: 10.0, ..Config::for_tests() };
        assert_eq!(of(check(5, 5, &["run_degraded"]), &STEADY, &strict).verdict, "warn");
    }

    #[test]
    fn more_runs_are_asked_for_where_the_interval_is_wide() {
        let row = of(check(4, 4, &[]), &[10.0, 11.0, 9.0, 10.0], &Config::for_tests());
        assert!(row.half_width_pct.unwrap() > 5.0 && row.runs_needed.unwrap() > 4, "{row:?}");
        assert!(row.codes.contains(&"interval_wide".to_string()));
    }
}
