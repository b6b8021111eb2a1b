//! `comparison`: every pair of backends, per metric, model and mode.

use crate::{
    config::Config,
    known::Known,
    observed::{Group, Runs},
    pair::{Pair, compared_by, pair},
};
use rayon::prelude::*;
use schemas::{metrics, tables::comparison::Row};
use stats::{holm::holm, positive_mean::Cell, selection::family_level};
use std::collections::{BTreeMap, BTreeSet};

/// Metric, model, mode and cache: what pairs are compared in, and what p-values are adjusted over.
pub type Family = (String, String, String, bool);

/// Backends of each family by name, with their runs.
pub fn families(groups: &BTreeMap<Group, Runs>) -> BTreeMap<Family, BTreeMap<String, &Runs>> {
    let mut families: BTreeMap<Family, BTreeMap<String, &Runs>> = BTreeMap::new();
    for (g, runs) in groups.iter().filter(|(g, _)| metrics::COMPARED.contains(&g.metric.as_str())) {
        let family = (g.metric.clone(), g.model.clone(), g.mode.clone(), g.kv_cache);
        families.entry(family).or_default().insert(label(g, groups), runs);
    }
    families
}

/// The backend's name, with device and dtype where the name alone stands for several.
pub fn label(group: &Group, groups: &BTreeMap<Group, Runs>) -> String {
    let twin = |g: &&Group| g.backend == group.backend && (g.device != group.device || g.dtype != group.dtype);
    match groups.keys().find(twin) {
        None => group.backend.clone(),
        Some(_) => format!("{} ({}, {})", group.backend, group.device, group.dtype),
    }
}

/// All pairs. p is adjusted by Holm within each family, and the level of a family depends on how many families of its model differ.
pub fn comparisons(families: &BTreeMap<Family, BTreeMap<String, &Runs>>, config: &Config) -> Vec<Row> {
    let mut found: Vec<Vec<(Row, Pair)>> = families.iter().map(|(family, b)| compare(family, b, config)).collect();
    found.retain(|rows| !rows.is_empty());
    let models: BTreeSet<String> = families.keys().map(|family| family.1.clone()).collect();
    for model in models {
        let mut of_model: Vec<&mut Vec<(Row, Pair)>> =
            found.iter_mut().filter(|rows| rows[0].0.model == model).collect();
        let level = |p: fn(&Row) -> Option<f64>, families: &[&mut Vec<(Row, Pair)>]| {
            // What is not compared takes no share.
            let least = |rows: &&mut Vec<(Row, Pair)>| {
                let ranked = rows.iter().filter(|(row, _)| is_compared(row));
                ranked.filter_map(|(row, _)| p(row)).reduce(f64::min)
            };
            family_level(&families.iter().map(least).collect::<Vec<_>>(), 1.0 - config.ci_level)
        };
        let (alpha, alpha_equivalent) =
            (level(|row| row.p_adjusted, &of_model), level(|row| row.p_equivalent_adjusted, &of_model));
        for rows in &mut of_model {
            let pairs = rows.iter().filter(|(row, _)| row.p.is_some()).count().max(1);
            for (row, pair) in rows.iter_mut() {
                row.alpha = row.p.map(|_| alpha);
                row.alpha_equivalent = row.p_equivalent.map(|_| alpha_equivalent);
                row.detectable_pct = pair.detectable_pct(alpha / pairs as f64);
                row.conclusion = conclude(row).into();
            }
        }
    }
    found.into_iter().flatten().map(|(row, _)| row).collect()
}

/// The runs of the scenarios that both have.
fn common<'a>(a: &'a Runs, b: &'a Runs) -> (Vec<Cell<'a>>, Vec<Cell<'a>>) {
    a.by_scenario.keys().filter_map(|s| Some((a.sample(s)?, b.sample(s)?))).unzip()
}

fn compare(family: &Family, backends: &BTreeMap<String, &Runs>, config: &Config) -> Vec<(Row, Pair)> {
    let all: Vec<(&String, &Runs)> = backends.iter().map(|(name, runs)| (name, *runs)).collect();
    let pairs: Vec<_> = all.iter().enumerate().flat_map(|(i, a)| all[i + 1..].iter().map(move |b| (a, b))).collect();
    let over = compared_by(&family.0, config);
    let compared = pairs.par_iter().filter_map(|((a, a_runs), (b, b_runs))| {
        let (x, y) = common(a_runs, b_runs);
        let found = pair(&x, &y, over, config)?;
        Some((row(family, a, b, &found, [a_runs.known(), b_runs.known()], config), found))
    });
    let mut rows: Vec<(Row, Pair)> = compared.collect();
    let adjusted = holm(&rows.iter().map(|(row, _)| row.p).collect::<Vec<_>>());
    let equivalent = holm(&rows.iter().map(|(row, _)| row.p_equivalent).collect::<Vec<_>>());
    for (((row, _), p), p_equivalent) in rows.iter_mut().zip(adjusted).zip(equivalent) {
        row.mean = over.name().into();
        (row.p_adjusted, row.p_equivalent_adjusted) = (p, p_equivalent);
    }
    rows
}

fn conclude(row: &Row) -> &str {
    let below = |p: Option<f64>, level: Option<f64>| p.zip(level).is_some_and(|(p, level)| p < level);
    match row.conclusion.as_str() {
        why if !is_compared(row) => why,
        _ if below(row.p_equivalent_adjusted, row.alpha_equivalent) => "equivalent",
        _ if below(row.p_adjusted, row.alpha) => "different",
        _ => "unclear",
    }
}

fn row(family: &Family, a: &str, b: &str, found: &Pair, known: [Known; 2], config: &Config) -> Row {
    let (metric, model, mode, kv_cache) = family.clone();
    let ends = |interval: Option<(f64, f64)>| (interval.map(|i| i.0), interval.map(|i| i.1));
    let (difference_low, difference_high) = ends(found.difference_interval);
    let (ratio_low, ratio_high) = ends(found.ratio_interval);
    let (ratio_like_low, ratio_like_high) = ends(found.like_interval);
    let (effect_low, effect_high) = ends(found.effect_interval);
    Row {
        metric,
        model,
        mode,
        kv_cache,
        a: a.into(),
        b: b.into(),
        test: found.test.into(),
        scale: config.scale.name().into(),
        mean: String::new(),
        statistic: found.statistic,
        df: found.df,
        p: found.p,
        p_adjusted: None,
        alpha: None,
        difference: found.difference,
        difference_low,
        difference_high,
        ratio: found.ratio,
        ratio_low,
        ratio_high,
        ratio_like_low,
        ratio_like_high,
        ci_level: config.ci_level,
        effect: found.effect.into(),
        effect_size: found.effect_size,
        effect_low,
        effect_high,
        practical_pct: config.practical_pct,
        p_equivalent: found.p_equivalent,
        p_equivalent_adjusted: None,
        alpha_equivalent: None,
        detectable_pct: None,
        conclusion: apart(known).unwrap_or("unclear").into(),
        n: found.n as i64,
        blocks: found.blocks as i64,
        evidence: known[0].weaker(known[1]).name().into(),
    }
}

/// Whether the two are compared: a conclusion says why not before any p-value is looked at.
pub fn is_compared(row: &Row) -> bool {
    !["estimated", "extrapolated"].contains(&row.conclusion.as_str())
}

/// A model's energy compares nothing, nor does what ran with what would be elsewhere.
fn apart([a, b]: [Known; 2]) -> Option<&'static str> {
    if a.is_model || b.is_model {
        return Some("estimated");
    }
    (a.is_extrapolated() != b.is_extrapolated()).then_some("extrapolated")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Runs of backends by name, over scenarios of one, two and four times their time.
    pub fn backends(evidence: &str, of: &[(&str, [f64; 4])]) -> BTreeMap<Group, Runs> {
        of.iter()
            .map(|(name, runs)| {
                let times = |factor: f64| runs.map(|v| v * factor);
                let (x, y, z) = (times(1.0), times(2.0), times(4.0));
                (named(name), Runs::of(&[("x", &x), ("y", &y), ("z", &z)], evidence))
            })
            .collect()
    }

    pub fn named(backend: &str) -> Group {
        Group {
            metric: "gross_kwh_per_mtok".into(),
            backend: backend.into(),
            device: "cpu".into(),
            model: "m".into(),
            dtype: "f32".into(),
            mode: "prefill".into(),
            kv_cache: false,
        }
    }

    pub const NEAR: [f64; 4] = [10.0, 10.1, 9.9, 10.02];

    #[test]
    fn all_pairs_with_what_they_conclude() {
        let groups = backends(
            "measured_counter",
            &[("a", NEAR), ("b", [15.0, 15.2, 14.9, 15.1]), ("c", [9.5, 10.6, 9.4, 11.2])],
        );
        let rows = comparisons(&families(&groups), &Config::for_tests());
        let found: Vec<_> = rows.iter().map(|r| (r.a.as_str(), r.b.as_str(), r.conclusion.as_str())).collect();
        assert_eq!(found, [("a", "b", "different"), ("a", "c", "unclear"), ("b", "c", "different")]);
        assert!(rows.iter().all(|r| r.p_adjusted >= r.p && r.n == 24 && r.blocks == 3));
        let same = backends("measured_counter", &[("a", NEAR), ("b", [10.01, 10.0, 9.95, 10.05])]);
        assert_eq!(comparisons(&families(&same), &Config::for_tests())[0].conclusion, "equivalent");
    }

    #[test]
    fn an_estimate_compares_nothing() {
        let groups = backends("estimated", &[("a", NEAR), ("b", [15.0, 15.2, 14.9, 15.1])]);
        assert_eq!(comparisons(&families(&groups), &Config::for_tests())[0].conclusion, "estimated");
        // A price of other hardware, or an example's tariff, does not hide it.
        let known = Known::of(Some("extrapolated"), Some("estimated"));
        let hidden = [("a", NEAR), ("b", [15.0, 15.2, 14.9, 15.1])]
            .map(|(name, runs)| (named(name), Runs::known_as(&[("x", &runs), ("y", &runs)], known)));
        let row = comparisons(&families(&hidden.into()), &Config::for_tests()).remove(0);
        assert_eq!((row.conclusion.as_str(), row.evidence.as_str()), ("estimated", "extrapolated"));
    }

    #[test]
    fn what_ran_and_what_is_extrapolated_are_not_compared() {
        let mut groups = backends("measured", &[("a", NEAR)]);
        groups.extend(backends("extrapolated", &[("b", [15.0, 15.2, 14.9, 15.1]), ("c", [20.0, 20.2, 19.9, 20.1])]));
        let rows = comparisons(&families(&groups), &Config::for_tests());
        let found: Vec<_> = rows.iter().map(|r| (r.a.as_str(), r.b.as_str(), r.conclusion.as_str())).collect();
        assert_eq!(found, [("a", "b", "extrapolated"), ("a", "c", "extrapolated"), ("b", "c", "different")]);
    }

    #[test]
    fn names_tell_devices_apart_where_they_must() {
        let mut groups = backends("measured", &[("a", NEAR), ("b", NEAR)]);
        groups.insert(Group { device: "gpu".into(), ..named("a") }, Runs::of(&[("x", &NEAR)], "measured"));
        let all = families(&groups);
        let names: Vec<&str> = all.values().flat_map(|b| b.keys()).map(String::as_str).collect();
        assert_eq!(names, ["a (cpu, f32)", "a (gpu, f32)", "b"]);
        // Only scenario x is common to the two devices.
        let rows = comparisons(&all, &Config::for_tests());
        assert_eq!(rows.iter().map(|r| r.blocks).collect::<Vec<_>>(), [1, 3, 1]);
    }
}
