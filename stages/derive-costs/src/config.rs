//! `[derive-costs]` of `pipeline.toml`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub home_grid: String,
    pub default_pue: f64,
    pub utilisation: f64,
    pub energy_scope: EnergyScope,
    pub match_device: bool,
    pub token_count: TokenCount,
    pub ci_level: f64,
    #[serde(default)]
    pub workload: Vec<Workload>,
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

/// A request, and how many of its tokens a month.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    pub name: String,
    pub prompt_tokens: u64,
    pub generated_tokens: u64,
    pub volume_mtok: f64,
    pub months: f64,
}

/// The machine that one owns or might buy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    pub capex_usd: f64,
    pub residual_usd: f64,
}

impl Config {
    /// What no type can say. The first fault is described.
    pub fn fault(&self) -> Option<String> {
        let within =
            |key: &str, value: f64, ok: bool, range: &str| (!ok).then(|| format!("{key} must be {range}, {value}"));
        within(
            "utilisation",
            self.utilisation,
            self.utilisation > 0.0 && self.utilisation <= 1.0,
            "above 0 and at most 1",
        )
        .or_else(|| within("ci_level", self.ci_level, self.ci_level > 0.0 && self.ci_level < 1.0, "between 0 and 1"))
        .or_else(|| within("default_pue", self.default_pue, self.default_pue >= 1.0, "at least 1"))
        .or_else(|| {
            let (capex, residual) = (self.owned.capex_usd, self.owned.residual_usd);
            within("owned.residual_usd", residual, residual >= 0.0 && residual <= capex, "between 0 and capex_usd")
        })
        .or_else(|| {
            let empty = |w: &&Workload| {
                w.prompt_tokens + w.generated_tokens == 0 || w.volume_mtok.is_nan() || w.volume_mtok <= 0.0
            };
            self.workload.iter().find(empty).map(|w| format!("a workload needs tokens and a volume, \"{}\"", w.name))
        })
    }
}
