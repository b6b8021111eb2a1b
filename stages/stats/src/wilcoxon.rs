//! Wilcoxon's signed-rank test of paired differences (Wilcoxon 1945, doi:10.2307/3001968).
//!
//! W+ is the sum of ranks of |b - a| where b > a. Differences of zero are left out (Wilcoxon's own rule). Exact up to 50
//! differences without ties: every set of signs is as likely (SciPy's `method="exact"`, R's `exact = TRUE`). Otherwise
//! normal, variance n (n + 1)(2n + 1) / 24 - sum (t^3 - t) / 48 and a continuity correction of 1/2, as
//! `wilcox.test(correct = TRUE)` and SciPy's `correction=True`.

use super::{
    ranks::ranks,
    t_test::differences,
    tails::normal_tail,
    unfit::{Fit, Unfit, values},
};

const EXACT_UP_TO: usize = 50;

/// A rank test's statistic and two-sided p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTest {
    pub statistic: f64,
    pub p: f64,
    pub exact: bool,
}

pub fn wilcoxon(a: &[f64], b: &[f64]) -> Fit<RankTest> {
    values(a, 1)?;
    values(b, 1)?;
    let moved: Vec<f64> = differences(a, b)?.into_iter().filter(|d| *d != 0.0).collect();
    if moved.is_empty() {
        return Err(Unfit::NoVariance);
    }
    let (ranked, ties) = ranks(&moved.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let statistic: f64 = ranked.iter().zip(&moved).filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
    let exact = ties == 0.0 && moved.len() == a.len() && moved.len() <= EXACT_UP_TO;
    let n = moved.len() as f64;
    let p = if exact {
        two_sided(&sign_sums(moved.len()), statistic as usize)
    } else {
        let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
        corrected(statistic - n * (n + 1.0) / 4.0, variance)?
    };
    Ok(RankTest { statistic, p, exact })
}

/// Of the 2^n sets of signs, how many give each W+: the coefficients of the product of (1 + x^i), i = 1..n.
fn sign_sums(n: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * (n + 1) / 2 + 1];
    counts[0] = 1.0;
    for i in 1..=n {
        for w in (i..=i * (i + 1) / 2).rev() {
            counts[w] += counts[w - i];
        }
    }
    counts
}

/// Twice the smaller tail, at most 1, of a distribution given by counts.
pub fn two_sided(counts: &[f64], at: usize) -> f64 {
    let total: f64 = counts.iter().sum();
    let (low, high): (f64, f64) = (counts[..=at].iter().sum(), counts[at..].iter().sum());
    (2.0 * low.min(high) / total).min(1.0)
}

/// Normal approximation with continuity correction: a statistic moves in steps of one, half a step is taken off.
pub fn corrected(from_mean: f64, variance: f64) -> Fit<f64> {
    if variance <= 0.0 {
        return Err(Unfit::NoVariance);
    }
    Ok((2.0 * normal_tail((from_mean.abs() - 0.5) / variance.sqrt())).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::statistic, *};
    use proptest::prelude::*;

    #[test]
    fn against_scipy_and_r() {
        statistic("wilcoxon", 1e-9, |g| {
            let w = wilcoxon(&g[0], &g[1]).unwrap();
            vec![("statistic".into(), w.statistic), ("p".into(), w.p)]
        });
    }

    #[test]
    fn degenerate() {
        assert_eq!(wilcoxon(&[1.0, 2.0], &[1.0, 2.0]), Err(Unfit::NoVariance));
        assert_eq!(wilcoxon(&[1.0, 2.0], &[1.0]), Err(Unfit::UnequalLengths { a: 2, b: 1 }));
        // Five blocks cannot give a two-sided p under 2 / 2^5.
        assert_eq!(wilcoxon(&[0.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().p, 0.0625);
    }

    proptest! {
        #[test]
        fn swapped_has_the_same_p(pairs in prop::collection::vec((-9i8..9, -9i8..9), 2..30)) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).unzip();
            match (wilcoxon(&a, &b), wilcoxon(&b, &a)) {
                (Ok(x), Ok(y)) => prop_assert!((x.p - y.p).abs() < 1e-12 && (0.0..=1.0).contains(&x.p)),
                (x, y) => prop_assert_eq!(x, y),
            }
        }
    }
}
