//! Which backends the configured test of `comparison` cannot tell apart: `ranking` and `decision` then say the same.

use crate::{
    comparisons::Row,
    contenders::{EACH_TOKEN, OBJECTIVES, Place},
};

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
