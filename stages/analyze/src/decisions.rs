//! `decision`: for each objective and mode the backend to take, by how much, what would change it, or that it cannot be told.

use crate::{
    config::{Config, Weights},
    stats::{
        holm::holm,
        mean::mean,
        paired::{Paired, paired},
    },
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One backend in one scenario, by what one objective minimises.
#[derive(Debug, Clone, Deserialize)]
pub struct Candidate {
    objective: String,
    metric: String,
    backend: String,
    device: String,
    model: String,
    dtype: String,
    mode: String,
    kv_cache: bool,
    scenario: String,
    value: f64,
    evidence: String,
    price: Option<String>,
    hours_per_mtok: Option<f64>,
    kwh_per_mtok: Option<f64>,
    usd_per_used_hour: Option<f64>,
    usd_per_used_kwh: Option<f64>,
}

/// A row of `decision`.
#[derive(Debug, Serialize)]
pub struct Row {
    objective: String,
    model: String,
    mode: String,
    kv_cache: bool,
    stated: bool,
    metric: String,
    backend: Option<String>,
    price: Option<String>,
    estimate: Option<f64>,
    runner_up: Option<String>,
    margin_ratio: Option<f64>,
    margin_low: Option<f64>,
    margin_high: Option<f64>,
    p_adjusted: Option<f64>,
    ci_level: f64,
    tied: Vec<String>,
    excluded: Vec<String>,
    flip_usd_per_hour: Option<f64>,
    flip_usd_per_kwh: Option<f64>,
    flip_utilisation: Option<f64>,
    reason: String,
    evidence: &'static str,
}

type Mode = (String, String, bool);

/// A backend over its scenarios: logs of what is minimised.
#[derive(Debug, Clone)]
struct Contender {
    logs: BTreeMap<String, f64>,
    metric: String,
    weakest: usize,
    /// A model gave its energy: from utilisation, which says nothing about the engine.
    estimated: bool,
    price: Option<String>,
    hours: Vec<f64>,
    kwh: Vec<f64>,
    usd_per_used_hour: Option<f64>,
    usd_per_used_kwh: Option<f64>,
}

type Contenders = BTreeMap<String, Contender>;

/// Utilisation is the configured one of the costs.
pub fn decisions(candidates: &[Candidate], config: &Config, utilisation: f64) -> Vec<Row> {
    let mut all: BTreeMap<(String, Mode), Contenders> = BTreeMap::new();
    for c in candidates {
        let mode = (c.model.clone(), c.mode.clone(), c.kv_cache);
        let name = format!("{} ({}, {})", c.backend, c.device, c.dtype);
        let known = schemas::tables::EVIDENCE;
        let weakness = known.iter().position(|e| *e == c.evidence).unwrap_or(known.len() - 1);
        let contender = all.entry((c.objective.clone(), mode)).or_default().entry(name).or_insert_with(|| Contender {
            logs: BTreeMap::new(),
            metric: c.metric.clone(),
            weakest: 0,
            estimated: false,
            price: c.price.clone(),
            hours: Vec::new(),
            kwh: Vec::new(),
            usd_per_used_hour: c.usd_per_used_hour,
            usd_per_used_kwh: c.usd_per_used_kwh,
        });
        contender.logs.insert(c.scenario.clone(), c.value.ln());
        contender.weakest = contender.weakest.max(weakness);
        contender.estimated |= c.evidence == "estimated";
        contender.hours.extend(c.hours_per_mtok);
        contender.kwh.extend(c.kwh_per_mtok);
    }
    if config.decision.weights.any() {
        let modes: BTreeSet<Mode> = all.keys().map(|(_, mode)| mode.clone()).collect();
        for mode in modes {
            let weighted = weigh(&all, &mode, &config.decision.weights);
            all.insert(("weighted".into(), mode), weighted);
        }
    }
    let latency: BTreeMap<Mode, Contenders> = all
        .iter()
        .filter(|((objective, _), _)| objective == "fastest")
        .map(|((_, mode), contenders)| (mode.clone(), contenders.clone()))
        .collect();
    let none = Contenders::new();
    let decide_one = |((objective, mode), contenders): (&(String, Mode), &Contenders)| {
        decide(objective, mode, contenders, latency.get(mode).unwrap_or(&none), config, utilisation)
    };
    all.iter().map(decide_one).collect()
}

/// Weighted sums of the objectives' logs, where a backend has all that weigh anything, relative to the mean of all backends.
fn weigh(all: &BTreeMap<(String, Mode), Contenders>, mode: &Mode, weights: &Weights) -> Contenders {
    let parts: Vec<(f64, &Contenders)> = weights
        .parts()
        .into_iter()
        .filter(|(_, weight)| *weight > 0.0)
        .filter_map(|(objective, weight)| Some((weight, all.get(&(objective.to_string(), mode.clone()))?)))
        .collect();
    let wanted = weights.parts().iter().filter(|(_, weight)| *weight > 0.0).count();
    let sum: f64 = parts.iter().map(|(weight, _)| weight).sum();
    let mut weighted = Contenders::new();
    if parts.len() < wanted {
        return weighted;
    }
    let names: BTreeSet<&String> = parts.iter().flat_map(|(_, contenders)| contenders.keys()).collect();
    for name in names {
        let Some(of_name) = parts.iter().map(|(w, c)| Some((*w, c.get(name)?))).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let mut contender = of_name[0].1.clone();
        contender.metric = "weighted relative value".into();
        contender.weakest = of_name.iter().map(|(_, c)| c.weakest).max().unwrap_or(0);
        contender.estimated = of_name.iter().any(|(_, c)| c.estimated);
        contender.price = of_name.iter().find_map(|(_, c)| c.price.clone());
        let scenarios = contender.logs.keys().cloned().collect::<Vec<_>>();
        contender.logs = scenarios
            .into_iter()
            .filter_map(|scenario| {
                let logs = of_name.iter().map(|(w, c)| Some(w / sum * c.logs.get(&scenario)?));
                Some((scenario.clone(), logs.collect::<Option<Vec<_>>>()?.iter().sum()))
            })
            .collect();
        weighted.insert(name.clone(), contender);
    }
    let scenarios: BTreeSet<String> = weighted.values().flat_map(|c| c.logs.keys().cloned()).collect();
    for scenario in scenarios {
        let level = mean(&weighted.values().filter_map(|c| c.logs.get(&scenario).copied()).collect::<Vec<_>>());
        let centre = level.unwrap_or(0.0);
        weighted.values_mut().filter_map(|c| c.logs.get_mut(&scenario)).for_each(|log| *log -= centre);
    }
    weighted
}

fn decide(
    objective: &str,
    (model, mode, kv_cache): &Mode,
    contenders: &Contenders,
    latency: &Contenders,
    config: &Config,
    utilisation: f64,
) -> Row {
    let scenarios: BTreeSet<&String> = contenders.values().flat_map(|c| c.logs.keys()).collect();
    let (mut left, mut excluded) = (Vec::new(), Vec::new());
    for (name, contender) in contenders {
        let slowest = latency.get(name).and_then(|l| l.logs.values().copied().reduce(f64::max)).map(f64::exp);
        let too_slow = config.decision.max_latency_ms.filter(|max| slowest.is_none_or(|ms| ms > *max));
        if let Some(max) = too_slow {
            let found = slowest
                .map_or_else(|| "latency not known".to_string(), |ms| format!("{ms:.0} ms in its slowest scenario"));
            excluded.push(format!("{name}: {found}, more than {max} ms"));
        } else if contender.logs.len() < scenarios.len() {
            excluded.push(format!("{name}: known in {} of {} scenarios", contender.logs.len(), scenarios.len()));
        } else {
            left.push((
                name,
                contender,
                mean(&contender.logs.values().copied().collect::<Vec<_>>()).unwrap_or(f64::NAN),
            ));
        }
    }
    left.sort_by(|a, b| a.2.total_cmp(&b.2));
    let against = |other: &Contender| -> Option<Paired> {
        let best = left.first()?.1;
        let ratios: Vec<f64> = best.logs.iter().filter_map(|(s, log)| Some(other.logs.get(s)? - log)).collect();
        paired(&ratios, config.ci_level)
    };
    let others: Vec<(&String, Option<Paired>)> = left.iter().skip(1).map(|(name, c, _)| (*name, against(c))).collect();
    let adjusted = holm(&others.iter().map(|(_, r)| r.as_ref().and_then(|r| r.p)).collect::<Vec<_>>());
    let certain = |p: &Option<f64>| p.is_some_and(|p| p < 1.0 - config.ci_level);
    let tied: Vec<String> =
        others.iter().zip(&adjusted).filter(|(_, p)| !certain(p)).map(|((name, _), _)| (*name).clone()).collect();
    let (best, runner) = (left.first(), left.get(1));
    let result = others.first().and_then(|(_, r)| r.as_ref());
    let flips = best.zip(runner).filter(|_| objective == "cheapest").map(|(a, b)| Flips::of(a.1, b.1, utilisation));
    let estimated = !others.is_empty() && left.iter().any(|(_, c, _)| c.estimated);
    let reason = match (best, tied.is_empty()) {
        (None, _) => "no backend is left: none has the numbers, or constraints exclude all".to_string(),
        (Some(_), _) if others.is_empty() => "the only backend that has the numbers".to_string(),
        _ if estimated => {
            "can't tell: the energy is an estimate from utilisation, which does not rank backends".to_string()
        }
        (Some(_), true) => format!("better than every other over {} scenarios", scenarios.len()),
        (Some(_), false) if scenarios.len() < 2 => "can't tell from one scenario".to_string(),
        (Some((name, _, _)), false) => format!("can't tell {name} from {}", tied.join(", ")),
    };
    let weakest = left.iter().map(|(_, c, _)| c.weakest).max().unwrap_or(schemas::tables::EVIDENCE.len() - 1);
    Row {
        objective: objective.into(),
        model: model.clone(),
        mode: mode.clone(),
        kv_cache: *kv_cache,
        stated: config.decision.objective.name() == objective,
        metric: contenders.values().next().map(|c| c.metric.clone()).unwrap_or_default(),
        backend: best.filter(|_| tied.is_empty() && !estimated).map(|(name, _, _)| (*name).clone()),
        price: best.and_then(|(_, c, _)| c.price.clone()),
        estimate: best.map(|(_, _, log)| log.exp()),
        runner_up: runner.map(|(name, _, _)| (*name).clone()),
        margin_ratio: result.map(|r| r.ratio),
        margin_low: result.and_then(|r| r.ratio_interval).map(|i| i.0),
        margin_high: result.and_then(|r| r.ratio_interval).map(|i| i.1),
        p_adjusted: adjusted.first().copied().flatten(),
        ci_level: config.ci_level,
        tied,
        excluded,
        flip_usd_per_hour: flips.as_ref().and_then(|f| f.usd_per_hour),
        flip_usd_per_kwh: flips.as_ref().and_then(|f| f.usd_per_kwh),
        flip_utilisation: flips.and_then(|f| f.utilisation),
        reason,
        evidence: schemas::tables::EVIDENCE[weakest],
    }
}

/// Where `rate x hours + tariff x kWh` of two backends is the same, if anywhere: one is faster, the other needs less energy.
struct Flips {
    usd_per_hour: Option<f64>,
    usd_per_kwh: Option<f64>,
    utilisation: Option<f64>,
}

impl Flips {
    /// The rate that is paid is over utilisation: the less a machine works, the dearer is its hour of use.
    fn of(a: &Contender, b: &Contender, utilisation: f64) -> Flips {
        let both = |x: &[f64], y: &[f64]| Some(mean(x)? - mean(y)?);
        let (hours, kwh) = (both(&a.hours, &b.hours), both(&b.kwh, &a.kwh));
        let ratio = |x: Option<f64>, y: Option<f64>| x.zip(y).map(|(x, y)| x / y).filter(|r| *r > 0.0 && r.is_finite());
        let kwh_over_hours = ratio(kwh, hours);
        let used_rate = a.usd_per_used_kwh.zip(kwh_over_hours).map(|(tariff, r)| tariff * r).filter(|r| *r > 0.0);
        let usd_per_kwh = a.usd_per_used_hour.zip(kwh_over_hours).map(|(rate, r)| rate / r).filter(|t| *t > 0.0);
        let paid = a.usd_per_used_hour.map(|rate| rate * utilisation).filter(|rate| *rate > 0.0);
        Flips {
            usd_per_hour: used_rate.map(|rate| rate * utilisation),
            usd_per_kwh,
            utilisation: paid.zip(used_rate).map(|(paid, used)| paid / used).filter(|u| *u <= 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Decision, Objective};

    fn candidate(objective: &str, backend: &str, scenario: &str, value: f64) -> Candidate {
        Candidate {
            objective: objective.into(),
            metric: "m".into(),
            backend: backend.into(),
            device: "cpu".into(),
            model: "m".into(),
            dtype: "f32".into(),
            mode: "prefill".into(),
            kv_cache: false,
            scenario: scenario.into(),
            value,
            evidence: "measured".into(),
            price: None,
            hours_per_mtok: None,
            kwh_per_mtok: None,
            usd_per_used_hour: None,
            usd_per_used_kwh: None,
        }
    }

    fn of(objective: &str, backend: &str, values: [f64; 3]) -> Vec<Candidate> {
        ["x", "y", "z"].iter().zip(values).map(|(scenario, v)| candidate(objective, backend, scenario, v)).collect()
    }

    fn config(max_latency_ms: Option<f64>, weights: Weights) -> Config {
        let decision = Decision { objective: Objective::Fastest, max_latency_ms, weights };
        Config { decision, ..Config::for_tests() }
    }

    const NO_WEIGHTS: Weights = Weights { usd: 0.0, kwh: 0.0, gco2e: 0.0, latency: 0.0 };

    #[test]
    fn a_clear_winner_and_a_tie() {
        let clear = [of("fastest", "a", [10.0, 20.0, 30.0]), of("fastest", "b", [15.0, 31.0, 44.0])].concat();
        let row = &decisions(&clear, &config(None, NO_WEIGHTS), 1.0)[0];
        assert_eq!(row.backend.as_deref(), Some("a (cpu, f32)"));
        assert!(row.tied.is_empty() && (row.margin_ratio.unwrap() - 1.505).abs() < 0.01, "{row:?}");
        assert!(row.margin_low.unwrap() > 1.0 && row.p_adjusted.unwrap() < 0.05);
        assert_eq!(row.reason, "better than every other over 3 scenarios");

        let tie = [of("fastest", "a", [10.0, 20.0, 30.0]), of("fastest", "b", [8.0, 26.0, 31.0])].concat();
        let row = &decisions(&tie, &config(None, NO_WEIGHTS), 1.0)[0];
        assert_eq!((row.backend.as_deref(), row.tied.len()), (None, 1));
        assert_eq!(row.reason, "can't tell a (cpu, f32) from b (cpu, f32)");

        let one = [candidate("fastest", "a", "x", 1.0), candidate("fastest", "b", "x", 9.0)];
        assert_eq!(decisions(&one, &config(None, NO_WEIGHTS), 1.0)[0].reason, "can't tell from one scenario");
    }

    #[test]
    fn constraints_and_gaps_exclude() {
        let mut all = [of("fastest", "a", [10.0, 20.0, 90.0]), of("fastest", "b", [15.0, 31.0, 44.0])].concat();
        all.push(candidate("fastest", "c", "x", 1.0));
        let row = &decisions(&all, &config(Some(50.0), NO_WEIGHTS), 1.0)[0];
        assert_eq!(row.backend.as_deref(), Some("b (cpu, f32)"));
        assert_eq!(
            row.excluded,
            ["a (cpu, f32): 90 ms in its slowest scenario, more than 50 ms", "c (cpu, f32): known in 1 of 3 scenarios"]
        );
        assert_eq!(row.reason, "the only backend that has the numbers");
        let none = &decisions(&all, &config(Some(0.5), NO_WEIGHTS), 1.0)[0];
        assert_eq!((none.backend.as_deref(), none.estimate), (None, None));
    }

    #[test]
    fn an_estimate_ranks_nothing() {
        let all = [of("least_energy", "a", [1.0, 2.0, 3.0]), of("least_energy", "b", [5.0, 10.0, 15.5])].concat();
        let backend = |all: &[Candidate]| decisions(all, &config(None, NO_WEIGHTS), 1.0).remove(0).backend;
        assert_eq!(backend(&all).as_deref(), Some("a (cpu, f32)"));
        let mut estimated = all.clone();
        estimated[0].evidence = "estimated".into();
        assert_eq!(backend(&estimated), None);
        assert_eq!(backend(&estimated[..3]).as_deref(), Some("a (cpu, f32)"), "alone it is not ranked");
    }

    #[test]
    fn where_the_order_flips() {
        // a: 2 h and 0.1 kWh, b: 1 h and 0.4 kWh a million. At 0.30 USD/kWh and R USD an hour both cost the same at
        // R (2 - 1) = 0.3 (0.4 - 0.1), 0.09; a is cheaper below.
        let usd = |backend: &str, hours: f64, kwh: f64| {
            ["x", "y", "z"].map(|scenario| Candidate {
                hours_per_mtok: Some(hours),
                kwh_per_mtok: Some(kwh),
                usd_per_used_hour: Some(0.04),
                usd_per_used_kwh: Some(0.3),
                ..candidate("cheapest", backend, scenario, 0.04 * hours + 0.3 * kwh)
            })
        };
        let row = &decisions(&[usd("a", 2.0, 0.1), usd("b", 1.0, 0.4)].concat(), &config(None, NO_WEIGHTS), 0.5)[0];
        assert_eq!(row.runner_up.as_deref(), Some("b (cpu, f32)"));
        // At half utilisation an hour that works costs twice its rate.
        assert!((row.flip_usd_per_hour.unwrap() - 0.045).abs() < 1e-12);
        assert!((row.flip_usd_per_kwh.unwrap() - 0.04 / 0.3).abs() < 1e-12);
        assert!((row.flip_utilisation.unwrap() - 0.02 / 0.09).abs() < 1e-12);
        let never = &decisions(&[usd("a", 1.0, 0.1), usd("b", 2.0, 0.4)].concat(), &config(None, NO_WEIGHTS), 0.5)[0];
        assert_eq!((never.flip_usd_per_hour, never.flip_utilisation), (None, None));
    }

    #[test]
    fn weights_trade_one_for_another() {
        let all = [
            of("fastest", "a", [10.0, 20.0, 30.0]),
            of("fastest", "b", [20.0, 40.0, 60.0]),
            of("least_energy", "a", [8.0, 8.1, 8.0]),
            of("least_energy", "b", [1.0, 1.0, 1.1]),
        ]
        .concat();
        let weights = |kwh, latency| Weights { usd: 0.0, kwh, gco2e: 0.0, latency };
        let backend = |weights| {
            let rows = decisions(&all, &config(None, weights), 1.0);
            rows.iter().find(|r| r.objective == "weighted").and_then(|r| r.backend.clone())
        };
        assert_eq!(backend(weights(1.0, 1.0)).as_deref(), Some("b (cpu, f32)"));
        assert_eq!(backend(weights(0.1, 1.0)).as_deref(), Some("a (cpu, f32)"));
        let needs_usd = Weights { usd: 1.0, ..weights(1.0, 1.0) };
        assert_eq!(backend(needs_usd), None, "no backend has dollars");
    }
}
