//! Two backends in one metric and mode, over the scenarios that both ran: one test, its interval, effect size and equivalence.

use crate::{
    config::{Config, Scale, Test},
    observed,
};
use stats::{
    block_mean::{block_mean, contrast, within_block_d},
    cliffs_delta::cliffs_delta,
    cohens_d::{Effect, cohens_d, cohens_dz},
    logs::logs,
    mann_whitney::mann_whitney,
    mean::mean,
    positive_mean::Cell,
    power::detectable,
    scenario_mean::Over,
    t_test::{TTest, paired_t, student_t, welch_t},
    tost::{practical, tost},
    unfit::Fit,
    wilcoxon::{RankTest, wilcoxon},
};

/// The share of experiments in which a difference that could be found is to be found.
const POWER: f64 = 0.8;

/// What a comparison says; b against a.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pair {
    pub test: &'static str,
    pub statistic: Option<f64>,
    pub df: Option<f64>,
    pub p: Option<f64>,
    pub difference: f64,
    pub difference_interval: Option<(f64, f64)>,
    pub ratio: f64,
    pub ratio_interval: Option<(f64, f64)>,
    /// For scenarios like these.
    pub like_interval: Option<(f64, f64)>,
    pub effect: &'static str,
    pub effect_size: Option<f64>,
    pub effect_interval: Option<(f64, f64)>,
    pub p_equivalent: Option<f64>,
    /// Standard error of the log ratio.
    std_error: Option<f64>,
    pub n: usize,
    pub blocks: usize,
}

impl Pair {
    /// The smallest ratio, less one, that four of five such experiments would call different at this level.
    pub fn detectable_pct(&self, alpha: f64) -> Option<f64> {
        let (std_error, df) = self.std_error.zip(self.df)?;
        detectable(std_error, df, alpha, POWER).ok().map(|d| 100.0 * d.exp_m1())
    }
}

/// What two backends are compared by: the mean of the metric, or the geometric one where a test of scenarios' logs is configured.
pub fn compared_by(metric: &str, config: &Config) -> Over {
    match (config.scale, config.test) {
        (Scale::Linear, _) => Over::Arithmetic,
        (Scale::Log, Test::Blocked | Test::Paired) => observed::over(metric),
        (Scale::Log, _) => Over::Geometric,
    }
}

/// `a[i]` and `b[i]` are one scenario, all runs positive. `None` for no scenario or a value that has no log.
pub fn pair(a: &[Cell<'_>], b: &[Cell<'_>], over: Over, config: &Config) -> Option<Pair> {
    let plain = |cells: &[Cell<'_>]| cells.iter().map(|c| c.runs.to_vec()).collect::<Vec<_>>();
    let (runs_a, runs_b) = (plain(a), plain(b));
    let (log_a, log_b) = (logs(&runs_a)?, logs(&runs_b)?);
    let (means_a, means_b) = (means(&runs_a)?, means(&runs_b)?);
    let log_means = (means(&log_a)?, means(&log_b)?);
    let level = config.ci_level;
    // An arithmetic mean of logs' exponentials: what a paired test of it takes for a scenario is the mean of its runs.
    let of_scenarios = match over {
        Over::Arithmetic => over.paired(&means_a, &means_b, level),
        Over::Geometric => paired_t(&log_means.0, &log_means.1, level),
    };
    let like = of_scenarios.as_ref().ok();
    let mut found = Pair {
        difference: mean(&means_b)? - mean(&means_a)?,
        ratio: (over.log(b)? - over.log(a)?).exp(),
        like_interval: like.map(|t| (t.ci_low.exp(), t.ci_high.exp())),
        n: a.iter().chain(b).map(|cell| cell.runs.len()).sum(),
        blocks: a.len(),
        ..Pair::default()
    };
    let single = a.iter().chain(b).any(|cell| cell.runs.len() < 2);
    match (config.scale, config.test) {
        (Scale::Log, Test::Blocked) if !single => {
            let t = over.with_error(a).and_then(|a| contrast(&a, &over.with_error(b)?, level));
            by_t(&mut found, "t of runs within scenarios", t, config);
            by_d(&mut found, "d of runs within scenarios", within_block_d(&log_a, &log_b, level));
        }
        (Scale::Log, Test::Blocked | Test::Paired) => {
            by_t(&mut found, "paired t of scenario means", of_scenarios, config);
            by_d(&mut found, "d_z of scenario means", cohens_dz(&log_means.0, &log_means.1, level));
        }
        (Scale::Log, _) => of_means(&mut found, &log_means.0, &log_means.1, config),
        (Scale::Linear, Test::Blocked) if !single => {
            let t = block_mean(&runs_a).and_then(|a| contrast(&a, &block_mean(&runs_b)?, level));
            by_t(&mut found, "t of runs within scenarios", t, config);
            by_d(&mut found, "d of runs within scenarios", within_block_d(&runs_a, &runs_b, level));
        }
        (Scale::Linear, _) => of_means(&mut found, &means_a, &means_b, config),
    }
    Some(found)
}

fn means(blocks: &[Vec<f64>]) -> Option<Vec<f64>> {
    (!blocks.is_empty()).then(|| blocks.iter().map(|b| mean(b)).collect())?
}

/// Tests of the scenarios' means, one a scenario, on the scale of the test.
fn of_means(found: &mut Pair, mean_a: &[f64], mean_b: &[f64], config: &Config) {
    let level = config.ci_level;
    match config.test {
        Test::Blocked | Test::Paired => {
            by_t(found, "paired t of scenario means", paired_t(mean_a, mean_b, level), config);
            by_d(found, "d_z of scenario means", cohens_dz(mean_a, mean_b, level));
        }
        Test::Student => {
            by_t(found, "Student's t of scenario means", student_t(mean_a, mean_b, level), config);
            by_d(found, "d of scenario means", cohens_d(mean_a, mean_b, level));
        }
        Test::Welch => {
            by_t(found, "Welch's t of scenario means", welch_t(mean_a, mean_b, level), config);
            by_d(found, "d of scenario means", cohens_d(mean_a, mean_b, level));
        }
        Test::Wilcoxon => {
            by_ranks(found, "Wilcoxon's of scenario means", wilcoxon(mean_a, mean_b), mean_a, mean_b, level)
        }
        Test::MannWhitney => {
            by_ranks(
                found,
                "Mann and Whitney's of scenario means",
                mann_whitney(mean_a, mean_b),
                mean_a,
                mean_b,
                level,
            );
        }
    }
}

fn by_t(found: &mut Pair, name: &'static str, t: Fit<TTest>, config: &Config) {
    found.test = name;
    let Ok(t) = t else { return };
    (found.statistic, found.df, found.p) = (Some(t.statistic), Some(t.df), Some(t.p));
    if config.scale == Scale::Linear {
        found.difference_interval = Some((t.ci_low, t.ci_high));
        return;
    }
    found.ratio_interval = Some((t.ci_low.exp(), t.ci_high.exp()));
    let equivalent = practical(config.practical_pct).and_then(|(low, high)| tost(&t, low, high));
    found.p_equivalent = equivalent.ok().map(|e| e.p);
    found.std_error = Some(t.std_error);
}

fn by_d(found: &mut Pair, name: &'static str, effect: Fit<Effect>) {
    found.effect = name;
    if let Ok(effect) = effect {
        found.effect_size = Some(effect.d);
        found.effect_interval = Some((effect.d_low, effect.d_high));
    }
}

fn by_ranks(found: &mut Pair, name: &'static str, test: Fit<RankTest>, a: &[f64], b: &[f64], level: f64) {
    (found.test, found.effect) = (name, "Cliff's delta of scenario means");
    if let Ok(test) = test {
        (found.statistic, found.p) = (Some(test.statistic), Some(test.p));
    }
    if let Ok(delta) = cliffs_delta(a, b, level) {
        (found.effect_size, found.effect_interval) = (Some(delta.delta), delta.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [&[f64]; 3] = [&[10.0, 10.2, 9.9], &[20.0, 20.3, 19.8], &[40.0, 40.9, 39.7]];
    const B: [&[f64]; 3] = [&[15.0, 15.1, 14.8], &[31.0, 30.2, 30.5], &[61.0, 60.2, 60.8]];

    fn cells<'a>(blocks: &[&'a [f64]]) -> Vec<Cell<'a>> {
        blocks.iter().map(|runs| Cell::independent(runs)).collect()
    }

    fn with(test: Test, scale: Scale, a: &[&[f64]], b: &[&[f64]]) -> Pair {
        let config = Config { test, scale, ..Config::for_tests() };
        pair(&cells(a), &cells(b), compared_by("latency_ms", &config), &config).unwrap()
    }

    #[test]
    fn runs_within_scenarios_are_the_replicates() {
        let found = with(Test::Blocked, Scale::Log, &A, &B);
        assert_eq!((found.test, found.n, found.blocks), ("t of runs within scenarios", 18, 3));
        let (low, high) = found.ratio_interval.unwrap();
        assert!(low > 1.48 && high < 1.54 && found.p.unwrap() < 1e-9, "{found:?}");
        assert!(found.detectable_pct(0.05).unwrap() < 3.0 && found.effect_size.unwrap() > 10.0);
        assert!(found.detectable_pct(0.05 / 28.0).unwrap() > found.detectable_pct(0.05).unwrap());
        // Three scenarios say less of others like them.
        let like = found.like_interval.unwrap();
        assert!(like.0 < low && like.1 > high, "{found:?}");
    }

    #[test]
    fn single_runs_leave_scenarios_as_replicates() {
        let first = |blocks: [&'static [f64]; 3]| blocks.map(|b| &b[..1]);
        let found = with(Test::Blocked, Scale::Log, &first(A), &first(B));
        assert_eq!((found.test, found.df), ("paired t of scenario means", Some(2.0)));
        assert_eq!(found.effect, "d_z of scenario means");
        let one = with(Test::Blocked, Scale::Log, &first(A)[..1], &first(B)[..1]);
        assert!((one.ratio - 1.5).abs() < 1e-12 && one.p.is_none() && one.ratio_interval.is_none(), "{one:?}");
    }

    #[test]
    fn equivalence_needs_more_than_no_difference() {
        let same = with(Test::Blocked, Scale::Log, &A, &A);
        assert!(same.p_equivalent.unwrap() < 0.05 && same.p.unwrap() > 0.9);
        let wide: [&[f64]; 1] = [&[10.0, 20.0, 15.0]];
        let unclear = with(Test::Blocked, Scale::Log, &wide, &[&[11.0, 19.0, 14.0]]);
        assert!(unclear.p_equivalent.unwrap() > 0.05 && unclear.p.unwrap() > 0.05);
    }

    #[test]
    fn linear_values_have_differences_and_ranks_have_no_interval() {
        let found = with(Test::Student, Scale::Linear, &A, &B);
        assert!(found.ratio_interval.is_none() && found.difference_interval.is_some());
        assert!((found.ratio - 1.0 - found.difference / 23.4222).abs() < 1e-4, "{found:?}");
        let ranks = with(Test::MannWhitney, Scale::Log, &A, &B);
        assert!(ranks.df.is_none() && ranks.ratio_interval.is_none() && ranks.p.is_some());
        let (a, b) = (cells(&[&[0.0, 1.0]]), cells(&[&[1.0, 2.0]]));
        assert_eq!(pair(&a, &b, Over::Geometric, &Config::for_tests()), None, "0 has no log");
    }

    #[test]
    fn costs_are_compared_by_what_they_add_up_to() {
        // 33 / 30 of the sums, and 1.15 of the ratios 1.2 and 1.1025.
        let (a, b): ([&[f64]; 2], [&[f64]; 2]) = ([&[9.9, 10.1], &[19.9, 20.1]], [&[11.9, 12.1], &[20.9, 21.1]]);
        let config = Config::for_tests();
        let by = |metric: &str| pair(&cells(&a), &cells(&b), compared_by(metric, &config), &config).unwrap();
        let (usd, ms) = (by("total_usd_per_mtok"), by("latency_ms"));
        assert!((usd.ratio - 1.1).abs() < 1e-12 && (ms.ratio - (1.2f64 * 1.05).sqrt()).abs() < 1e-4, "{usd:?} {ms:?}");
        assert!(usd.ratio_interval.unwrap().0 < 1.1 && usd.ratio_interval.unwrap().1 > 1.1 && usd.p.unwrap() < 0.01);
        // The scenarios have different ratios, which says little of others like these.
        assert!(usd.like_interval.unwrap().0 < usd.ratio_interval.unwrap().0);
        let dependent: Vec<Cell<'_>> = cells(&b).iter().map(|c| Cell { widening: 4.0, ..*c }).collect();
        let wider = pair(&cells(&a), &dependent, Over::Geometric, &config).unwrap();
        assert!(wider.ratio_interval.unwrap().1 > ms.ratio_interval.unwrap().1, "{wider:?}");
        let ranks = Config { test: Test::Wilcoxon, ..Config::for_tests() };
        assert_eq!(compared_by("total_usd_per_mtok", &ranks), Over::Geometric, "a test of logs is one of ratios");
    }
}
