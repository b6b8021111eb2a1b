//! `[analyze]` of `pipeline.toml`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub ci_level: f64,
    pub max_cv_pct: f64,
    pub max_first_run_pct: f64,
    pub max_drift_pct: f64,
    pub max_throttled_pct: f64,
    pub min_window_ms: f64,
    pub max_other_cpu_pct: f64,
    pub max_counter_gap_pct: f64,
    pub max_idle_drift_pct: f64,
    pub max_padding_pct: f64,
    pub max_price_age_days: i64,
    pub max_usd_per_hour_per_accelerator: f64,
}

impl Config {
    /// What no type can say. The first fault is described.
    pub fn fault(&self) -> Option<String> {
        let ci_level = !(self.ci_level > 0.0 && self.ci_level < 1.0);
        let max_usd = self.max_usd_per_hour_per_accelerator;
        (ci_level.then(|| format!("ci_level must be between 0 and 1, {}", self.ci_level))).or_else(|| {
            (max_usd.is_nan() || max_usd <= 0.0)
                .then(|| format!("max_usd_per_hour_per_accelerator must be above 0, {max_usd}"))
        })
    }
}
