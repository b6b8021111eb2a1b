//! Sentences of the first screen.

use super::tiles::{Head, dollars};
use crate::{format::three_digits, number::Number, sql::tables};
use anyhow::Result;
use chrono::DateTime;
use recombine::Workbench;
use serde::Deserialize;

/// The configured objective in the mode that costs are about.
#[derive(Debug, Deserialize)]
pub struct Stated {
    pub objective: String,
    pub mode_name: String,
    pub backend: Option<String>,
    pub price: Option<String>,
    pub runner_up: Option<String>,
    pub margin_ratio: Option<f64>,
    pub margin_low: Option<f64>,
    pub margin_high: Option<f64>,
    pub ci_level: f64,
    pub reason: String,
    pub evidence: String,
}

/// Of an objective: what a winner is, what is won, and what the others do more of.
fn wording(objective: &str) -> (&'static str, &'static str, &'static str) {
    match objective {
        "cheapest" => ("the cheapest", "cost", "costs"),
        "least_energy" => ("the one with the least energy", "energy", "uses"),
        "least_carbon" => ("the one with the least carbon", "carbon", "emits"),
        "fastest" => ("the fastest", "speed", "takes"),
        _ => ("the best by the configured weights", "the configured weights", "weighs"),
    }
}

/// `head` is the backend that the tiles show.
pub fn sentence(stated: Option<&Stated>, head: Option<&str>) -> String {
    let (stated, name) = match (stated, head) {
        (_, None) => return "Nothing was decided: no backend finished a run.".into(),
        (None, Some(_)) => {
            return "No cost yet: these runs have neither energy nor a price by the hour. Add a power log, or \
                    `--usd-per-hour`."
                .into();
        }
        (Some(stated), Some(name)) => (stated, name),
    };
    let (winner, won, _) = wording(&stated.objective);
    match &stated.backend {
        Some(_) if stated.runner_up.is_none() => {
            format!("Only {name} has these numbers for {}, so there is nothing to compare.", stated.mode_name)
        }
        Some(_) => format!("Take {name}: it is {winner} for {}.", stated.mode_name),
        None => {
            let why = stated.reason.trim_start_matches("can't tell").trim_start_matches([':', ' ']);
            // "a from b" is the rest of "can't tell a from b".
            let why = if stated.reason.starts_with("can't tell ") { format!("can't tell {why}") } else { why.into() };
            format!("No winner on {won} for {}: {why}.", stated.mode_name)
        }
    }
}

pub fn costs(head: &Head, utilisation: f64) -> String {
    let Some(usd) = head.usd else {
        return format!("The cost of 1M {} with {} is not known.", head.tokens(), head.name);
    };
    let (shown, range) = dollars(Some(usd), head.usd_low, head.usd_high);
    let shown = if range.is_empty() { shown } else { format!("{shown} {range}") };
    let place = match (head.is_own(), head.hardware.as_deref()) {
        (true, _) => "on your own machine".to_string(),
        (false, hardware) => {
            let instance = [head.provider.as_deref(), head.instance.as_deref()].into_iter().flatten();
            let tier = head.tier.as_deref().unwrap_or_default().replace('_', " ");
            let other = if hardware == Some("extrapolated") { ", which is other hardware than ran" } else { "" };
            format!("on a rented {} ({tier}{other})", instance.collect::<Vec<_>>().join(" "))
        }
    };
    let paid = if head.is_electricity_alone() {
        ", in electricity alone".to_string()
    } else {
        let part = |value: Option<f64>| dollars(value, None, None).0;
        let electricity = match head.includes_power {
            Some(true) => "electricity included".into(),
            _ => format!("{} for electricity", part(head.energy_usd)),
        };
        format!(": {} for {}, {electricity}", part(head.infra_usd), head.hardware_part(utilisation))
    };
    format!("1M {} with {} cost {shown} {place}{paid}.", head.tokens(), head.name)
}

/// Which model ran on what, and when.
pub fn subject(bench: &Workbench, head: Option<&Head>) -> Result<String> {
    #[derive(Deserialize)]
    struct Session {
        started_ns: Option<i64>,
        source: String,
        cpu: Option<String>,
    }
    let Some(head) = head else { return Ok(String::new()) };
    let sessions: Vec<Session> = bench.select(tables::SESSION_DATE.sql)?;
    let cpu = sessions.iter().find_map(|s| s.cpu.clone());
    let hardware = match head.device.as_str() {
        "cpu" => cpu.unwrap_or_else(|| "a processor that the import does not name".into()),
        device => device.into(),
    };
    let day = |ns: i64| DateTime::from_timestamp_nanos(ns).format("%Y-%m-%d").to_string();
    let days: Vec<String> = sessions.iter().filter_map(|s| s.started_ns).map(day).collect();
    let imported = sessions.iter().any(|s| s.source == "imported");
    let when = match (days.first(), days.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(first), _) => first.clone(),
        _ => "on an unknown date".into(),
    };
    let verb = if imported { "imported, measured" } else { "measured" };
    Ok(format!("{} ({}) on {hardware}, {verb} {when}.", head.model, head.dtype))
}

pub fn margin(stated: Option<&Stated>) -> String {
    let Some((stated, ratio, next)) = stated.and_then(|s| Some((s, s.margin_ratio?, s.runner_up.as_deref()?))) else {
        return "Margin: none, there is no backend to compare with.".into();
    };
    let (_, _, verb) = wording(&stated.objective);
    let range = Number { low: stated.margin_low, high: stated.margin_high, ..Number::default() };
    let level = match range.low.zip(range.high) {
        Some((low, high)) => {
            format!(" [{}, {}] ({} % interval)", three_digits(low), three_digits(high), 100.0 * stated.ci_level)
        }
        None => ", without an interval".into(),
    };
    let price = match stated.price.as_deref() {
        None => String::new(),
        Some(price) if price.ends_with(" on_prem") => ", on the own machine".into(),
        Some(price) => format!(", at {}", price.replace('_', " ")),
    };
    format!(
        "Margin: {next} {verb} {}x as much{level}{price}; evidence: {}.",
        three_digits(ratio),
        stated.evidence.replace('_', " ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(backend: Option<&str>, reason: &str) -> Stated {
        Stated {
            objective: "cheapest".into(),
            mode_name: "generate, KV cache".into(),
            backend: backend.map(str::to_string),
            price: Some("own any this-machine on_prem".into()),
            runner_up: Some("b (cpu, f32)".into()),
            margin_ratio: Some(2.0),
            margin_low: Some(1.5),
            margin_high: Some(2.512),
            ci_level: 0.95,
            reason: reason.into(),
            evidence: "measured_counter".into(),
        }
    }

    fn head(tier: &str) -> Head {
        Head {
            name: "a".into(),
            mode: "generate".into(),
            tier: Some(tier.into()),
            provider: Some("aws".into()),
            instance: Some("g5.xlarge".into()),
            hardware: Some("measured".into()),
            includes_power: Some(false),
            infra_usd: Some(0.8123),
            energy_usd: Some(0.044_12),
            energy_usd_evidence: "estimated".into(),
            usd: Some(0.856_42),
            usd_low: Some(0.81),
            usd_high: Some(0.9),
            ..Head::default()
        }
    }

    #[test]
    fn names_a_winner_or_says_that_there_is_none() {
        let told = stated(Some("a (cpu, f32)"), "");
        assert_eq!(sentence(Some(&told), Some("a")), "Take a: it is the cheapest for generate, KV cache.");
        assert_eq!(
            margin(Some(&told)),
            "Margin: b (cpu, f32) costs 2x as much [1.5, 2.51] (95 % interval), on the own machine; evidence: measured counter."
        );
        let tied = stated(None, "can't tell a from b");
        assert_eq!(sentence(Some(&tied), Some("a")), "No winner on cost for generate, KV cache: can't tell a from b.");
        let model = stated(None, "can't tell: the energy is a model's");
        assert_eq!(
            sentence(Some(&model), Some("a")),
            "No winner on cost for generate, KV cache: the energy is a model's."
        );
        let alone = Stated { runner_up: None, ..stated(Some("a (cpu, f32)"), "") };
        assert_eq!(
            sentence(Some(&alone), Some("a")),
            "Only a has these numbers for generate, KV cache, so there is nothing to compare."
        );
        assert_eq!(sentence(None, None), "Nothing was decided: no backend finished a run.");
        assert_eq!(
            sentence(None, Some("a")),
            "No cost yet: these runs have neither energy nor a price by the hour. Add a power log, or `--usd-per-hour`."
        );
    }

    #[test]
    fn says_what_is_paid_for() {
        assert_eq!(
            costs(&head("on_prem"), 0.5),
            "1M output tokens with a cost $0.856 [0.81, 0.9] on your own machine: $0.812 for purchase, upkeep and idle at \
             utilisation 0.5, $0.0441 for electricity."
        );
        let alone = Head { infra_usd: Some(0.0), usd: Some(0.044_12), usd_low: None, ..head("on_prem") };
        assert_eq!(
            costs(&alone, 1.0),
            "1M output tokens with a cost $0.0441 on your own machine, in electricity alone."
        );
        let rent = Head { includes_power: Some(true), hardware: Some("extrapolated".into()), ..head("on_demand") };
        assert_eq!(
            costs(&rent, 1.0),
            "1M output tokens with a cost $0.856 [0.81, 0.9] on a rented aws g5.xlarge (on demand, which is other hardware than \
             ran): $0.812 for rent at utilisation 1, electricity included."
        );
        let unknown = Head { usd: None, mode: "prefill".into(), ..head("on_prem") };
        assert_eq!(costs(&unknown, 1.0), "The cost of 1M prompt tokens with a is not known.");
    }
}
