//! `[derive-costs]` of `pipeline.toml`.

use crate::speed::{self, SpeedFactor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub home_grid: String,
    pub default_pue: f64,
    pub utilisation: f64,
    /// For which `utilisation_cost` is computed.
    pub utilisations: Vec<f64>,
    pub energy_scope: EnergyScope,
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

/// Which scopes are priced.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnergyScope {
    /// All that were measured; a node sensor alone where there is one.
    Sum,
    /// The scope of the device that ran.
    Device,
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
    energy_scope: EnergyScope,
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
            energy_scope: self.energy_scope,
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
    pub fn fault(&self) -> Option<String> {
        let share = |v: f64| v > 0.0 && v <= 1.0;
        let owned = &self.owned;
        let gap = self.max_price_gap_days as f64;
        let (draws, embodied) = (f64::from(self.draws), owned.embodied_kgco2e.unwrap_or(0.0));
        let ranges = [
            ("utilisation", self.utilisation, share(self.utilisation), "above 0 and at most 1"),
            ("ci_level", self.ci_level, self.ci_level > 0.0 && self.ci_level < 1.0, "between 0 and 1"),
            ("max_price_gap_days", gap, gap >= 0.0, "at least 0"),
            ("memory_reserve_pct", self.memory_reserve_pct, self.memory_reserve_pct >= 0.0, "at least 0"),
            ("default_pue", self.default_pue, self.default_pue >= 1.0, "at least 1"),
            ("draws", draws, self.interval == Interval::Delta || draws >= 1000.0, "at least 1000"),
            ("owned.capex_usd", owned.capex_usd, owned.capex_usd >= 0.0, "at least 0"),
            (
                "owned.residual_usd",
                owned.residual_usd,
                owned.residual_usd >= 0.0 && owned.residual_usd <= owned.capex_usd,
                "between 0 and capex_usd",
            ),
            ("owned.life_years", owned.life_years, owned.life_years > 0.0, "above 0"),
            ("owned.upkeep_usd_per_year", owned.upkeep_usd_per_year, owned.upkeep_usd_per_year >= 0.0, "at least 0"),
            ("owned.idle_w", owned.idle_w, owned.idle_w >= 0.0, "at least 0"),
            ("owned.embodied_kgco2e", embodied, embodied >= 0.0, "at least 0"),
        ];
        let out = ranges.into_iter().find(|(_, value, ok, _)| !ok || !value.is_finite());
        out.map(|(key, value, _, range)| format!("{key} must be {range}, {value}"))
            .or_else(|| {
                let wrong = self.utilisations.iter().find(|&&u| !share(u));
                wrong.map(|u| format!("utilisations must be above 0 and at most 1, {u}"))
            })
            .or_else(|| {
                let words = self.ran_on.split_whitespace().count();
                let told =
                    format!("ran_on must be a provider and an instance as `price` names them, \"{}\"", self.ran_on);
                (!self.ran_on.is_empty() && words != 2).then_some(told)
            })
            .or_else(|| speed::fault(&self.speed_factor))
            .or_else(|| self.workload.is_empty().then(|| "no workload, add [[derive-costs.workload]]".to_string()))
            .or_else(|| self.workloads().iter().find_map(Workload::fault))
            .or_else(|| self.blend.iter().find_map(|blend| blend.fault(&self.workload)))
            .or_else(|| {
                let names: Vec<String> = self.workloads().into_iter().map(|w| w.name).collect();
                let twice = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name));
                twice.map(|(_, name)| format!("two workloads or blends have one name, \"{name}\""))
            })
    }
}

impl Workload {
    fn fault(&self) -> Option<String> {
        let tokens = self.prompt_tokens + self.generated_tokens;
        let counts = self.prompt_tokens >= 0.0 && self.generated_tokens >= 0.0 && tokens > 0.0 && tokens.is_finite();
        let amounts = [self.volume_mtok, self.months].iter().all(|v| *v > 0.0 && v.is_finite());
        let rest = (0.0..=1.0).contains(&self.cached_share) && self.upfront_usd >= 0.0 && self.upfront_usd.is_finite();
        (!(counts && amounts && rest)).then(|| {
            format!("a workload needs tokens, a volume, months, a cached_share from 0 to 1 and no negative upfront_usd, \"{}\"", self.name)
        })
    }
}

impl Blend {
    fn fault(&self, workloads: &[Workload]) -> Option<String> {
        let unknown = self.shares.keys().find(|name| !workloads.iter().any(|w| w.name == **name));
        if let Some(name) = unknown {
            return Some(format!("blend \"{}\" has no workload of that name, \"{name}\"", self.name));
        }
        let sum: f64 = self.shares.values().sum();
        let fits = self.shares.values().all(|s| *s >= 0.0) && (sum - 1.0).abs() < 1e-9;
        (!fits).then(|| format!("the shares of blend \"{}\" must add up to 1, {sum}", self.name))
    }
}
