//! `decision`: for each objective and mode or workload the backend to take, by how much, what would change it, or that it cannot be
//! told.

use crate::{
    config::Config,
    contenders::{Contenders, EACH_TOKEN, OBJECTIVES, Place},
    contests::{Contest, contest},
    flips::Flips,
    reasons::{beside, reason},
    ties::untold,
};
use schemas::tables::{comparison::Row as Comparison, decision::Row};
use stats::{
    selection::family_level,
    t_test::TTest,
    tost::{practical, tost},
    truncated::selected_interval,
};
use std::collections::BTreeMap;

/// A report has many decisions, so the level of each depends on how many of its model are told: where nothing is different the report
/// names a backend anywhere with the configured probability. Utilisation is the configured one of the costs.
pub fn decisions(
    all: &BTreeMap<(String, Place), Contenders>,
    compared: &[Comparison],
    config: &Config,
    utilisation: f64,
) -> Vec<Row> {
    let none = Contenders::new();
    let contests = all.iter().map(|((objective, place), contenders)| {
        let times = all.get(&("fastest".to_string(), place.clone())).unwrap_or(&none);
        contest(objective, place, contenders, times, config)
    });
    let contests: Vec<Contest<'_>> = contests.collect();
    let mut claims: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    contests.iter().for_each(|c| claims.entry(&c.place.0).or_default().push(c.p()));
    let alpha = 1.0 - config.ci_level;
    let levels: BTreeMap<&str, f64> = claims.iter().map(|(model, p)| (*model, family_level(p, alpha))).collect();
    let level = |c: &Contest<'_>| levels.get(c.place.0.as_str()).copied().unwrap_or(alpha);
    contests.iter().map(|c| decide(c, level(c), compared, config, utilisation)).collect()
}

fn decide(contest: &Contest<'_>, alpha: f64, compared: &[Comparison], config: &Config, utilisation: f64) -> Row {
    let Contest { objective, place, left, others, adjusted, known, .. } = contest;
    let (model, mode, kv_cache, workload) = place;
    let best = left.first();
    let untold = best.map(|(name, _)| untold(compared, objective, place, name, alpha)).unwrap_or_default();
    let tied: Vec<String> = (others.iter().zip(adjusted))
        .filter(|((name, _), p)| !p.is_some_and(|p| p < alpha) || untold.contains(&name.as_str()))
        .map(|((name, _), _)| (*name).clone())
        .collect();
    let closest = others.first().and_then(|(_, t)| *t);
    let flips = match (best.zip(left.get(1)), *objective) {
        (Some((a, b)), "cheapest") => Flips::of_usd(a.1, b.1, utilisation),
        (Some((a, b)), "least_carbon") => Flips::of_carbon(a.1, b.1),
        _ => Flips::default(),
    };
    let trivial = closest.is_some_and(|t| equivalent(&t, alpha, config));
    let won = best.filter(|_| workload == EACH_TOKEN).map(|(_, b)| {
        let first = |s: &&String| left.iter().all(|(_, c)| b.logs.get(*s) <= c.logs.get(*s));
        b.logs.keys().filter(first).count()
    });
    let told = !others.is_empty() && tied.is_empty() && !known.is_model;
    // Who is shown because of a large margin has one that is too large on average.
    let selected = closest.filter(|_| told).and_then(|t| selected_interval(&t, alpha, config.ci_level));
    let margin = selected.or(closest.map(|t| (t.ci_low, t.ci_high)));
    let per_request = workload != EACH_TOKEN;
    let metric = OBJECTIVES.iter().find(|o| o.0 == *objective).map(|o| if per_request { o.2 } else { o.1 });
    let scope = if per_request { "this workload".to_string() } else { format!("{} scenarios", contest.scenarios) };
    Row {
        objective: (*objective).into(),
        model: model.clone(),
        mode: mode.clone(),
        kv_cache: *kv_cache,
        workload: workload.clone(),
        stated: config.decision.objective.name() == *objective,
        metric: metric.unwrap_or("weighted relative value").into(),
        backend: best.filter(|_| told || others.is_empty()).map(|(name, _)| (*name).clone()),
        price: best.and_then(|(_, c)| c.price.clone()),
        mean: best.map_or("geometric", |(_, c)| c.over.name()).into(),
        estimate: best.map(|(_, c)| c.centre.exp()),
        runner_up: left.get(1).map(|(name, _)| (*name).clone()),
        margin_ratio: best.zip(left.get(1)).map(|(a, b)| (b.1.centre - a.1.centre).exp()),
        margin_low: margin.map(|m| m.0.exp()),
        margin_high: margin.map(|m| m.1.exp()),
        margin_method: margin.map(|_| match selected {
            Some(_) => "given that it was large enough to be named".into(),
            None => "t interval of the closest two".into(),
        }),
        p_adjusted: adjusted.first().copied().flatten(),
        alpha: adjusted.first().copied().flatten().map(|_| alpha),
        ci_level: config.ci_level,
        scenarios: contest.scenarios as i64,
        scenarios_won: won.map(|won| won as i64),
        reason: reason(best.map(|b| b.0), others, &tied, *known, trivial, &scope, config) + &beside(contest.unknown),
        tied,
        excluded: contest.excluded.clone(),
        flip_usd_per_hour: flips.usd_per_hour,
        flip_usd_per_kwh: flips.usd_per_kwh,
        flip_utilisation: flips.utilisation,
        flip_gco2e_per_kwh: flips.gco2e_per_kwh,
        evidence: if left.is_empty() { "unknown" } else { known.name() }.into(),
    }
}

fn equivalent(t: &TTest, alpha: f64, config: &Config) -> bool {
    let tested = practical(config.practical_pct).and_then(|(low, high)| tost(t, low, high));
    tested.is_ok_and(|e| e.p < alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        comparisons::{comparisons, families, tests::named},
        config::{Decision, Hardware, Objective, Weights},
        contenders::{Chosen, Lengths, Workload, contenders},
        known::Known,
        observed::{Group, Runs},
    };

    const NO_WEIGHTS: Weights = Weights { usd: 0.0, kwh: 0.0, gco2e: 0.0, latency: 0.0 };

    fn config(max_latency_ms: Option<f64>, weights: Weights) -> Config {
        let decision = Decision { objective: Objective::Fastest, hardware: Hardware::Any, max_latency_ms, weights };
        Config { decision, ..Config::for_tests() }
    }

    /// Three runs within 1 % of each value, one value a scenario.
    fn of(metric: &str, backend: &str, values: [f64; 3]) -> (Group, Runs) {
        let near = values.map(|v| [v * 0.995, v, v * 1.005]);
        let cells: Vec<(&str, &[f64])> = ["x", "y", "z"].into_iter().zip(near.iter().map(|v| &v[..])).collect();
        (Group { metric: metric.into(), ..named(backend) }, Runs::of(&cells, "measured"))
    }

    /// Of runs as long as every workload.
    fn decided(groups: &[(Group, Runs)], chosen: &[Chosen], workloads: &[Workload], config: &Config) -> Vec<Row> {
        let all = |(g, _): &(Group, Runs)| lengths(&g.backend, 1e9);
        measured_up_to(&groups.iter().map(all).collect::<Vec<_>>(), groups, chosen, workloads, config)
    }

    fn lengths(backend: &str, most: f64) -> Lengths {
        let g = named(backend);
        let (least, most) = (Some(1.0), Some(most));
        Lengths {
            backend: g.backend,
            device: g.device,
            model: g.model,
            dtype: g.dtype,
            least_prompt_tokens: least,
            most_prompt_tokens: most,
            least_new_tokens: least,
            most_new_tokens: most,
        }
    }

    fn measured_up_to(
        lengths: &[Lengths],
        groups: &[(Group, Runs)],
        chosen: &[Chosen],
        workloads: &[Workload],
        config: &Config,
    ) -> Vec<Row> {
        let copy = |r: &Runs| {
            let cells: Vec<(&str, &[f64])> = r.by_scenario.iter().map(|(s, v)| (s.as_str(), v.as_slice())).collect();
            Runs::known_as(&cells, r.known())
        };
        let groups: BTreeMap<Group, Runs> = groups.iter().map(|(g, r)| (g.clone(), copy(r))).collect();
        let compared = comparisons(&families(&groups), config);
        decisions(&contenders(&groups, chosen, workloads, lengths, &config.decision.weights), &compared, config, 0.5)
    }

    fn first(groups: &[(Group, Runs)], config: &Config) -> Row {
        decided(groups, &[], &[], config).remove(0)
    }

    #[test]
    fn a_clear_winner_and_a_tie() {
        let plain = config(None, NO_WEIGHTS);
        let clear = [of("latency_ms", "a", [10.0, 20.0, 30.0]), of("latency_ms", "b", [15.0, 31.0, 44.0])];
        let row = first(&clear, &plain);
        assert_eq!((row.backend.as_deref(), row.scenarios_won, row.stated), (Some("a"), Some(3), true));
        assert!((row.margin_ratio.unwrap() - 1.505).abs() < 0.01 && row.margin_low.unwrap() > 1.49, "{row:?}");
        assert_eq!(row.reason, "better than every other in 3 scenarios");

        // Better in one scenario, worse in the others, and within the noise over all.
        let tie = [of("latency_ms", "a", [10.0, 20.0, 30.0]), of("latency_ms", "b", [8.01, 25.0, 30.0])];
        let row = first(&tie, &plain);
        assert_eq!((row.backend.as_deref(), row.tied.len()), (None, 1));
        assert_eq!(row.reason, "can't tell a from b: the difference is under 3 %");

        let near = [of("latency_ms", "a", [10.0, 20.0, 30.0]), of("latency_ms", "b", [10.15, 20.3, 30.45])];
        assert_eq!(
            first(&near, &plain).reason,
            "better than every other in 3 scenarios, though the difference is under 3 %"
        );
    }

    #[test]
    fn runs_tell_backends_apart_in_a_single_scenario_and_single_runs_do_not() {
        let cell = |backend: &str, runs: &[f64]| {
            (Group { metric: "latency_ms".into(), ..named(backend) }, Runs::of(&[("x", runs)], "measured"))
        };
        let plain = config(None, NO_WEIGHTS);
        let row = first(&[cell("a", &[1.0, 1.01, 0.99]), cell("b", &[9.0, 9.1, 8.9])], &plain);
        assert_eq!(row.backend.as_deref(), Some("a"));
        let row = first(&[cell("a", &[1.0]), cell("b", &[9.0])], &plain);
        assert_eq!(row.reason, "can't tell a from b: too few runs or scenarios give an error");
    }

    #[test]
    fn constraints_and_gaps_exclude() {
        let mut all = vec![of("latency_ms", "a", [10.0, 20.0, 90.0]), of("latency_ms", "b", [15.0, 31.0, 44.0])];
        all.push((Group { metric: "latency_ms".into(), ..named("c") }, Runs::of(&[("x", &[1.0, 1.1])], "measured")));
        let row = first(&all, &config(Some(50.0), NO_WEIGHTS));
        assert_eq!(row.backend.as_deref(), Some("b"));
        assert_eq!(row.excluded, ["a: 90 ms in its slowest scenario, more than 50 ms", "c: known in 1 of 3 scenarios"]);
        assert_eq!(row.reason, "the only backend that has the numbers");
        let none = first(&all, &config(Some(0.5), NO_WEIGHTS));
        assert_eq!((none.backend.as_deref(), none.estimate, none.evidence.as_str()), (None, None, "unknown"));
    }

    #[test]
    fn an_estimate_ranks_nothing() {
        let plain = config(None, NO_WEIGHTS);
        let mut all =
            vec![of("gross_kwh_per_mtok", "a", [1.0, 2.0, 3.0]), of("gross_kwh_per_mtok", "b", [5.0, 10.0, 15.5])];
        assert_eq!(first(&all, &plain).backend.as_deref(), Some("a"));
        all[0].1 = Runs::of(&[("x", &[1.0, 1.1]), ("y", &[2.0, 2.1]), ("z", &[3.0, 3.1])], "estimated");
        let row = first(&all, &plain);
        assert_eq!((row.backend, row.reason.starts_with("can't tell: the energy is an estimate")), (None, true));
        assert_eq!(first(&all[..1], &plain).backend.as_deref(), Some("a"), "alone it is not ranked");
    }

    #[test]
    fn a_backend_without_the_numbers_is_named() {
        let all = [
            of("latency_ms", "a", [10.0, 20.0, 30.0]),
            of("latency_ms", "b", [20.0, 40.0, 60.0]),
            of("gross_kwh_per_mtok", "a", [8.0, 8.1, 8.0]),
        ];
        let rows = decided(&all, &[], &[], &config(None, NO_WEIGHTS));
        let row = rows.iter().find(|r| r.objective == "least_energy").unwrap();
        assert_eq!(row.excluded, ["b: not known"]);
        assert_eq!(row.reason, "the only backend that has the numbers; of one backend the numbers are not known");
    }

    fn chosen(backend: &str, mode: &str, hours: f64, kwh: f64, embodied: f64) -> Chosen {
        let g = named(backend);
        Chosen {
            backend: g.backend,
            device: g.device,
            model: g.model,
            dtype: g.dtype,
            mode: mode.into(),
            kv_cache: false,
            price: "own any mine on_prem".into(),
            hours_per_mtok: hours,
            kwh_per_mtok: Some(kwh),
            embodied_gco2e_per_mtok: Some(embodied),
            usd_per_used_hour: Some(0.04),
            usd_per_used_kwh: Some(0.3),
        }
    }

    #[test]
    fn where_the_order_flips() {
        // a: 2 h and 0.1 kWh, b: 1 h and 0.4 kWh a million. At 0.30 USD/kWh and R USD an hour both cost the same at
        // R (2 - 1) = 0.3 (0.4 - 0.1), 0.09; a is cheaper below. At half utilisation an hour that works costs twice its rate.
        let usd =
            |backend: &str, hours: f64, kwh: f64| of("total_usd_per_mtok", backend, [0.04 * hours + 0.3 * kwh; 3]);
        let costs = [chosen("a", "prefill", 2.0, 0.1, 60.0), chosen("b", "prefill", 1.0, 0.4, 30.0)];
        let plain = config(None, NO_WEIGHTS);
        let row = &decided(&[usd("a", 2.0, 0.1), usd("b", 1.0, 0.4)], &costs, &[], &plain)[0];
        assert_eq!((row.runner_up.as_deref(), row.price.as_deref()), (Some("b"), Some("own any mine on_prem")));
        assert!((row.flip_usd_per_hour.unwrap() - 0.045).abs() < 1e-12);
        assert!((row.flip_usd_per_kwh.unwrap() - 0.04 / 0.3).abs() < 1e-12);
        assert!((row.flip_utilisation.unwrap() - 0.02 / 0.09).abs() < 1e-12);
        let never = [chosen("a", "prefill", 1.0, 0.1, 30.0), chosen("b", "prefill", 2.0, 0.4, 60.0)];
        let row = &decided(&[usd("a", 1.0, 0.1), usd("b", 2.0, 0.4)], &never, &[], &plain)[0];
        assert_eq!((row.flip_usd_per_hour, row.flip_utilisation), (None, None));

        // Grams: a 0.1 I + 60, b 0.4 I + 30: the same at 100 g a kWh.
        let grams = [of("gco2e_per_mtok", "a", [100.0; 3]), of("gco2e_per_mtok", "b", [190.0; 3])];
        let row = &decided(&grams, &costs, &[], &plain)[0];
        assert!((row.flip_gco2e_per_kwh.unwrap() - 100.0).abs() < 1e-9, "{row:?}");
    }

    #[test]
    fn a_models_energy_decides_nothing_at_any_price() {
        let known = Known::of(Some("extrapolated"), Some("estimated"));
        let usd = |backend: &str, v: f64| {
            let runs = [v * 0.999, v, v * 1.001];
            let cells = [("x", &runs[..]), ("y", &runs[..]), ("z", &runs[..])];
            (Group { metric: "total_usd_per_mtok".into(), ..named(backend) }, Runs::known_as(&cells, known))
        };
        let row = first(&[usd("a", 1.0), usd("b", 9.0)], &config(None, NO_WEIGHTS));
        assert_eq!((row.backend, row.evidence.as_str()), (None, "extrapolated"));
        assert_eq!(row.reason, "can't tell: the energy is an estimate from utilisation, which does not rank backends");
    }

    #[test]
    fn a_workload_weighs_its_tokens() {
        // a is cheap for prompts and b for new tokens; 1000 + 10 favour a, 10 + 1000 b.
        let usd = |backend: &str, mode: &str, v: f64| {
            let (g, runs) = of("total_usd_per_mtok", backend, [v; 3]);
            (Group { mode: mode.into(), ..g }, runs)
        };
        let all =
            [usd("a", "prefill", 1.0), usd("a", "generate", 9.0), usd("b", "prefill", 2.0), usd("b", "generate", 5.0)];
        let workload = |name: &str, prompt_tokens, generated_tokens| Workload {
            workload: name.into(),
            prompt_tokens,
            generated_tokens,
        };
        let rows = decided(
            &all,
            &[],
            &[workload("read", 1000.0, 10.0), workload("write", 10.0, 1000.0)],
            &config(None, NO_WEIGHTS),
        );
        let of_workload = |name: &str| rows.iter().find(|r| r.workload == name).unwrap();
        let (read, write) = (of_workload("read"), of_workload("write"));
        assert_eq!((read.backend.as_deref(), write.backend.as_deref()), (Some("a"), Some("b")));
        assert!((read.estimate.unwrap() - (1000.0 * 1.0 + 10.0 * 9.0) / 1e6).abs() < 1e-12);
        assert_eq!(
            (read.metric.as_str(), read.reason.as_str()),
            ("total_usd", "better than every other in this workload")
        );
        assert_eq!(read.evidence, "measured");

        // Only b ran such lengths: a is extrapolated and stands beside it no more. Where neither did, both are compared.
        let plain = config(None, NO_WEIGHTS);
        let of = |most: [f64; 2]| {
            let known = [lengths("a", most[0]), lengths("b", most[1])];
            let rows = measured_up_to(&known, &all, &[], &[workload("read", 1000.0, 10.0)], &plain);
            rows.into_iter().find(|r| r.workload == "read").unwrap()
        };
        let one = of([500.0, 1000.0]);
        assert_eq!((one.backend.as_deref(), one.evidence.as_str()), (Some("b"), "measured"));
        assert_eq!(one.excluded, ["a: extrapolated, and others are not"]);
        let none = of([500.0, 999.0]);
        assert_eq!(
            (none.backend.as_deref(), none.evidence.as_str(), none.excluded.len()),
            (Some("a"), "extrapolated", 0)
        );
    }

    #[test]
    fn weights_trade_one_for_another() {
        let all = [
            of("latency_ms", "a", [10.0, 20.0, 30.0]),
            of("latency_ms", "b", [20.0, 40.0, 60.0]),
            of("gross_kwh_per_mtok", "a", [8.0, 8.1, 8.0]),
            of("gross_kwh_per_mtok", "b", [1.0, 1.0, 1.1]),
        ];
        let weights = |kwh, latency| Weights { usd: 0.0, kwh, gco2e: 0.0, latency };
        let backend = |weights| {
            let rows = decided(&all, &[], &[], &config(None, weights));
            rows.into_iter().find(|r| r.objective == "weighted").and_then(|r| r.backend)
        };
        assert_eq!(backend(weights(1.0, 1.0)).as_deref(), Some("b"));
        assert_eq!(backend(weights(0.1, 1.0)).as_deref(), Some("a"));
        assert_eq!(backend(Weights { usd: 1.0, ..weights(1.0, 1.0) }), None, "no backend has dollars");
    }
}
