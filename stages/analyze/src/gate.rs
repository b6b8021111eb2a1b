//! Is a cell worse by more than is allowed, shown not to be, or neither? Tests of all cells of `analyze diff`.

use stats::{
    holm::holm, interval::t_quantile, mean::mean, moderated::Spread, positive_mean::Cell, power::detectable, t_test,
    tails::t_tail,
};

/// What became of one cell, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Worse by more than is allowed, with certainty.
    Worse,
    /// Only before.
    Gone,
    /// It may be worse by more than is allowed, or not.
    Unclear,
    /// Too few runs, or nothing varies: no test.
    Untested,
    /// Only after.
    New,
    /// Shown not to be worse by more than is allowed.
    Fine,
    /// Better, with certainty.
    Better,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Worse => "WORSE",
            Verdict::Gone => "GONE",
            Verdict::Unclear => "unclear",
            Verdict::Untested => "untested",
            Verdict::New => "new",
            Verdict::Fine => "fine",
            Verdict::Better => "better",
        }
    }
}

/// One cell before and after: its runs, and which way is worse.
pub struct Pair<'a> {
    pub before: Cell<'a>,
    pub after: Cell<'a>,
    pub more_is_better: bool,
}

/// What the runs of a cell say.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub verdict: Verdict,
    /// After over before, of geometric means.
    pub ratio: Option<f64>,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// Of being no worse than is allowed, Holm over all cells of all metrics.
    pub p: Option<f64>,
    /// How much worse, in per cent, a cell must truly be to be called so by four of five such comparisons.
    pub caught_pct: Option<f64>,
}

/// Log of after over before, larger being worse, with its error.
struct Change {
    log: f64,
    std_error: f64,
    df: f64,
}

/// Within one build all cells together are called worse wrongly with probability 1 - level at most: each is tested one-sided against the
/// limit, p adjusted by Holm. `Fine` is the other one-sided test, at 1 - level in each cell: that all cells are fine is then wrong with
/// that probability at most (intersection-union test; Berger 1982, doi:10.1080/00401706.1982.10487790).
pub fn judge(pairs: &[Pair<'_>], max_regression_pct: f64, level: f64) -> Vec<Found> {
    let (limit, alpha) = ((max_regression_pct / 100.0).ln_1p(), 1.0 - level);
    let changes = changes(pairs);
    let above = |c: &Change, bound: f64| t_tail((c.log - bound) / c.std_error, c.df);
    let worse = holm(&changes.iter().map(|c| c.as_ref().map(|c| above(c, limit))).collect::<Vec<_>>());
    let better = holm(&changes.iter().map(|c| c.as_ref().map(|c| 1.0 - above(c, 0.0))).collect::<Vec<_>>());
    let tests = worse.iter().flatten().count().max(1) as f64;
    let found = |at: usize| {
        let (pair, change, worse, better): (&Pair<'_>, _, _, _) = (&pairs[at], &changes[at], worse[at], better[at]);
        let none = |verdict| Found { verdict, ratio: None, interval: None, p: None, caught_pct: None };
        match (pair.before.runs.is_empty(), pair.after.runs.is_empty()) {
            (true, _) => return none(Verdict::New),
            (_, true) => return none(Verdict::Gone),
            _ => {}
        }
        let sign = if pair.more_is_better { -1.0 } else { 1.0 };
        let logs = pair.before.logs().zip(pair.after.logs());
        let ratio = logs.and_then(|(a, b)| Some(mean(&b)? - mean(&a)?));
        let ratio = ratio.map(f64::exp);
        let Some(change) = change else { return Found { ratio, ..none(Verdict::Untested) } };
        let verdict = match () {
            () if worse.is_some_and(|p| p < alpha) => Verdict::Worse,
            () if better.is_some_and(|p| p < alpha) => Verdict::Better,
            () if 1.0 - above(change, limit) < alpha => Verdict::Fine,
            () => Verdict::Unclear,
        };
        let half = t_quantile(level, change.df).map(|t| t * change.std_error);
        let ends = half.map(|half| ((sign * change.log - half).exp(), (sign * change.log + half).exp()));
        let seen = detectable(change.std_error, change.df, (2.0 * alpha / tests).min(0.5), 0.8);
        let caught_pct = seen.ok().map(|d| 100.0 * (limit + d).exp_m1());
        Found { verdict, ratio, interval: ends, p: worse, caught_pct }
    };
    (0..pairs.len()).map(found).collect()
}

/// Welch's standard error of each cell's change, the variances of cells borrowing from one another.
fn changes(pairs: &[Pair<'_>]) -> Vec<Option<Change>> {
    let sides: Vec<[Option<Moments>; 2]> =
        pairs.iter().map(|pair| [&pair.before, &pair.after].map(|cell| moments(cell))).collect();
    let spread = Spread::of(sides.iter().flatten().flatten().map(|(_, variance, n)| (*variance, n - 1.0)));
    let change = |(pair, sides): (&Pair<'_>, &[Option<Moments>; 2])| {
        let [Some((mean_a, var_a, n_a)), Some((mean_b, var_b, n_b))] = *sides else { return None };
        let ((var_a, df_a), (var_b, df_b)) = (spread.moderate(var_a, n_a - 1.0), spread.moderate(var_b, n_b - 1.0));
        let (a, b) = (var_a / n_a * pair.before.widening, var_b / n_b * pair.after.widening);
        // What both sides borrowed is the same, and counts once.
        let df = ((a + b).powi(2) / (a * a / df_a + b * b / df_b)).min(df_a + df_b - spread.df);
        let sign = if pair.more_is_better { -1.0 } else { 1.0 };
        (a + b > 0.0).then(|| Change { log: sign * (mean_b - mean_a), std_error: (a + b).sqrt(), df })
    };
    pairs.iter().zip(&sides).map(change).collect()
}

/// Mean and variance of the logs, and their number.
type Moments = (f64, f64, f64);

/// `None` for one run, or runs that have no log.
fn moments(cell: &Cell<'_>) -> Option<Moments> {
    let logs = cell.logs()?;
    let (n, centre, variance) = t_test::moments(&logs).ok()?;
    Some((centre, variance, n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use rand_distr::{Distribution, Normal};

    fn verdict(before: &[f64], after: &[f64], more_is_better: bool) -> Verdict {
        let cells = |runs| Cell::independent(runs);
        judge(&[Pair { before: cells(before), after: cells(after), more_is_better }], 5.0, 0.95)[0].verdict
    }

    #[test]
    fn a_regression_is_large_and_certain() {
        let before = [10.0, 10.1, 9.9, 10.0];
        assert_eq!(verdict(&before, &[12.0, 12.1, 11.9, 12.0], false), Verdict::Worse);
        assert_eq!(verdict(&before, &[8.0, 8.1, 7.9, 8.0], false), Verdict::Better);
        assert_eq!(verdict(&before, &[8.0, 8.1, 7.9, 8.0], true), Verdict::Worse);
        assert_eq!(verdict(&before, &[10.2, 10.3, 10.2, 10.3], false), Verdict::Fine, "certain and allowed");
        assert_eq!(verdict(&before, &[10.55, 10.6, 10.5, 10.6], false), Verdict::Unclear, "at the limit");
        assert_eq!(verdict(&before, &[8.0, 20.0, 9.0, 16.0], false), Verdict::Unclear, "large and uncertain");
        assert_eq!(verdict(&before, &[12.0], false), Verdict::Untested);
        assert_eq!(verdict(&before, &[], false), Verdict::Gone);
        assert_eq!(verdict(&[], &before, false), Verdict::New);
    }

    /// Builds of 30 cells of four runs, each truly slower by a factor of its own.
    fn failed(cv: f64, n: usize, factor: impl Fn(usize) -> f64, rng: &mut StdRng) -> (f64, f64) {
        let (mut builds, mut first) = (0, 0);
        for _ in 0..300 {
            let draw = |by: f64, rng: &mut StdRng| -> Vec<f64> {
                Normal::new(100.0 * by, 100.0 * by * cv).unwrap().sample_iter(rng).take(n).collect()
            };
            let runs: Vec<(Vec<f64>, Vec<f64>)> = (0..30).map(|c| (draw(1.0, rng), draw(factor(c), rng))).collect();
            let pairs: Vec<Pair<'_>> = runs
                .iter()
                .map(|(a, b)| Pair { before: Cell::independent(a), after: Cell::independent(b), more_is_better: false })
                .collect();
            let found = judge(&pairs, 5.0, 0.95);
            builds += i32::from(found.iter().any(|f| f.verdict == Verdict::Worse));
            first += i32::from(found[0].verdict == Verdict::Worse);
        }
        (f64::from(builds) / 300.0, f64::from(first) / 300.0)
    }

    #[test]
    fn what_is_allowed_fails_one_build_in_twenty_at_most() {
        let mut rng = StdRng::seed_from_u64(10);
        for (cv, n) in [(0.02, 4), (0.05, 4), (0.02, 7)] {
            let (four, five) = (failed(cv, n, |_| 1.04, &mut rng).0, failed(cv, n, |_| 1.05, &mut rng).0);
            let (ten, caught) = failed(cv, n, |c| if c == 0 { 1.10 } else { 1.0 }, &mut rng);
            println!("cv {cv} n {n}: +4 % {four:.3}, +5 % {five:.3}, one +10 % {ten:.3}, that one {caught:.3}");
            assert!(four <= 0.05 + 0.026 && five <= 0.05 + 0.026, "cv {cv} n {n}: {four} {five}");
            assert!(cv > 0.02 || caught > 0.5, "cv {cv} n {n}: {caught}");
        }
    }
}
