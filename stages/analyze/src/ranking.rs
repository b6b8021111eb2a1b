//! `ranking`: places that backends share with those that they cannot be told from.

use crate::{
    comparisons::Family,
    config::Config,
    estimates::over_scenarios,
    observed::{Group, Runs, over, own_errors},
};
use schemas::{
    metrics,
    tables::{comparison::Row as Comparison, ranking::Row},
};
use std::collections::BTreeMap;

pub fn more_is_better(metric: &str) -> bool {
    metrics::find(metric).is_some_and(|metric| metric.more_is_better)
}

/// Prices are those that dollars were reckoned with, by backend as `families` names it.
pub fn ranking(
    families: &BTreeMap<Family, BTreeMap<String, &Runs>>,
    comparisons: &[Comparison],
    prices: &BTreeMap<(String, String), String>,
    errors: &BTreeMap<(Family, String), &Runs>,
    config: &Config,
) -> Vec<Row> {
    let mut of_family: BTreeMap<Family, Vec<&Comparison>> = BTreeMap::new();
    for c in comparisons {
        let family = (c.metric.clone(), c.model.clone(), c.mode.clone(), c.kv_cache);
        of_family.entry(family).or_default().push(c);
    }
    let none = Vec::new();
    let mut rows = Vec::new();
    for (family, backends) in families {
        let pairs = of_family.get(family).unwrap_or(&none);
        rows.extend(backends.iter().filter_map(|(name, runs)| {
            let own = errors.get(&(family.clone(), name.clone())).copied();
            row(family, name, (runs, own), backends, pairs, prices, config)
        }));
    }
    rows
}

fn row(
    family: &Family,
    name: &str,
    (runs, errors): (&Runs, Option<&Runs>),
    backends: &BTreeMap<String, &Runs>,
    pairs: &[&Comparison],
    prices: &BTreeMap<(String, String), String>,
    config: &Config,
) -> Option<Row> {
    let (metric, model, mode, kv_cache) = family.clone();
    let over = over(&metric);
    let estimate = over_scenarios(&metric, runs, errors, config.ci_level)?;
    // What is extrapolated has a place among others that are, and none beside what ran.
    let peers = backends.values().filter(|r| r.known().is_extrapolated() == runs.known().is_extrapolated());
    let ranks = !runs.known().is_extrapolated() || backends.values().all(|r| r.known().is_extrapolated());
    let of_mine = |c: &&&Comparison| (c.a == name || c.b == name) && c.conclusion != "extrapolated";
    let mine: Vec<&&Comparison> = pairs.iter().filter(of_mine).collect();
    let told = |c: &Comparison| c.p_adjusted.zip(c.alpha).is_some_and(|(p, alpha)| p < alpha);
    let beaten = |c: &Comparison| {
        let other_over_mine = if c.a == name { c.ratio } else { 1.0 / c.ratio };
        told(c) && (other_over_mine > 1.0) == more_is_better(&metric)
    };
    let ranked = ranks
        && mine.len() + 1 == peers.clone().count()
        && mine.iter().all(|c| c.p_adjusted.is_some())
        && peers.clone().all(|r| !r.known().is_model);
    let other = |c: &Comparison| if c.a == name { c.b.clone() } else { c.a.clone() };
    let price = prices.get(&(model.clone(), name.to_string())).filter(|_| metric == "total_usd_per_mtok").cloned();
    Some(Row {
        place: ranked.then(|| 1 + mine.iter().filter(|c| beaten(c)).count() as i64),
        tied_with: mine.iter().filter(|c| !told(c)).map(|c| other(c)).collect(),
        metric,
        model,
        mode,
        kv_cache,
        backend: name.into(),
        mean: over.name().into(),
        estimate: estimate.estimate,
        ci_low: estimate.ci_low,
        ci_high: estimate.ci_high,
        ci_level: config.ci_level,
        price,
        n: estimate.n as i64,
        blocks: runs.by_scenario.len() as i64,
        evidence: runs.evidence().into(),
    })
}

/// What sensors may be off by in each family, by backend as `families` names it.
pub fn errors(groups: &BTreeMap<Group, Runs>) -> BTreeMap<(Family, String), &Runs> {
    let of = |g: &Group| (g.metric.clone(), g.model.clone(), g.mode.clone(), g.kv_cache);
    let found = |g: &Group| Some(((of(g), crate::comparisons::label(g, groups)), own_errors(groups, g)?));
    groups.keys().filter_map(found).collect()
}

/// The price of each model and backend that dollars are reckoned with.
pub fn prices(
    groups: &BTreeMap<Group, Runs>,
    of: impl Fn(&Group) -> Option<String>,
) -> BTreeMap<(String, String), String> {
    let named = |g: &Group| Some(((g.model.clone(), crate::comparisons::label(g, groups)), of(g)?));
    groups.keys().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparisons::{
        comparisons, families,
        tests::{NEAR, backends},
    };

    fn places(evidence: &str, of: &[(&str, [f64; 4])]) -> Vec<(String, Option<i64>, Vec<String>)> {
        let (groups, config) = (backends(evidence, of), Config::for_tests());
        let families = families(&groups);
        let rows = ranking(&families, &comparisons(&families, &config), &BTreeMap::new(), &BTreeMap::new(), &config);
        rows.into_iter().map(|r| (r.backend, r.place, r.tied_with)).collect()
    }

    #[test]
    fn ties_share_a_place() {
        let slow = [("c", [15.0, 15.2, 14.9, 15.1]), ("a", NEAR), ("b", [10.1, 9.9, 10.0, 10.05])];
        let found = places("measured_counter", &slow);
        let shown: Vec<_> = found.iter().map(|(b, place, tied)| (b.as_str(), *place, tied.join(" "))).collect();
        assert_eq!(shown, [("a", Some(1), "b".into()), ("b", Some(1), "a".into()), ("c", Some(3), String::new())]);
    }

    #[test]
    fn what_is_extrapolated_has_no_place_beside_what_ran() {
        let mut groups = backends("measured", &[("a", NEAR), ("b", NEAR.map(|v| v * 2.0))]);
        groups.extend(backends("extrapolated", &[("c", NEAR.map(|v| v / 2.0))]));
        let (families, config) = (families(&groups), Config::for_tests());
        let rows = ranking(&families, &comparisons(&families, &config), &BTreeMap::new(), &BTreeMap::new(), &config);
        let found: Vec<_> = rows.iter().map(|r| (r.backend.as_str(), r.place, r.tied_with.len())).collect();
        assert_eq!(found, [("a", Some(1), 0), ("b", Some(2), 0), ("c", None, 0)]);
        let all = places("extrapolated", &[("a", NEAR), ("b", NEAR.map(|v| v * 2.0))]);
        assert_eq!(all.iter().map(|(_, place, _)| *place).collect::<Vec<_>>(), [Some(1), Some(2)]);
    }

    #[test]
    fn an_interval_holds_what_the_sensors_may_be_off_by() {
        let (groups, config) = (backends("measured_counter", &[("a", NEAR)]), Config::for_tests());
        let half = NEAR.map(|_| 2.0);
        let own = Runs::of(&[("x", &half), ("y", &half), ("z", &half)], "measured_counter");
        let families = families(&groups);
        let key = (families.keys().next().unwrap().clone(), "a".to_string());
        let rows = |errors| ranking(&families, &[], &BTreeMap::new(), &errors, &config).remove(0);
        let (alone, wider) = (rows(BTreeMap::new()), rows(BTreeMap::from([(key, &own)])));
        // Half widths of the three scenarios, 2 each, of a mean of 10, 20 and 40 by its kind of mean.
        let expected = (alone.ci_high.unwrap() / alone.estimate).ln().hypot(2.0 / alone.estimate);
        assert!(((wider.ci_high.unwrap() / wider.estimate).ln() - expected).abs() < 1e-12, "{wider:?}");
        assert!(wider.ci_low < alone.ci_low && wider.estimate == alone.estimate);
    }

    #[test]
    fn estimates_and_single_runs_have_no_place() {
        assert!(
            places("estimated", &[("a", NEAR), ("b", NEAR.map(|v| v * 2.0))])
                .iter()
                .all(|(_, place, _)| place.is_none())
        );
        assert_eq!(places("measured", &[("a", NEAR)])[0].1, Some(1), "alone it is first");
    }
}
