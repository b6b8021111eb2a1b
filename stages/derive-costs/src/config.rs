//! `[derive-costs]` of `pipeline.toml`.

use crate::speed::{self, SpeedFactor};
use schemas::config::{Fault, outside};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of one Monte Carlo interval: they are kept until they are sorted.
const MOST_DRAWS: u32 = 10_000_000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub home_grid: String,
    pub default_pue: f64,
    pub utilisation: f64,
    /// For which `utilisation_cost` is computed.
    pub utilisations: Vec<f64>,
    pub match_device: bool,
    /// Provider and instance that ran, of sessions that do not say it themselves.
    #[serde(default)]
    pub ran_on: String,
    /// Of a model's weights, for what else has to fit beside them.
    pub memory_reserve_pct: f64,
    #[serde(default)]
    pub speed_factor: Vec<SpeedFactor>,
    pub token_count: TokenCount,
    pub ci_level: f64,
    pub interval: Interval,
    /// Between the dates of two rates of which a saving is computed.
    pub max_price_gap_days: i64,
    /// Of a Monte Carlo interval.
    pub draws: u32,
    pub seed: u32,
    #[serde(default)]
    pub workload: Vec<Workload>,
    #[serde(default)]
    pub blend: Vec<Blend>,
    pub owned: Owned,
}

/// Which prompt tokens are counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenCount {
    Real,
    Padded,
}

/// How intervals are computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// First-order propagation, in quadrature.
    Delta,
    MonteCarlo,
}

/// A request, and how many of its tokens a month.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    pub name: String,
    pub prompt_tokens: f64,
    pub generated_tokens: f64,
    /// Share of the prompt that an API bills as cached input.
    pub cached_share: f64,
    pub volume_mtok: f64,
    pub months: f64,
    pub upfront_usd: f64,
}

/// Requests of several workloads, in shares of their number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blend {
    pub name: String,
    pub shares: BTreeMap<String, f64>,
    pub volume_mtok: f64,
    pub months: f64,
    pub upfront_usd: f64,
}

/// The machine that one owns or might buy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    pub capex_usd: f64,
    pub residual_usd: f64,
    pub life_years: f64,
    pub upkeep_usd_per_year: f64,
    pub idle_w: f64,
    /// Of making it, where known.
    pub embodied_kgco2e: Option<f64>,
    /// Whether these are not this machine's but somebody's example, which the report then says.
    #[serde(default)]
    pub example: bool,
}

/// What SQL sees of the configuration beside lists.
#[derive(Debug, Serialize)]
pub struct Scalars<'a> {
    home_grid: &'a str,
    default_pue: f64,
    utilisation: f64,
    match_device: bool,
    ran_on: &'a str,
    memory_reserve_pct: f64,
    token_count: TokenCount,
    ci_level: f64,
    max_price_gap_days: i64,
    /// 0: the delta method.
    draws: u32,
    seed: u32,
}

#[derive(Debug, Serialize)]
pub struct Utilisation {
    utilisation: f64,
}

impl Config {
    pub fn scalars(&self) -> Scalars<'_> {
        Scalars {
            home_grid: &self.home_grid,
            default_pue: self.default_pue,
            utilisation: self.utilisation,
            match_device: self.match_device,
            ran_on: &self.ran_on,
            memory_reserve_pct: self.memory_reserve_pct,
            token_count: self.token_count,
            ci_level: self.ci_level,
            max_price_gap_days: self.max_price_gap_days,
            draws: if self.interval == Interval::MonteCarlo { self.draws } else { 0 },
            seed: self.seed,
        }
    }

    pub fn utilisations(&self) -> Vec<Utilisation> {
        self.utilisations.iter().map(|&utilisation| Utilisation { utilisation }).collect()
    }

    /// All workloads, those of blends as their mean request.
    pub fn workloads(&self) -> Vec<Workload> {
        let mut all = self.workload.clone();
        for blend in &self.blend {
            let mut mean = Workload {
                name: blend.name.clone(),
                prompt_tokens: 0.0,
                generated_tokens: 0.0,
                cached_share: 0.0,
                volume_mtok: blend.volume_mtok,
                months: blend.months,
                upfront_usd: blend.upfront_usd,
            };
            let mut cached = 0.0;
            for (name, share) in &blend.shares {
                if let Some(part) = self.workload.iter().find(|w| w.name == *name) {
                    mean.prompt_tokens += share * part.prompt_tokens;
                    mean.generated_tokens += share * part.generated_tokens;
                    cached += share * part.prompt_tokens * part.cached_share;
                }
            }
            if mean.prompt_tokens > 0.0 {
                mean.cached_share = cached / mean.prompt_tokens;
            }
            all.push(mean);
        }
        all
    }

    /// What no type can say. The first fault is described.
    pub fn fault(&self) -> Option<Fault> {
        let share = |key: &str, v: f64| outside(key, v, 0.0001..=1.0);
        let level = !(self.ci_level > 0.0 && self.ci_level < 1.0);
        let twice = |names: &[&str]| (1..names.len()).find(|i| names[..*i].contains(&names[*i]));
        let is_monte_carlo = self.interval == Interval::MonteCarlo;
        [
            self.home_grid.trim().is_empty().then(|| {
                Fault::new("home_grid", "home_grid names no region", "\"\"").remedy("use a region of table `grid`")
            }),
            outside("default_pue", self.default_pue, 1.0..=10.0),
            share("utilisation", self.utilisation),
            self.utilisations.is_empty().then(|| {
                Fault::new("utilisations", "utilisations are empty", "[]").remedy("give at least one, such as [1.0]")
            }),
            self.utilisations.iter().enumerate().find_map(|(i, u)| {
                let is_twice = self.utilisations[..i].contains(u);
                let again = || Fault::new(format!("utilisations.{i}"), "utilisations has one twice", u);
                outside("utilisations", *u, 0.0001..=1.0).or_else(|| is_twice.then(again))
            }),
            (!self.ran_on.is_empty() && self.ran_on.split_whitespace().count() != 2).then(|| {
                let what = "ran_on must be a provider and an instance as `price` names them";
                Fault::new("ran_on", what, format!("\"{}\"", self.ran_on))
            }),
            outside("memory_reserve_pct", self.memory_reserve_pct, 0.0..=1000.0),
            speed::fault(&self.speed_factor),
            level.then(|| Fault::new("ci_level", "ci_level must be between 0 and 1", self.ci_level)),
            outside("max_price_gap_days", self.max_price_gap_days, 0..=36_500),
            outside("draws", self.draws, if is_monte_carlo { 1000 } else { 0 }..=MOST_DRAWS),
            self.owned.fault().map(|fault| fault.inside("owned")),
            self.workload
                .is_empty()
                .then(|| Fault::new("", "no workload", "0").remedy("add [[derive-costs.workload]]")),
            self.workload.iter().enumerate().find_map(|(i, w)| Some(w.fault()?.inside(&format!("workload.{i}")))),
            self.blend.iter().enumerate().find_map(|(i, blend)| {
                let amounts = || amounts(blend.volume_mtok, blend.months, blend.upfront_usd);
                Some(blend.fault(&self.workload).or_else(amounts)?.inside(&format!("blend.{i}")))
            }),
            {
                let names: Vec<&str> = self
                    .workload
                    .iter()
                    .map(|w| &w.name)
                    .chain(self.blend.iter().map(|b| &b.name))
                    .map(String::as_str)
                    .collect();
                twice(&names).map(|i| {
                    let of = self.workload.len();
                    let key = if i < of { format!("workload.{i}.name") } else { format!("blend.{}.name", i - of) };
                    Fault::new(key, "two workloads or blends have one name", format!("\"{}\"", names[i]))
                })
            },
        ]
        .into_iter()
        .flatten()
        .next()
    }
}

impl Owned {
    fn fault(&self) -> Option<Fault> {
        let usd = |key: &str, v: f64| outside(key, v, 0.0..=1e12);
        usd("capex_usd", self.capex_usd)
            .or_else(|| {
                let what = "residual_usd must be between 0 and capex_usd";
                let fits = (0.0..=self.capex_usd).contains(&self.residual_usd);
                (!fits).then(|| Fault::new("residual_usd", what, self.residual_usd))
            })
            .or_else(|| outside("life_years", self.life_years, 0.01..=1000.0))
            .or_else(|| usd("upkeep_usd_per_year", self.upkeep_usd_per_year))
            .or_else(|| outside("idle_w", self.idle_w, 0.0..=1e6))
            .or_else(|| outside("embodied_kgco2e", self.embodied_kgco2e.unwrap_or(0.0), 0.0..=1e9))
    }
}

/// Of a month's requests.
fn amounts(volume_mtok: f64, months: f64, upfront_usd: f64) -> Option<Fault> {
    outside("volume_mtok", volume_mtok, 1e-6..=1e12)
        .or_else(|| outside("months", months, 0.01..=1200.0))
        .or_else(|| outside("upfront_usd", upfront_usd, 0.0..=1e12))
}

/// Names go into tables and reports.
fn nameless(name: &str) -> Option<Fault> {
    let is_odd = name.trim().is_empty() || name.chars().any(char::is_control);
    is_odd.then(|| Fault::new("name", "a name must have visible characters only", format!("{name:?}")))
}

impl Workload {
    fn fault(&self) -> Option<Fault> {
        nameless(&self.name)
            .or_else(|| outside("prompt_tokens", self.prompt_tokens, 0.0..=1e9))
            .or_else(|| outside("generated_tokens", self.generated_tokens, 0.0..=1e9))
            .or_else(|| {
                let none = self.prompt_tokens + self.generated_tokens == 0.0;
                none.then(|| Fault::new("prompt_tokens", "a workload needs tokens", format!("0 in \"{}\"", self.name)))
            })
            .or_else(|| outside("cached_share", self.cached_share, 0.0..=1.0))
            .or_else(|| amounts(self.volume_mtok, self.months, self.upfront_usd))
    }
}

impl Blend {
    fn fault(&self, workloads: &[Workload]) -> Option<Fault> {
        if let Some(name) = self.shares.keys().find(|name| !workloads.iter().any(|w| w.name == **name)) {
            let what = format!("blend \"{}\" has no workload of that name", self.name);
            return Some(Fault::new("shares", what, format!("\"{name}\"")));
        }
        let sum: f64 = self.shares.values().sum();
        let fits = self.shares.values().all(|s| *s >= 0.0) && (sum - 1.0).abs() < 1e-9;
        let told = || Fault::new("shares", format!("the shares of blend \"{}\" must add up to 1", self.name), sum);
        nameless(&self.name).or_else(|| (!fits).then(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every number below a value, by its path.
    fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(table) => table.iter().for_each(|(key, v)| numbers(v, &format!("{path}/{key}"), found)),
            Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| numbers(v, &format!("{path}/{i}"), found)),
            Value::Number(_) => found.push(path.to_string()),
            _ => {}
        }
    }

    #[test]
    fn every_number_has_a_range() {
        let pipeline = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipeline.toml"));
        let shipped: Config = schemas::config::load(pipeline, "derive-costs").unwrap();
        assert_eq!(shipped.fault(), None);
        let json = serde_json::to_value(&shipped).unwrap();
        let mut paths = Vec::new();
        numbers(&json, "", &mut paths);
        paths.retain(|path| path != "/seed");
        assert!(paths.len() > 30, "{paths:?}");
        for path in paths {
            let far = if json.pointer(&path).unwrap().is_f64() { vec![-1.0, 1e300] } else { vec![4e9] };
            for value in far {
                let mut changed = json.clone();
                *changed.pointer_mut(&path).unwrap() =
                    if value == 4e9 { Value::from(4_000_000_000_u32) } else { Value::from(value) };
                let config: Config = serde_json::from_value(changed).unwrap();
                assert!(config.fault().is_some(), "{path} = {value} is taken");
            }
        }
    }
}
