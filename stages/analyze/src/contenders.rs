//! Who may be chosen: each backend by what an objective makes small, per million tokens of a mode or per request of a workload.

use crate::{
    comparisons::label,
    config::Weights,
    known::Known,
    observed::{self, Group, Runs},
};
use serde::Deserialize;
use stats::{block_mean::BlockMean, mean::mean, positive_mean::Cell, scenario_mean::Over};
use std::collections::{BTreeMap, BTreeSet};

/// A cell at the price that its backend is compared at.
#[derive(Debug, Clone, Deserialize)]
pub struct Chosen {
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub mode: String,
    pub kv_cache: bool,
    pub price: String,
    pub hours_per_mtok: f64,
    pub kwh_per_mtok: Option<f64>,
    pub embodied_gco2e_per_mtok: Option<f64>,
    pub usd_per_used_hour: Option<f64>,
    pub usd_per_used_kwh: Option<f64>,
}

impl Chosen {
    pub fn is_of(&self, group: &Group) -> bool {
        (&self.backend, &self.device, &self.model, &self.dtype)
            == (&group.backend, &group.device, &group.model, &group.dtype)
            && (&self.mode, self.kv_cache) == (&group.mode, group.kv_cache)
    }
}

/// Requests of one kind.
#[derive(Debug, Clone, Deserialize)]
pub struct Workload {
    pub workload: String,
    pub prompt_tokens: f64,
    pub generated_tokens: f64,
}

/// Between which lengths of a sequence the runs of a backend lie.
#[derive(Debug, Clone, Deserialize)]
pub struct Lengths {
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub least_prompt_tokens: Option<f64>,
    pub most_prompt_tokens: Option<f64>,
    pub least_new_tokens: Option<f64>,
    pub most_new_tokens: Option<f64>,
}

impl Lengths {
    fn is_of(&self, group: &Group) -> bool {
        (&self.backend, &self.device, &self.model, &self.dtype)
            == (&group.backend, &group.device, &group.model, &group.dtype)
    }

    /// Whether runs had such a prompt and so many new tokens.
    fn hold(&self, workload: &Workload) -> bool {
        let holds = |tokens: f64, least: Option<f64>, most: Option<f64>| {
            tokens == 0.0 || least.zip(most).is_some_and(|(least, most)| (least..=most).contains(&tokens))
        };
        holds(workload.prompt_tokens, self.least_prompt_tokens, self.most_prompt_tokens)
            && holds(workload.generated_tokens, self.least_new_tokens, self.most_new_tokens)
    }
}

/// A backend by what is minimised.
#[derive(Debug, Clone)]
pub struct Contender {
    /// Log of the mean over runs in each scenario; of a workload none.
    pub logs: BTreeMap<String, f64>,
    /// Which mean over scenarios `centre` is the log of.
    pub over: Over,
    pub centre: f64,
    /// Where runs give one.
    pub error: Option<BlockMean>,
    pub known: Known,
    pub price: Option<String>,
    pub hours: Vec<f64>,
    pub kwh: Vec<f64>,
    pub embodied_gco2e: Vec<f64>,
    pub usd_per_used_hour: Option<f64>,
    pub usd_per_used_kwh: Option<f64>,
}

impl Contender {
    fn new(over: Over, centre: f64, error: Option<BlockMean>, known: Known) -> Self {
        Contender {
            logs: BTreeMap::new(),
            over,
            centre,
            error,
            known,
            price: None,
            hours: Vec::new(),
            kwh: Vec::new(),
            embodied_gco2e: Vec::new(),
            usd_per_used_hour: None,
            usd_per_used_kwh: None,
        }
    }
}

/// Model, mode, cache and workload (`*`: a million tokens of the mode).
pub type Place = (String, String, bool, String);
pub type Contenders = BTreeMap<String, Contender>;

/// What an objective makes small: per million tokens, and its name per request.
pub const OBJECTIVES: [(&str, &str, &str); 4] = [
    ("cheapest", "total_usd_per_mtok", "total_usd"),
    ("least_energy", "gross_kwh_per_mtok", "energy_kwh"),
    ("least_carbon", "gco2e_per_mtok", "carbon_gco2e"),
    ("fastest", "latency_ms", "request_s"),
];

pub const EACH_TOKEN: &str = "*";

/// Everything by objective and place, under the backends' names.
pub fn contenders(
    groups: &BTreeMap<Group, Runs>,
    chosen: &[Chosen],
    workloads: &[Workload],
    lengths: &[Lengths],
    weights: &Weights,
) -> BTreeMap<(String, Place), Contenders> {
    let mut all: BTreeMap<(String, Place), Contenders> = BTreeMap::new();
    for (objective, metric, _) in OBJECTIVES {
        for (g, runs) in groups.iter().filter(|(g, _)| g.metric == metric) {
            let place = (g.model.clone(), g.mode.clone(), g.kv_cache, EACH_TOKEN.to_string());
            if let Some(found) = of_mode(metric, runs) {
                let found = priced(found, objective, &[(1.0, g)], chosen);
                all.entry((objective.into(), place)).or_default().insert(label(g, groups), found);
            }
        }
        for workload in workloads {
            for g in groups.keys().filter(|g| g.mode == "generate" && g.metric == token_metric(objective, &g.mode)) {
                let prefill = Group {
                    metric: token_metric(objective, "prefill").into(),
                    mode: "prefill".into(),
                    kv_cache: false,
                    ..g.clone()
                };
                let Some(mut found) = of_workload(groups, &prefill, g, workload, objective == "fastest") else {
                    continue;
                };
                if !lengths.iter().any(|l| l.is_of(g) && l.hold(workload)) {
                    found.known = found.known.weaker(Known::EXTRAPOLATED);
                }
                let place = (g.model.clone(), g.mode.clone(), g.kv_cache, workload.workload.clone());
                let (prompt, generated) = (workload.prompt_tokens / 1e6, workload.generated_tokens / 1e6);
                let found = priced(found, objective, &[(prompt, &prefill), (generated, g)], chosen);
                all.entry((objective.into(), place)).or_default().insert(label(g, groups), found);
            }
        }
    }
    if weights.any() {
        let places: BTreeSet<Place> = all.keys().map(|(_, place)| place.clone()).collect();
        for place in places {
            let weighted = weigh(&all, &place, weights);
            all.insert(("weighted".into(), place), weighted);
        }
    }
    all
}

/// The metric that counts a token of a mode.
fn token_metric(objective: &str, mode: &str) -> &'static str {
    match (objective, mode) {
        ("fastest", "prefill") => "input_tokens_per_s",
        ("fastest", _) => "output_tokens_per_s",
        _ => OBJECTIVES.iter().find(|o| o.0 == objective).map_or("", |o| o.1),
    }
}

fn of_mode(metric: &str, runs: &Runs) -> Option<Contender> {
    let (over, cells) = (observed::over(metric), runs.samples());
    let logs = cells.iter().map(|cell| over.log(&[*cell])).collect::<Option<Vec<f64>>>()?;
    Some(Contender {
        logs: runs.by_scenario.keys().cloned().zip(logs).collect(),
        ..Contender::new(over, over.log(&cells)?, over.with_error(&cells).ok(), runs.known())
    })
}

/// A request: its prompt at the mean cost of a prompt token over scenarios, and its new tokens likewise; the two were measured apart.
fn of_workload(
    groups: &BTreeMap<Group, Runs>,
    prefill: &Group,
    generate: &Group,
    workload: &Workload,
    rates: bool,
) -> Option<Contender> {
    let part = |group: &Group, tokens: f64| -> Option<(f64, Option<BlockMean>, Known)> {
        let runs = groups.get(group)?;
        // A rate is tokens in a second, all else is for a million tokens.
        let each = |v: &f64| if rates { tokens / v } else { v * tokens / 1e6 };
        let cells: Vec<(Vec<f64>, f64)> =
            runs.samples().iter().map(|c| (c.runs.iter().map(each).collect(), c.widening)).collect();
        let cells: Vec<Cell<'_>> = cells.iter().map(|(runs, widening)| Cell { runs, widening: *widening }).collect();
        let value = Over::Arithmetic.log(&cells)?.exp();
        Some((value, Over::Arithmetic.with_error(&cells).ok(), runs.known()))
    };
    let (p, p_error, p_known) = part(prefill, workload.prompt_tokens)?;
    let (g, g_error, g_known) = part(generate, workload.generated_tokens)?;
    let value = p + g;
    let error = p_error.zip(g_error).map(|(p_error, g_error)| {
        // To first order, a part moves the log of the sum by its share of it.
        let (x, y) = ((p / value).powi(2) * p_error.variance, (g / value).powi(2) * g_error.variance);
        let df = (x + y).powi(2) / (x * x / p_error.df + y * y / g_error.df);
        let df = if df.is_finite() { df } else { p_error.df + g_error.df };
        BlockMean { mean: value.ln(), variance: x + y, df, within: (0.0, 0.0) }
    });
    let known = p_known.weaker(g_known);
    (value > 0.0).then(|| Contender::new(Over::Arithmetic, value.ln(), error, known))
}

/// With hours, energy and price of its parts: of each mode so many million tokens, at the mean over its scenarios.
fn priced(mut contender: Contender, objective: &str, parts: &[(f64, &Group)], chosen: &[Chosen]) -> Contender {
    let of = |group: &Group| -> Vec<&Chosen> { chosen.iter().filter(|c| c.is_of(group)).collect() };
    let cells: Vec<(f64, Vec<&Chosen>)> = parts.iter().map(|(mtok, group)| (*mtok, of(group))).collect();
    let sum = |value: &dyn Fn(&Chosen) -> Option<f64>| -> Vec<f64> {
        let part = |(mtok, cells): &(f64, Vec<&Chosen>)| {
            Some(mtok * mean(&cells.iter().map(|c| value(c)).collect::<Option<Vec<f64>>>()?)?)
        };
        cells.iter().map(part).collect::<Option<Vec<f64>>>().map(|parts| parts.iter().sum()).into_iter().collect()
    };
    contender.hours = sum(&|c| Some(c.hours_per_mtok));
    contender.kwh = sum(&|c| c.kwh_per_mtok);
    contender.embodied_gco2e = sum(&|c| c.embodied_gco2e_per_mtok);
    if let Some(first) = cells.iter().find_map(|(_, cells)| cells.first()).filter(|_| objective == "cheapest") {
        contender.price = Some(first.price.clone());
        contender.usd_per_used_hour = first.usd_per_used_hour;
        contender.usd_per_used_kwh = first.usd_per_used_kwh;
    }
    contender
}

/// Weighted sums of the objectives' logs, where a backend has all that weigh anything, relative to the mean of all backends.
fn weigh(all: &BTreeMap<(String, Place), Contenders>, place: &Place, weights: &Weights) -> Contenders {
    let wanted: Vec<(&str, f64)> = weights.parts().into_iter().filter(|(_, weight)| *weight > 0.0).collect();
    let sum: f64 = wanted.iter().map(|(_, weight)| weight).sum();
    let parts: Option<Vec<(f64, &Contenders)>> =
        wanted.iter().map(|(o, weight)| Some((weight / sum, all.get(&((*o).to_string(), place.clone()))?))).collect();
    let Some(parts) = parts else { return Contenders::new() };
    let names: BTreeSet<&String> = parts.iter().flat_map(|(_, contenders)| contenders.keys()).collect();
    let mut weighted: Contenders = names
        .into_iter()
        .filter_map(|name| {
            let of_name = parts.iter().map(|(w, c)| Some((*w, c.get(name)?))).collect::<Option<Vec<_>>>()?;
            Some((name.clone(), weighted_sum(&of_name)?))
        })
        .collect();
    let level = mean(&weighted.values().map(|c| c.centre).collect::<Vec<_>>()).unwrap_or(0.0);
    for contender in weighted.values_mut() {
        contender.centre -= level;
        contender.logs.values_mut().for_each(|log| *log -= level);
        contender.error = contender.error.map(|e| BlockMean { mean: e.mean - level, ..e });
    }
    weighted
}

/// Errors of one backend's objectives come from the same runs, so they are added as if they always went the same way.
fn weighted_sum(parts: &[(f64, &Contender)]) -> Option<Contender> {
    let first = parts.first()?.1;
    let total = |value: &dyn Fn(&Contender) -> f64| parts.iter().map(|(w, c)| w * value(c)).sum::<f64>();
    let errors = parts.iter().map(|(w, c)| Some((*w, c.error?))).collect::<Option<Vec<_>>>();
    let error = errors.map(|errors| BlockMean {
        mean: total(&|c| c.centre),
        variance: errors.iter().map(|(w, e)| w * e.variance.sqrt()).sum::<f64>().powi(2),
        df: errors.iter().map(|(_, e)| e.df).fold(f64::INFINITY, f64::min),
        within: (0.0, 0.0),
    });
    let log = |scenario: &String| parts.iter().map(|(w, c)| Some(w * c.logs.get(scenario)?)).sum::<Option<f64>>();
    let known = parts.iter().map(|(_, c)| c.known).fold(Known::FIRM, Known::weaker);
    Some(Contender {
        logs: first.logs.keys().filter_map(|s| Some((s.clone(), log(s)?))).collect(),
        price: parts.iter().find_map(|(_, c)| c.price.clone()),
        ..Contender::new(Over::Geometric, total(&|c| c.centre), error, known)
    })
}
