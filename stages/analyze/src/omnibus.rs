//! `omnibus`: all backends of a metric and mode at once.

use crate::{
    comparisons::Family,
    config::{Config, Scale},
    known::Known,
    observed::Runs,
};
use schemas::tables::omnibus::Row;
use stats::{
    blocked_anova::blocked_anova, friedman::friedman, kruskal_wallis::kruskal_wallis, mean::mean, one_way_anova::FTest,
    one_way_anova::one_way_anova, welch_anova::welch_anova,
};
use std::collections::BTreeMap;

/// Statistic, both degrees of freedom, p, eta squared.
type Found = (f64, f64, Option<f64>, f64, Option<f64>);

pub fn omnibus(families: &BTreeMap<Family, BTreeMap<String, &Runs>>, config: &Config) -> Vec<Row> {
    families.iter().flat_map(|(family, backends)| of_family(family, backends, config.scale)).collect()
}

fn of_family(family: &Family, backends: &BTreeMap<String, &Runs>, scale: Scale) -> Vec<Row> {
    let Some(samples) = samples(backends, scale) else { return Vec::new() };
    let f = |t: FTest| -> Found { (t.statistic, t.df_between, Some(t.df_within), t.p, t.eta_squared) };
    let tests: [(&'static str, Option<Found>); 5] = [
        ("one_way_anova", one_way_anova(&samples).ok().map(f)),
        ("welch_anova", welch_anova(&samples).ok().map(f)),
        ("blocked_anova", blocked_anova(&samples).ok().map(|t| f(t.groups))),
        ("friedman", friedman(&samples).ok().map(|t| (t.statistic, t.df, None, t.p, None))),
        ("kruskal_wallis", kruskal_wallis(&samples).ok().map(|t| (t.statistic, t.df, None, t.p, None))),
    ];
    let evidence = backends.values().map(|r| r.known()).fold(Known::FIRM, Known::weaker).name();
    let (metric, model, mode, kv_cache) = family;
    let row = |(test, found): (&'static str, Option<Found>)| {
        let (statistic, df, df_error, p, eta_squared) = found?;
        Some(Row {
            metric: metric.clone(),
            model: model.clone(),
            mode: mode.clone(),
            kv_cache: *kv_cache,
            test: test.into(),
            scale: scale.name().into(),
            statistic,
            df,
            df_error,
            p,
            eta_squared,
            backends: samples.len() as i64,
            blocks: samples[0].len() as i64,
            evidence: evidence.into(),
        })
    };
    tests.into_iter().filter_map(row).collect()
}

/// Means of the scenarios that all backends ran; `None` unless two backends have two such, each with a log where that is the scale.
fn samples(backends: &BTreeMap<String, &Runs>, scale: Scale) -> Option<Vec<Vec<f64>>> {
    let first = backends.values().next()?;
    let shared: Vec<&String> = (first.by_scenario.keys())
        .filter(|scenario| backends.values().all(|runs| runs.by_scenario.contains_key(*scenario)))
        .collect();
    let of = |runs: &Runs| -> Option<Vec<f64>> {
        let scaled = |v: &f64| if scale == Scale::Log { v.ln() } else { *v };
        let cell = |s: &&String| mean(&runs.by_scenario.get(*s)?.iter().map(scaled).collect::<Vec<_>>());
        shared.iter().map(cell).collect::<Option<Vec<f64>>>().filter(|m| m.iter().all(|v| v.is_finite()))
    };
    let samples = backends.values().map(|runs| of(runs)).collect::<Option<Vec<_>>>()?;
    (samples.len() > 1 && shared.len() > 1).then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparisons::{
        families,
        tests::{NEAR, backends},
    };

    #[test]
    fn blocks_see_what_replicates_hide() {
        let of = [("a", NEAR), ("b", NEAR.map(|v| v * 1.1)), ("c", NEAR.map(|v| v * 1.3))];
        let mut groups = backends("imported", &of);
        // The ratio is not quite the same in every scenario.
        let runs = groups.values_mut().next().and_then(|runs| runs.by_scenario.get_mut("y")).unwrap();
        runs.iter_mut().for_each(|v| *v *= 1.01);
        let rows = omnibus(&families(&groups), &Config::for_tests());
        let p = |test: &str| rows.iter().find(|r| r.test == test).map(|r| r.p).unwrap();
        assert!(p("blocked_anova") < 1e-4 && p("one_way_anova") > 0.5, "{rows:?}");
        assert_eq!((rows.len(), rows[0].backends, rows[0].blocks, rows[0].evidence.as_str()), (5, 3, 3, "imported"));
    }

    #[test]
    fn too_little_gives_no_row() {
        let one = backends("measured", &[("a", NEAR)]);
        assert!(omnibus(&families(&one), &Config::for_tests()).is_empty());
        let mut apart = backends("measured", &[("a", NEAR), ("b", NEAR)]);
        apart.values_mut().next().unwrap().by_scenario.retain(|s, _| s == "x");
        assert!(omnibus(&families(&apart), &Config::for_tests()).is_empty(), "one scenario in common");
    }
}
