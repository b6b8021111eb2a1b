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
    pub decision: Decision,
}

/// What a backend is chosen for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub objective: Objective,
    /// In every scenario.
    pub max_latency_ms: Option<f64>,
    pub weights: Weights,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    Cheapest,
    LeastEnergy,
    LeastCarbon,
    Fastest,
    Weighted,
}

impl Objective {
    pub fn name(self) -> &'static str {
        match self {
            Objective::Cheapest => "cheapest",
            Objective::LeastEnergy => "least_energy",
            Objective::LeastCarbon => "least_carbon",
            Objective::Fastest => "fastest",
            Objective::Weighted => "weighted",
        }
    }
}

/// Of the objective `weighted`: of a difference of one per cent in each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    pub usd: f64,
    pub kwh: f64,
    pub gco2e: f64,
    pub latency: f64,
}

impl Weights {
    /// By the objective that each belongs to.
    pub fn parts(&self) -> [(&'static str, f64); 4] {
        [("cheapest", self.usd), ("least_energy", self.kwh), ("least_carbon", self.gco2e), ("fastest", self.latency)]
    }

    pub fn any(&self) -> bool {
        self.parts().iter().any(|(_, weight)| *weight > 0.0)
    }
}

impl Config {
    /// What no type can say. The first fault is described.
    pub fn fault(&self) -> Option<String> {
        let ci_level = !(self.ci_level > 0.0 && self.ci_level < 1.0);
        let max_usd = self.max_usd_per_hour_per_accelerator;
        (ci_level.then(|| format!("ci_level must be between 0 and 1, {}", self.ci_level)))
            .or_else(|| {
                (max_usd.is_nan() || max_usd <= 0.0)
                    .then(|| format!("max_usd_per_hour_per_accelerator must be above 0, {max_usd}"))
            })
            .or_else(|| {
                let wrong = self.decision.weights.parts().into_iter().find(|(_, w)| !w.is_finite() || *w < 0.0);
                wrong.map(|(_, weight)| format!("decision.weights must be at least 0, {weight}"))
            })
            .or_else(|| {
                (self.decision.objective == Objective::Weighted && !self.decision.weights.any())
                    .then(|| "decision.objective \"weighted\" needs a weight above 0, all are 0".to_string())
            })
    }

    #[cfg(test)]
    pub fn for_tests() -> Self {
        Config {
            ci_level: 0.95,
            max_cv_pct: 10.0,
            max_first_run_pct: 10.0,
            max_drift_pct: 5.0,
            max_throttled_pct: 5.0,
            min_window_ms: 100.0,
            max_other_cpu_pct: 10.0,
            max_counter_gap_pct: 5.0,
            max_idle_drift_pct: 5.0,
            max_padding_pct: 25.0,
            max_price_age_days: 365,
            max_usd_per_hour_per_accelerator: 100.0,
            decision: Decision {
                objective: Objective::Cheapest,
                max_latency_ms: None,
                weights: Weights { usd: 0.0, kwh: 0.0, gco2e: 0.0, latency: 0.0 },
            },
        }
    }
}
