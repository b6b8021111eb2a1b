//! Which backends the configured test of `comparison` cannot tell apart: `ranking` and `decision` then say the same.

use crate::contenders::{EACH_TOKEN, OBJECTIVES, Place};
use schemas::tables::comparison::Row;

/// The others that the test cannot tell from `best`, of an objective that has a metric per token; elsewhere none is known to be tied.
pub fn untold<'a>(
    compared: &'a [Row],
    objective: &str,
    (model, mode, kv_cache, workload): &Place,
    best: &str,
    alpha: f64,
) -> Vec<&'a str> {
    let Some((_, metric, _)) = OBJECTIVES.iter().find(|o| o.0 == objective && workload == EACH_TOKEN) else {
        return Vec::new();
    };
    let here = |c: &&Row| (c.metric.as_str(), &c.model, &c.mode, c.kv_cache) == (*metric, model, mode, *kv_cache);
    let other = |c: &'a Row| match (c.a == best, c.b == best) {
        (true, _) => Some(c.b.as_str()),
        (_, true) => Some(c.a.as_str()),
        _ => None,
    };
    compared.iter().filter(here).filter(|c| !c.p_adjusted.is_some_and(|p| p < alpha)).filter_map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        comparisons::{
            comparisons, families,
            tests::{NEAR, backends},
        },
        config::{Config, Scale, Test},
    };

    /// Of the scenarios' 10, 20 and 40 and half as much again: runs and their logs tell these apart, unpaired means of scenarios do not.
    #[test]
    fn the_configured_test_and_scale_decide() {
        let groups = backends("measured_counter", &[("a", NEAR), ("b", [15.0, 15.2, 14.9, 15.1])]);
        let place = |workload: &str| -> Place { ("m".into(), "prefill".into(), false, workload.into()) };
        let tied = |config: &Config, objective: &str, workload: &str| {
            let compared = comparisons(&families(&groups), config);
            untold(&compared, objective, &place(workload), "a", 0.05).join(" ")
        };
        let logs = Config::for_tests();
        assert_eq!(tied(&logs, "least_energy", "*"), "");
        let means = Config { test: Test::Student, scale: Scale::Linear, ..Config::for_tests() };
        assert_eq!(tied(&means, "least_energy", "*"), "b");
        assert_eq!(tied(&means, "cheapest", "*"), "", "no dollars are compared");
        assert_eq!(tied(&means, "least_energy", "chat"), "", "a workload is not tested by scenario");
    }
}
