//! Simulated experiments whose truth is known: do tests err as seldom and intervals cover as often as they say?
//!
//! `make bench-calibration` prints the table. Rows with a bound must keep it: false alarms at most 5 %, coverage 93 to 97 %, each
//! give or take twice the simulation's own error. Rows without show what the method beside them is for.

use crate::{
    Estimate,
    block_mean::{block_mean, contrast},
    blocked_anova::blocked_anova,
    bootstrap::{Settings, bootstrap_mean},
    cliffs_delta::cliffs_delta,
    cohens_d::cohens_d,
    friedman::friedman,
    holm::holm,
    interval::t_interval,
    kruskal_wallis::kruskal_wallis,
    mann_whitney::mann_whitney,
    one_way_anova::one_way_anova,
    t_test::{TTest, paired_t, student_t, welch_t},
    tails::normal_cdf,
    tost::tost,
    welch_anova::welch_anova,
    wilcoxon::wilcoxon,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Normal};
use rayon::prelude::*;

const SEED: u64 = 119;
const TRIALS: usize = 4000;

#[derive(Clone, Copy)]
enum Bound {
    FalseAlarms,
    Coverage,
    /// Shown beside the method that mends it.
    None,
}

struct Row {
    what: &'static str,
    truth: &'static str,
    bound: Bound,
    trials: usize,
    found: f64,
}

impl Row {
    fn error(&self) -> f64 {
        2.0 * (0.05 * 0.95 / self.trials as f64).sqrt()
    }

    fn holds(&self) -> bool {
        match self.bound {
            Bound::FalseAlarms => self.found <= 0.05 + self.error(),
            Bound::Coverage => (0.93 - self.error()..=0.97 + self.error()).contains(&self.found),
            Bound::None => true,
        }
    }
}

/// The share of trials in which `trial` says yes. Each has its own generator, so threads do not matter.
fn row(
    what: &'static str,
    truth: &'static str,
    bound: Bound,
    trials: usize,
    trial: impl Fn(&mut StdRng) -> bool + Sync,
) -> Row {
    let yes = |i: &usize| trial(&mut StdRng::seed_from_u64(SEED * 1_000_000 + *i as u64));
    let found = (0..trials).into_par_iter().filter(yes).count() as f64 / trials as f64;
    Row { what, truth, bound, trials, found }
}

fn normal(rng: &mut StdRng, centre: f64, sd: f64, n: usize) -> Vec<f64> {
    Normal::new(centre, sd).unwrap().sample_iter(rng).take(n).collect()
}

fn lognormal(rng: &mut StdRng, sigma: f64, n: usize) -> Vec<f64> {
    normal(rng, 0.0, sigma, n).into_iter().map(f64::exp).collect()
}

/// One value in ten is five times as far out.
fn contaminated(rng: &mut StdRng, n: usize) -> Vec<f64> {
    normal(rng, 0.0, 1.0, n).into_iter().map(|v| if rng.random_bool(0.1) { 5.0 * v } else { v }).collect()
}

/// First-order autoregressive, in its steady state.
pub(super) fn series(rng: &mut StdRng, phi: f64, n: usize) -> Vec<f64> {
    let mut last = normal(rng, 0.0, 1.0 / (1.0 - phi * phi).sqrt(), 1)[0];
    let shocks = normal(rng, 0.0, 1.0, n);
    let step = |shock| {
        last = phi * last + shock;
        last
    };
    shocks.into_iter().map(step).collect()
}

/// Five backends over five scenarios that differ tenfold, equal but for `shift` of the first two.
fn blocks(rng: &mut StdRng, sigma: f64, shift: f64) -> Vec<Vec<f64>> {
    let scenarios = normal(rng, 0.0, 1.2, 5);
    let of = |g: usize, rng: &mut StdRng| {
        let noise = normal(rng, if g < 2 { shift * (g as f64 + 1.0) } else { 0.0 }, sigma, 5);
        scenarios.iter().zip(noise).map(|(s, e)| s + e).collect()
    };
    (0..5).map(|g| of(g, rng)).collect()
}

/// Logs of one backend: five scenarios of four runs, the same scenarios for all.
fn cells(rng: &mut StdRng, sigma: f64, shift: f64) -> Vec<Vec<f64>> {
    (0..5).map(|s| normal(rng, f64::from(s) + shift, sigma * (1.0 + 0.2 * f64::from(s)), 4)).collect()
}

fn unequal(rng: &mut StdRng, n: usize) -> Vec<Vec<f64>> {
    (0..5).map(|g| normal(rng, 0.0, 1.0 + g as f64, n)).collect()
}

/// Any pair of groups from `first` on called different after Holm's adjustment over all pairs.
fn any_pair(groups: &[Vec<f64>], first: usize, p: impl Fn(&[f64], &[f64]) -> f64) -> bool {
    let pairs: Vec<(usize, usize)> = (0..5).flat_map(|a| (a + 1..5).map(move |b| (a, b))).collect();
    let adjusted = holm(&pairs.iter().map(|&(a, b)| Some(p(&groups[a], &groups[b]))).collect::<Vec<_>>());
    pairs.iter().zip(adjusted).any(|(&(a, _), p)| a >= first && p.unwrap() < 0.05)
}

fn inside(low: f64, high: f64, truth: f64) -> bool {
    low <= truth && truth <= high
}

fn covers(e: &Estimate, truth: f64) -> bool {
    inside(e.ci_low.unwrap(), e.ci_high.unwrap(), truth)
}

fn false_alarms() -> Vec<Row> {
    let equal = |rng: &mut StdRng| (0..5).map(|_| normal(rng, 0.0, 1.0, 7)).collect::<Vec<_>>();
    let welch = |a: &[f64], b: &[f64]| welch_t(a, b, 0.95).unwrap().p;
    let pair = |a: &[f64], b: &[f64]| paired_t(a, b, 0.95).unwrap().p;
    let alarms =
        |what, truth, trial: &(dyn Fn(&mut StdRng) -> bool + Sync)| row(what, truth, Bound::FalseAlarms, TRIALS, trial);
    let shown =
        |what, truth, trial: &(dyn Fn(&mut StdRng) -> bool + Sync)| row(what, truth, Bound::None, TRIALS, trial);
    vec![
        alarms("one-way ANOVA", "equal, 5 x 7", &|r| one_way_anova(&equal(r)).unwrap().p < 0.05),
        shown("one-way ANOVA", "equal, sd 1 to 5, 5 x 7", &|r| one_way_anova(&unequal(r, 7)).unwrap().p < 0.05),
        alarms("Welch ANOVA", "equal, sd 1 to 5, 5 x 20", &|r| welch_anova(&unequal(r, 20)).unwrap().p < 0.05),
        shown("Welch ANOVA", "equal, sd 1 to 5, 5 x 7", &|r| welch_anova(&unequal(r, 7)).unwrap().p < 0.05),
        alarms("blocked ANOVA", "equal, 5 scenarios", &|r| {
            blocked_anova(&blocks(r, 0.1, 0.0)).unwrap().groups.p < 0.05
        }),
        alarms("Friedman", "equal, 5 scenarios", &|r| friedman(&blocks(r, 0.1, 0.0)).unwrap().p < 0.05),
        alarms("Kruskal-Wallis", "log-normal, 3 x 12", &|r| {
            kruskal_wallis(&(0..3).map(|_| lognormal(r, 1.0, 12)).collect::<Vec<_>>()).unwrap().p < 0.05
        }),
        shown("10 paired t, no adjustment", "equal, 5 scenarios", &|r| {
            let g = blocks(r, 0.1, 0.0);
            (0..5).any(|a| (a + 1..5).any(|b| pair(&g[a], &g[b]) < 0.05))
        }),
        alarms("10 paired t, Holm", "equal, 5 scenarios", &|r| any_pair(&blocks(r, 0.1, 0.0), 0, pair)),
        alarms("10 paired t, Holm", "two of five differ", &|r| any_pair(&blocks(r, 0.1, 0.5), 2, pair)),
        alarms("10 blocked t, Holm", "log-normal, 5 x 5 x 4", &|r| {
            // Sizes of scenarios and spreads of backends differ, runs are few: what the stage does by default.
            let means: Vec<_> =
                (0..5).map(|g| block_mean(&cells(r, 0.02 * (1.0 + f64::from(g)), 0.0)).unwrap()).collect();
            let pairs: Vec<(usize, usize)> = (0..5).flat_map(|a| (a + 1..5).map(move |b| (a, b))).collect();
            let p = |&(a, b): &(usize, usize)| contrast(&means[a], &means[b], 0.95).ok().map(|t: TTest| t.p);
            holm(&pairs.iter().map(p).collect::<Vec<_>>()).iter().any(|p| p.unwrap() < 0.05)
        }),
        alarms("10 Welch t, Holm", "equal, sd 1 to 5, 5 x 7", &|r| any_pair(&unequal(r, 7), 0, welch)),
        alarms("10 Welch t, Holm", "outliers, 5 x 10", &|r| {
            any_pair(&(0..5).map(|_| contaminated(r, 10)).collect::<Vec<_>>(), 0, welch)
        }),
        alarms("Wilcoxon", "log-normal, 12 pairs", &|r| {
            wilcoxon(&lognormal(r, 1.0, 12), &lognormal(r, 1.0, 12)).unwrap().p < 0.05
        }),
        alarms("Mann-Whitney", "outliers, 7 + 7", &|r| {
            mann_whitney(&contaminated(r, 7), &contaminated(r, 7)).unwrap().p < 0.05
        }),
        alarms("equivalence (TOST)", "apart by the bound, 12 + 12", &|r| {
            tost(&welch_t(&normal(r, 0.0, 1.0, 12), &normal(r, 1.0, 1.0, 12), 0.95).unwrap(), -1.0, 1.0).unwrap().p
                < 0.05
        }),
    ]
}

fn coverage() -> Vec<Row> {
    let kept =
        |what, truth, trial: &(dyn Fn(&mut StdRng) -> bool + Sync)| row(what, truth, Bound::Coverage, TRIALS, trial);
    let shown =
        |what, truth, trial: &(dyn Fn(&mut StdRng) -> bool + Sync)| row(what, truth, Bound::None, TRIALS, trial);
    let settings = Settings { resamples: 1000, level: 0.95, seed: SEED };
    // Its own seed a trial: shared resamples would err together.
    let seeded = |r: &mut StdRng| Settings { seed: r.random(), ..settings };
    let bca = |r: &mut StdRng, x: &[f64], truth: f64| covers(&bootstrap_mean(x, seeded(r)).unwrap(), truth);
    let mean_of = |sigma: f64| (sigma * sigma / 2.0).exp();
    vec![
        kept("t interval", "normal, 7", &|r| covers(&t_interval(&normal(r, 3.0, 1.0, 7), 0.95).unwrap(), 3.0)),
        kept("t interval", "outliers, 30", &|r| covers(&t_interval(&contaminated(r, 30), 0.95).unwrap(), 0.0)),
        shown("t interval", "log-normal (sigma 1), 30", &|r| {
            covers(&t_interval(&lognormal(r, 1.0, 30), 0.95).unwrap(), mean_of(1.0))
        }),
        kept("ratio, paired t on logs", "log-normal, 5 scenarios", &|r| {
            let (a, b) = (normal(r, 0.0, 0.2, 5), normal(r, 0.3, 0.2, 5));
            let t = paired_t(&a, &b, 0.95).unwrap();
            inside(t.ci_low, t.ci_high, 0.3)
        }),
        kept("ratio, blocked t on logs", "log-normal, 5 x 4 runs", &|r| {
            let (a, b) = (block_mean(&cells(r, 0.05, 0.0)).unwrap(), block_mean(&cells(r, 0.2, 0.3)).unwrap());
            let t = contrast(&a, &b, 0.95).unwrap();
            inside(t.ci_low, t.ci_high, 0.3)
        }),
        shown("Student's difference", "sd 1 and 4, 15 + 5", &|r| {
            let t = student_t(&normal(r, 0.0, 1.0, 15), &normal(r, 1.0, 4.0, 5), 0.95).unwrap();
            inside(t.ci_low, t.ci_high, 1.0)
        }),
        kept("Welch's difference", "sd 1 and 4, 15 + 5", &|r| {
            let t = welch_t(&normal(r, 0.0, 1.0, 15), &normal(r, 1.0, 4.0, 5), 0.95).unwrap();
            inside(t.ci_low, t.ci_high, 1.0)
        }),
        row("Cohen's d", "d = 1, 7 + 7", Bound::Coverage, 1000, |r| {
            let e = cohens_d(&normal(r, 0.0, 1.0, 7), &normal(r, 1.0, 1.0, 7), 0.95).unwrap();
            inside(e.d_low, e.d_high, 1.0)
        }),
        kept("Cliff's delta", "one sd apart, 20 + 20", &|r| {
            let d = cliffs_delta(&normal(r, 0.0, 1.0, 20), &normal(r, 1.0, 1.0, 20), 0.95).unwrap();
            let (low, high) = d.interval.unwrap_or((d.delta, d.delta));
            inside(low, high, 2.0 * normal_cdf(0.5f64.sqrt()) - 1.0)
        }),
        shown("BCa of the mean", "normal, 7", &|r| {
            let x = normal(r, 3.0, 1.0, 7);
            bca(r, &x, 3.0)
        }),
        kept("BCa of the mean", "normal, 30", &|r| {
            let x = normal(r, 3.0, 1.0, 30);
            bca(r, &x, 3.0)
        }),
        kept("BCa of the mean", "log-normal (sigma 0.5), 100", &|r| {
            let x = lognormal(r, 0.5, 100);
            bca(r, &x, mean_of(0.5))
        }),
        shown("BCa of the mean", "log-normal (sigma 1), 30", &|r| {
            let x = lognormal(r, 1.0, 30);
            bca(r, &x, mean_of(1.0))
        }),
    ]
}

#[test]
fn errors_are_as_stated() {
    let print = |title: &str, rows: &[Row]| {
        println!("\n{title:28} {:28} {:>6} {:>8}  seed {SEED}", "truth", "trials", "share");
        for r in rows {
            let bound = match r.bound {
                Bound::FalseAlarms => format!("<= {:.1} %", 100.0 * (0.05 + r.error())),
                Bound::Coverage => format!("{:.1} to {:.1} %", 100.0 * (0.93 - r.error()), 100.0 * (0.97 + r.error())),
                Bound::None => "shown".into(),
            };
            let verdict = if r.holds() { "" } else { "MISSED" };
            println!("{:28} {:28} {:6} {:6.1} %  {bound} {verdict}", r.what, r.truth, r.trials, 100.0 * r.found);
        }
    };
    let (alarms, covered) = (false_alarms(), coverage());
    print("false alarms at 5 %", &alarms);
    print("coverage of 95 % intervals", &covered);
    let missed: Vec<_> =
        alarms.iter().chain(&covered).filter(|r| !r.holds()).map(|r| (r.what, r.truth, r.found)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}
