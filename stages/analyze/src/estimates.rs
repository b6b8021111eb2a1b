//! `estimate`: observations to estimates, per cell and per backend and mode.

use crate::stats::{Estimate, interval::t_interval, log_mean::geometric_mean, median::median};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One value of one metric of one run.
#[derive(Debug, Clone, Deserialize)]
pub struct Observation {
    pub metric: String,
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub mode: String,
    pub kv_cache: bool,
    pub scenario: String,
    pub value: f64,
    pub evidence: String,
}

/// What is averaged over scenarios: everything that tells backends and modes apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    pub metric: String,
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub mode: String,
    pub kv_cache: bool,
}

/// The runs of one group: values by scenario, and the weakest evidence among them.
#[derive(Debug, Default)]
pub struct Runs {
    pub by_scenario: BTreeMap<String, Vec<f64>>,
    weakest: usize,
}

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

pub fn group(observations: Vec<Observation>) -> BTreeMap<Group, Runs> {
    let mut groups: BTreeMap<Group, Runs> = BTreeMap::new();
    for o in observations {
        let group = Group {
            metric: o.metric,
            backend: o.backend,
            device: o.device,
            model: o.model,
            dtype: o.dtype,
            mode: o.mode,
            kv_cache: o.kv_cache,
        };
        let runs = groups.entry(group).or_default();
        runs.by_scenario.entry(o.scenario).or_default().push(o.value);
        let known = schemas::tables::EVIDENCE;
        runs.weakest = runs.weakest.max(known.iter().position(|e| *e == o.evidence).unwrap_or(known.len() - 1));
    }
    groups
}

/// One row a cell, and one a group where every value has a log.
pub fn estimates(groups: &BTreeMap<Group, Runs>, level: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (group, runs) in groups {
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
                evidence: schemas::tables::EVIDENCE[runs.weakest],
            });
        };
        for (scenario, values) in &runs.by_scenario {
            if let (Some(estimate), Some(median)) = (t_interval(values, level), median(values)) {
                push("cell", scenario, estimate, median);
            }
        }
        let blocks: Vec<Vec<f64>> = runs.by_scenario.values().cloned().collect();
        let means: Vec<f64> = blocks.iter().filter_map(|b| crate::stats::mean::mean(b)).collect();
        if let (Some(estimate), Some(median)) = (geometric_mean(&blocks, level), median(&means)) {
            push("backend_mode", "*", estimate, median);
        }
    }
    rows
}
