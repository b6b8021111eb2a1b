//! `[analyze]` of `pipeline.toml`.

use schemas::config::{Fault, outside};
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

impl Scale {
    /// As `comparison` names it.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Log => "log",
            Scale::Linear => "linear",
        }
    }
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
    pub fn fault(&self) -> Option<Fault> {
        let share = |key: &str, v: f64| {
            (!(v > 0.0 && v < 1.0)).then(|| Fault::new(key, format!("{key} must be between 0 and 1"), v))
        };
        let differs = |key: &str, v: f64| outside(key, v, 0.001..=100.0);
        let part = |key: &str, v: f64| outside(key, v, 0.0..=100.0);
        // Changes and spreads may exceed what they are of.
        let change = |key: &str, v: f64| outside(key, v, 0.0..=1000.0);
        let decision = &self.decision;
        let weights = &decision.weights;
        let named =
            [("usd", weights.usd), ("kwh", weights.kwh), ("gco2e", weights.gco2e), ("latency", weights.latency)];
        let weight = named.iter().find_map(|(key, w)| outside(key, *w, 0.0..=1e6));
        let latency = decision.max_latency_ms.and_then(|ms| outside("max_latency_ms", ms, 0.001..=1e9));
        let unweighted = decision.objective == Objective::Weighted && !weights.any();
        [
            share("ci_level", self.ci_level),
            outside("resamples", self.resamples, 100..=1_000_000),
            differs("practical_pct", self.practical_pct),
            differs("wanted_interval_pct", self.wanted_interval_pct),
            part("max_failed_pct", self.max_failed_pct),
            part("max_degraded_pct", self.max_degraded_pct),
            share("min_normality_p", self.min_normality_p),
            share("min_independence_p", self.min_independence_p),
            share("min_outlier_p", self.min_outlier_p),
            share("min_first_run_p", self.min_first_run_p),
            change("max_cv_pct", self.max_cv_pct),
            change("max_first_run_pct", self.max_first_run_pct),
            change("max_drift_pct", self.max_drift_pct),
            part("max_throttled_pct", self.max_throttled_pct),
            outside("min_window_ms", self.min_window_ms, 0.0..=3_600_000.0),
            part("max_other_cpu_pct", self.max_other_cpu_pct),
            change("max_counter_gap_pct", self.max_counter_gap_pct),
            change("max_idle_drift_pct", self.max_idle_drift_pct),
            part("max_padding_pct", self.max_padding_pct),
            outside("max_price_age_days", self.max_price_age_days, 0..=36_500),
            outside("max_grid_age_years", self.max_grid_age_years, 0..=100),
            outside("max_usd_per_hour_per_accelerator", self.max_usd_per_hour_per_accelerator, 0.001..=1e6),
            self.price.trim().is_empty().then(|| {
                Fault::new("price", "price names none", "\"\"").remedy("use \"cheapest\" or a price of table `price`")
            }),
            latency.map(|fault| fault.inside("decision")),
            weight.map(|fault| fault.inside("decision.weights")),
            unweighted.then(|| {
                Fault::new("decision.objective", "objective \"weighted\" needs a weight above 0", "all are 0")
                    .remedy("give one in [analyze.decision.weights]")
            }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_range() {
        assert_eq!(Config::for_tests().fault(), None);
        let told = |change: fn(&mut Config)| {
            let mut config = Config::for_tests();
            change(&mut config);
            config.fault().map_or_else(|| "taken".into(), |fault| fault.to_string())
        };
        type Case = (fn(&mut Config), &'static str);
        let cases: [Case; 9] = [
            (|c| c.ci_level = 1.0, "ci_level must be between 0 and 1, 1, correct it"),
            (|c| c.max_failed_pct = f64::NAN, "max_failed_pct must be from 0.0 to 100.0, NaN, correct it"),
            (|c| c.max_degraded_pct = 1000.0, "max_degraded_pct must be from 0.0 to 100.0, 1000.0, correct it"),
            (|c| c.max_drift_pct = -1.0, "max_drift_pct must be from 0.0 to 1000.0, -1.0, correct it"),
            (|c| c.practical_pct = f64::INFINITY, "practical_pct must be from 0.001 to 100.0, inf, correct it"),
            (|c| c.max_price_age_days = -1, "max_price_age_days must be from 0 to 36500, -1, correct it"),
            (|c| c.resamples = 1_000_000_000_000, "resamples must be from 100 to 1000000, 1000000000000, correct it"),
            (
                |c| c.decision.max_latency_ms = Some(f64::NAN),
                "max_latency_ms must be from 0.001 to 1000000000.0, NaN, correct it",
            ),
            (|c| c.decision.weights.kwh = 1e308, "kwh must be from 0.0 to 1000000.0, 1e308, correct it"),
        ];
        for (change, wanted) in cases {
            assert_eq!(told(change), wanted);
        }
        // No number of the table is without a range: each is set to NaN or far off, and refused.
        let json = serde_json::to_value(Config::for_tests()).unwrap();
        for (key, value) in json.as_object().unwrap().iter().filter(|(key, v)| v.is_number() && *key != "seed") {
            let mut changed = json.clone();
            changed[key] = if value.is_f64() { (-1e9).into() } else { i64::MAX.into() };
            let config: Config = serde_json::from_value(changed).unwrap();
            assert!(config.fault().is_some_and(|f| f.to_string().contains(key.as_str())), "{key} has no range");
        }
    }
}
