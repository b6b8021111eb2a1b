//! The matrix and its order: repetitions are blocks; within a block backends come in random order, and within a backend its
//! cells. One worker lives at a time, and slow drift of the machine falls on all backends alike.

use crate::{
    config::{Config, ModeConfig, Scenario},
    names::cell_id,
};
use protocol::random::SplitMix;
use schemas::provenance::sha256_bytes;

/// One run to be made.
#[derive(Debug, Clone)]
pub struct Planned {
    pub run_id: String,
    pub backend: String,
    pub mode: ModeConfig,
    pub scenario: Scenario,
    pub repetition: usize,
    pub order: usize,
}

/// All runs in order of execution; a seed gives one order on every machine.
pub fn plan(config: &Config) -> Vec<Planned> {
    let mut random = SplitMix::new(config.seed);
    let mut runs = Vec::new();
    for repetition in 0..config.repetitions {
        let mut backends: Vec<&String> = config.backends.iter().collect();
        random.shuffle(&mut backends);
        for backend in backends {
            let mut cells: Vec<(ModeConfig, &Scenario)> =
                config.mode.iter().flat_map(|m| config.scenario.iter().map(move |s| (*m, s))).collect();
            random.shuffle(&mut cells);
            for (mode, scenario) in cells {
                runs.push(Planned {
                    run_id: format!("{}/{repetition}", cell_id(backend, mode.mode, mode.kv_cache, &scenario.name)),
                    backend: backend.clone(),
                    mode,
                    scenario: scenario.clone(),
                    repetition,
                    order: runs.len(),
                });
            }
        }
    }
    runs
}

/// Name of a plan's journal: the same configuration on the same processor, whatever the host is called today.
pub fn plan_id(config_json: &serde_json::Value, cpu: &str) -> String {
    sha256_bytes(format!("{config_json}\n{cpu}").as_bytes())[..16].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, path::Path};

    #[test]
    fn every_cell_once_a_block_and_one_order_a_seed() {
        let text = include_str!("../../../pipeline.toml");
        let config: Config = schemas::config::parse(text, Path::new("pipeline.toml"), "collect").unwrap();
        let runs = plan(&config);
        assert_eq!(runs.len(), config.repetitions * 2 * 5 * 3);
        assert_eq!(runs.iter().map(|r| &r.run_id).collect::<HashSet<_>>().len(), runs.len());
        assert!(runs.is_sorted_by_key(|r| r.repetition));
        let ids = |c: &Config| plan(c).into_iter().map(|r| r.run_id).collect::<Vec<_>>();
        assert_eq!(ids(&config), ids(&config));
        assert_ne!(ids(&config), ids(&Config { seed: 43, ..config.clone() }));
    }
}
