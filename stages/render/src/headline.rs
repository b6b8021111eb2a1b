//! The three lines a reader wants: cheapest, fastest, and how the energy is known. No winner where intervals overlap.

use crate::{
    format::{significant, with_interval},
    report::Ranked,
};
use anyhow::Result;
use recombine::Workbench;
use serde::Deserialize;

pub fn lines(bench: &Workbench) -> Result<Vec<String>> {
    Ok(vec![cheapest(bench)?, fastest(bench)?, evidence(bench)?])
}

/// Leaders of a list sorted best first: all whose interval meets the best one's. Without intervals nobody can be told apart.
pub fn leaders(sorted: &[Ranked]) -> Vec<&Ranked> {
    let Some(best) = sorted.first() else { return Vec::new() };
    let apart = |other: &Ranked| match (best.low, best.high, other.low, other.high) {
        (Some(low), Some(high), Some(other_low), Some(other_high)) => high < other_low || other_high < low,
        _ => false,
    };
    sorted.iter().filter(|r| std::ptr::eq(*r, best) || !apart(r)).collect()
}

fn say(sorted: &[Ranked], unit: &str) -> String {
    let shown = |r: &Ranked| format!("{} at {} {unit}", r.name, with_interval(r.value, r.low, r.high));
    match leaders(sorted).as_slice() {
        [] => "not known".into(),
        [best] => match sorted.get(1) {
            Some(next) => format!("{}, {} times the next", shown(best), significant(best.value / next.value)),
            None => shown(best),
        },
        tied => {
            format!("no winner, intervals overlap: {}", tied.iter().map(|r| shown(r)).collect::<Vec<_>>().join("; "))
        }
    }
}

/// The mode that costs are about: cached decoding where it was run, else decoding without a cache, else prefill.
const LAST_MODE: &str = "(select max(place) from mode_label as m where exists \
                         (select 1 from run as r where r.mode = m.mode and r.kv_cache = m.kv_cache and r.status = 'ok'))";

fn ranked_cost(bench: &Workbench, matched: &str) -> Result<Vec<Ranked>> {
    let sql = format!(
        "select backend || ' on ' || provider || ' ' || instance || ' (' || tier || \
         case when energy_evidence = 'estimated' and not includes_power then ', its energy an estimate)' else ')' end \
         as name, usd as value, usd - half_usd as low, usd + half_usd as high from ( \
           select *, row_number() over (partition by backend order by usd, provider, region, instance, tier) as rank \
           from backend_cost where match = '{matched}' and usd is not null and place = {LAST_MODE}) \
         where rank = 1 order by usd, name"
    );
    Ok(bench.select(&sql)?)
}

fn mode(bench: &Workbench) -> Result<String> {
    #[derive(Deserialize)]
    struct Label {
        label: String,
    }
    let labels: Vec<Label> = bench.select(&format!("select label from mode_label where place = {LAST_MODE}"))?;
    Ok(labels.into_iter().next().map_or_else(|| "no mode".into(), |l| l.label))
}

fn cheapest(bench: &Workbench) -> Result<String> {
    let (own, rented) = (ranked_cost(bench, "measured")?, ranked_cost(bench, "extrapolated")?);
    let unit = "USD per 1M tokens";
    let line = match (own.is_empty(), rented.is_empty()) {
        (true, true) => "not known: no price fits, or the energy that it needs is not known".to_string(),
        (false, true) => say(&own, unit),
        (true, false) => format!("extrapolated: {}", say(&rented, unit)),
        (false, false) => format!("{}. Extrapolated to rented hardware: {}", say(&own, unit), say(&rented, unit)),
    };
    Ok(format!("Cheapest ({}): {line}", mode(bench)?))
}

fn fastest(bench: &Workbench) -> Result<String> {
    let sql = format!(
        "select backend as name, estimate as value, ci_low as low, ci_high as high from backend_estimate \
         where metric in ('input_tokens_per_s', 'output_tokens_per_s') and place = {LAST_MODE} order by estimate desc, backend"
    );
    let sorted: Vec<Ranked> = bench.select(&sql)?;
    Ok(format!("Fastest ({}): {}", mode(bench)?, say(&sorted, "tokens/s")))
}

fn evidence(bench: &Workbench) -> Result<String> {
    #[derive(Deserialize)]
    struct Known {
        scope: String,
        evidence: String,
        runs: i64,
    }
    let sql = "select scope, evidence, count(*) as runs from run_energy where device_id = 'total' \
               group by scope, evidence order by scope, evidence";
    let known: Vec<Known> = bench.select(sql)?;
    let shown: Vec<String> = known.iter().map(|k| format!("{} {} ({} runs)", k.scope, k.evidence, k.runs)).collect();
    let line = if shown.is_empty() { "no run has any".into() } else { shown.join("; ") };
    Ok(format!("Evidence of the energy: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(name: &str, value: f64, half: Option<f64>) -> Ranked {
        Ranked { name: name.into(), value, low: half.map(|h| value - h), high: half.map(|h| value + h) }
    }

    #[test]
    fn a_winner_needs_an_interval_of_its_own() {
        let clear = [ranked("a", 1.0, Some(0.1)), ranked("b", 2.0, Some(0.1))];
        assert_eq!(say(&clear, "USD"), "a at 1 [0.9, 1.1] USD, 0.5 times the next");
        let tie = [ranked("a", 1.0, Some(0.6)), ranked("b", 2.0, Some(0.6)), ranked("c", 9.0, Some(0.6))];
        assert_eq!(say(&tie, "USD"), "no winner, intervals overlap: a at 1 [0.4, 1.6] USD; b at 2 [1.4, 2.6] USD");
        let unknown = [ranked("a", 1.0, None), ranked("b", 2.0, None)];
        assert_eq!(say(&unknown, "USD"), "no winner, intervals overlap: a at 1 USD; b at 2 USD");
        assert_eq!(say(&[], "USD"), "not known");
    }
}
