//! `[analyze]` of `pipeline.toml`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub ci_level: f64,
    pub max_cv_pct: f64,
    pub max_other_cpu_pct: f64,
    pub max_counter_gap_pct: f64,
    pub max_idle_drift_pct: f64,
    pub max_padding_pct: f64,
    pub max_price_age_days: i64,
}

impl Config {
    /// What no type can say. The first fault is described.
    pub fn fault(&self) -> Option<String> {
        (!(self.ci_level > 0.0 && self.ci_level < 1.0))
            .then(|| format!("ci_level must be between 0 and 1, {}", self.ci_level))
    }
}
