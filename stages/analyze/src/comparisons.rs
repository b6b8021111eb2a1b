//! `comparison`: every pair of backends, per metric, model and mode, blocked by scenario.

use crate::{
    estimates::{Group, Runs},
    stats::{
        holm::holm,
        mean::mean,
        paired::{Paired, paired},
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A row of `comparison`.
#[derive(Debug, Serialize)]
pub struct Row {
    metric: String,
    model: String,
    mode: String,
    kv_cache: bool,
    a: String,
    b: String,
    test: &'static str,
    statistic: Option<f64>,
    df: Option<f64>,
    p: Option<f64>,
    p_adjusted: Option<f64>,
    difference: f64,
    ratio: f64,
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
    ci_level: f64,
    effect_size: Option<f64>,
    effect_low: Option<f64>,
    effect_high: Option<f64>,
    n: usize,
    blocks: usize,
}

/// Metrics that have a log and are worth a test.
const COMPARED: &[&str] =
    &["latency_ms", "ttft_ms", "tpot_ms", "input_tokens_per_s", "output_tokens_per_s", "gross_kwh_per_mtok"];

type Family = (String, String, String, bool);

pub fn comparisons(groups: &BTreeMap<Group, Runs>, level: f64) -> Vec<Row> {
    let mut families: BTreeMap<Family, Vec<(String, &Runs)>> = BTreeMap::new();
    for (g, runs) in groups.iter().filter(|(g, _)| COMPARED.contains(&g.metric.as_str())) {
        let family = (g.metric.clone(), g.model.clone(), g.mode.clone(), g.kv_cache);
        families.entry(family).or_default().push((label(g, groups), runs));
    }
    families.into_iter().flat_map(|(family, backends)| compare(&family, &backends, level)).collect()
}

/// The backend's name, with device and dtype where the name alone stands for several.
fn label(group: &Group, groups: &BTreeMap<Group, Runs>) -> String {
    let twin = |g: &&Group| g.backend == group.backend && (g.device != group.device || g.dtype != group.dtype);
    match groups.keys().find(twin) {
        None => group.backend.clone(),
        Some(_) => format!("{} ({}, {})", group.backend, group.device, group.dtype),
    }
}

/// One block: means of logs and of values of both backends, and how many runs are behind them.
struct Block {
    log_ratio: f64,
    difference: f64,
    n: usize,
}

fn blocks(a: &Runs, b: &Runs) -> Vec<Block> {
    let log_mean = |v: &[f64]| mean(&v.iter().map(|x| x.ln()).collect::<Vec<_>>()).filter(|m| m.is_finite());
    let block = |(scenario, x): (&String, &Vec<f64>)| {
        let y = b.by_scenario.get(scenario)?;
        Some(Block { log_ratio: log_mean(y)? - log_mean(x)?, difference: mean(y)? - mean(x)?, n: x.len() + y.len() })
    };
    a.by_scenario.iter().filter_map(block).collect()
}

fn compare(family: &Family, backends: &[(String, &Runs)], level: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (i, (a, a_runs)) in backends.iter().enumerate() {
        for (b, b_runs) in &backends[i + 1..] {
            let blocks = blocks(a_runs, b_runs);
            let log_ratios: Vec<f64> = blocks.iter().map(|b| b.log_ratio).collect();
            let Some(result) = paired(&log_ratios, level) else { continue };
            rows.push(row(family, a, b, &blocks, &result, level));
        }
    }
    let adjusted = holm(&rows.iter().map(|r: &Row| r.p).collect::<Vec<_>>());
    rows.iter_mut().zip(adjusted).for_each(|(row, p)| row.p_adjusted = p);
    rows
}

fn row(family: &Family, a: &str, b: &str, blocks: &[Block], result: &Paired, level: f64) -> Row {
    let (metric, model, mode, kv_cache) = family.clone();
    Row {
        metric,
        model,
        mode,
        kv_cache,
        a: a.into(),
        b: b.into(),
        test: "paired t on mean logs, blocked by scenario",
        statistic: result.t,
        df: result.df,
        p: result.p,
        p_adjusted: None,
        difference: blocks.iter().map(|b| b.difference).sum::<f64>() / blocks.len() as f64,
        ratio: result.ratio,
        ratio_low: result.ratio_interval.map(|r| r.0),
        ratio_high: result.ratio_interval.map(|r| r.1),
        ci_level: level,
        effect_size: result.effect,
        effect_low: result.effect_interval.map(|e| e.0),
        effect_high: result.effect_interval.map(|e| e.1),
        n: blocks.iter().map(|b| b.n).sum(),
        blocks: blocks.len(),
    }
}
