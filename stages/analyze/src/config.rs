//! `[analyze]` of `pipeline.toml`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub ci_level: f64,
    pub interval: Interval,
    /// Draws of a bootstrap.
    pub resamples: usize,
    pub seed: u64,
    pub test: Test,
    pub scale: Scale,
    /// `cheapest`, or a price by provider, region, instance and tier with a space between.
    pub price: String,
    /// Smaller differences do not matter.
    pub practical_pct: f64,
    /// Half width of a cell's interval that more runs are to reach.
    pub wanted_interval_pct: f64,
    pub max_failed_pct: f64,
    pub max_degraded_pct: f64,
    pub min_normality_p: f64,
    pub min_independence_p: f64,
    pub min_outlier_p: f64,
    pub min_first_run_p: f64,
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
    pub max_grid_age_years: i64,
    pub max_usd_per_hour_per_accelerator: f64,
    pub decision: Decision,
}

/// Of a cell's mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// Student's t.
    T,
    /// Bias-corrected and accelerated bootstrap.
    Bca,
}

/// Of two backends. All but `blocked` compare means of scenarios, one a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Runs within scenarios; where a cell has a single run, `paired`.
    Blocked,
    Paired,
    Wilcoxon,
    Student,
    Welch,
    MannWhitney,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    Log,
    Linear,
}

/// What a backend is chosen for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub objective: Objective,
    pub hardware: Hardware,
    /// In every scenario.
    pub max_latency_ms: Option<f64>,
    pub weights: Weights,
}

/// Whose machines may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hardware {
    Any,
    /// One's own: prices of tier `on_prem`.
    Owned,
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
        let share =
            |name: &str, v: f64| (!(v > 0.0 && v < 1.0)).then(|| format!("{name} must be between 0 and 1, {v}"));
        let above_0 = |name: &str, v: f64| (v.is_nan() || v <= 0.0).then(|| format!("{name} must be above 0, {v}"));
        let weights = &self.decision.weights;
        let wrong = weights.parts().into_iter().find(|(_, w)| !w.is_finite() || *w < 0.0);
        [
            share("ci_level", self.ci_level),
            share("min_normality_p", self.min_normality_p),
            share("min_independence_p", self.min_independence_p),
            above_0("practical_pct", self.practical_pct),
            above_0("wanted_interval_pct", self.wanted_interval_pct),
            share("min_outlier_p", self.min_outlier_p),
            share("min_first_run_p", self.min_first_run_p),
            above_0("max_usd_per_hour_per_accelerator", self.max_usd_per_hour_per_accelerator),
            (self.resamples < 100).then(|| format!("resamples must be at least 100, {}", self.resamples)),
            wrong.map(|(_, weight)| format!("decision.weights must be at least 0, {weight}")),
            (self.decision.objective == Objective::Weighted && !weights.any())
                .then(|| "decision.objective \"weighted\" needs a weight above 0, all are 0".to_string()),
        ]
        .into_iter()
        .flatten()
        .next()
    }

    #[cfg(test)]
    pub fn for_tests() -> Self {
        Config {
            ci_level: 0.95,
            interval: Interval::T,
            resamples: 10_000,
            seed: 42,
            test: Test::Blocked,
            scale: Scale::Log,
            price: "cheapest".into(),
            practical_pct: 3.0,
            wanted_interval_pct: 5.0,
            max_failed_pct: 0.0,
            max_degraded_pct: 10.0,
            min_normality_p: 0.01,
            min_independence_p: 0.01,
            min_outlier_p: 0.01,
            min_first_run_p: 0.01,
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
            max_grid_age_years: 2,
            max_usd_per_hour_per_accelerator: 100.0,
            decision: Decision {
                objective: Objective::Cheapest,
                hardware: Hardware::Any,
                max_latency_ms: None,
                weights: Weights { usd: 0.0, kwh: 0.0, gco2e: 0.0, latency: 0.0 },
            },
        }
    }
}
