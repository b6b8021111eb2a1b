//! `[join-telemetry]` of `pipeline.toml`.

use schemas::config::{Fault, outside};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub min_updates: u32,
    pub max_gap_ms: f64,
    pub max_error_pct: f64,
    pub clock_error_ms: f64,
    pub clock_search_s: f64,
    pub energy_scope: EnergyScope,
}

/// Which scopes are a run's energy.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnergyScope {
    /// All that were measured; a node sensor alone where there is one.
    Sum,
    /// The scope of the device that ran.
    Device,
}

impl Config {
    /// What no type can say: a gap of 0 would refuse every reading, and 0 updates would ask for none.
    pub fn fault(&self) -> Option<Fault> {
        const HOUR_MS: f64 = 3_600_000.0;
        outside("min_updates", self.min_updates, 1..=1_000_000)
            .or_else(|| outside("max_gap_ms", self.max_gap_ms, 0.001..=24.0 * HOUR_MS))
            .or_else(|| outside("max_error_pct", self.max_error_pct, 0.0..=1000.0))
            .or_else(|| outside("clock_error_ms", self.clock_error_ms, 0.0..=HOUR_MS))
            .or_else(|| outside("clock_search_s", self.clock_search_s, 0.0..=86_400.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_range() {
        let pipeline = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipeline.toml"));
        let shipped: Config = schemas::config::load(pipeline, "join-telemetry").unwrap();
        assert_eq!(shipped.fault(), None);
        let json = serde_json::to_value(&shipped).unwrap();
        for (key, value) in json.as_object().unwrap().iter().filter(|(_, value)| value.is_number()) {
            for far in [-1.0, 1e300] {
                let mut changed = json.clone();
                changed[key] = if value.is_f64() { far.into() } else { 0.into() };
                let config: Config = serde_json::from_value(changed).unwrap();
                assert!(config.fault().is_some_and(|f| f.to_string().contains(key.as_str())), "{key} = {far} is taken");
            }
        }
    }
}
