//! Who stands for a decision, in order, and how far the others are from the best.

use crate::{
    config::Config,
    contenders::{Contender, Contenders, Place},
    known::Known,
};
use stats::{block_mean::contrast, holm::holm, t_test::TTest};
use std::collections::BTreeSet;

/// The backends of one objective and place, best first, each other one tested against the best.
pub struct Contest<'a> {
    pub objective: &'a str,
    pub place: &'a Place,
    pub left: Vec<(&'a String, &'a Contender)>,
    pub excluded: Vec<String>,
    pub unknown: usize,
    pub scenarios: usize,
    /// Those after the best, and p adjusted by Holm over them.
    pub others: Vec<(&'a String, Option<TTest>)>,
    pub adjusted: Vec<Option<f64>>,
    pub known: Known,
}

impl Contest<'_> {
    /// Of the claim that the best is better than every other; `None` where it cannot be made.
    pub fn p(&self) -> Option<f64> {
        let p = self.adjusted.iter().copied().collect::<Option<Vec<f64>>>()?;
        p.into_iter().reduce(f64::max).filter(|_| !self.known.is_model)
    }
}

pub fn contest<'a>(
    objective: &'a str,
    place: &'a Place,
    contenders: &'a Contenders,
    times: &'a Contenders,
    config: &Config,
) -> Contest<'a> {
    let scenarios: BTreeSet<&String> = contenders.values().flat_map(|c| c.logs.keys()).collect();
    let (mut left, mut excluded) = (Vec::new(), Vec::new());
    for (name, contender) in contenders {
        match exclusion(contender, times.get(name), scenarios.len(), config) {
            Some(why) => excluded.push(format!("{name}: {why}")),
            None => left.push((name, contender)),
        }
    }
    // What ran is not compared with what would be elsewhere.
    if left.iter().any(|(_, c): &(&String, &Contender)| !c.known.is_extrapolated()) {
        left.retain(|(name, c)| {
            if c.known.is_extrapolated() {
                excluded.push(format!("{name}: extrapolated, and others are not"));
            }
            !c.known.is_extrapolated()
        });
    }
    let asked = excluded.len();
    excluded
        .extend(times.keys().filter(|name| !contenders.contains_key(*name)).map(|name| format!("{name}: not known")));
    let unknown = excluded.len() - asked;
    left.sort_by(|a, b| a.1.centre.total_cmp(&b.1.centre));
    let best = left.first();
    let others: Vec<(&String, Option<TTest>)> =
        left.iter().skip(1).map(|(name, c)| (*name, best.and_then(|(_, b)| margin(b, c, config.ci_level)))).collect();
    let adjusted = holm(&others.iter().map(|(_, t)| t.map(|t| t.p)).collect::<Vec<_>>());
    let known = left.iter().map(|(_, c)| c.known).fold(Known::FIRM, Known::weaker);
    let scenarios = scenarios.len();
    Contest { objective, place, left, excluded, unknown, scenarios, others, adjusted, known }
}

/// Why a backend may not be chosen.
fn exclusion(contender: &Contender, time: Option<&Contender>, scenarios: usize, config: &Config) -> Option<String> {
    if let Some(max) = config.decision.max_latency_ms {
        let slowest = time.and_then(|t| t.logs.values().copied().reduce(f64::max)).map(f64::exp);
        // A request's time is in seconds and has no scenarios.
        let request = time.filter(|t| t.logs.is_empty()).map(|t| t.centre.exp() * 1e3);
        let whose = if request.is_some() { "a request" } else { "its slowest scenario" };
        match request.or(slowest) {
            None => return Some(format!("latency not known, more than {max} ms")),
            Some(ms) if ms > max => return Some(format!("{ms:.0} ms in {whose}, more than {max} ms")),
            Some(_) => {}
        }
    }
    (contender.logs.len() < scenarios).then(|| format!("known in {} of {scenarios} scenarios", contender.logs.len()))
}

/// Log of other over best, with its error from runs or else from scenarios.
fn margin(best: &Contender, other: &Contender, level: f64) -> Option<TTest> {
    if let Some((a, b)) = best.error.zip(other.error) {
        return contrast(&a, &b, level).ok();
    }
    let (a, b): (Vec<f64>, Vec<f64>) =
        best.logs.iter().filter_map(|(s, log)| Some((log.exp(), other.logs.get(s)?.exp()))).unzip();
    best.over.paired(&a, &b, level).ok()
}
