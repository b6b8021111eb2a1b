//! Mann and Whitney's test of two samples (Mann, Whitney 1947, doi:10.1214/aoms/1177730491).
//!
//! U counts the pairs in which b exceeds a, ties half. Exact for samples under 50 without ties (R's `exact = TRUE`, SciPy's
//! `method="exact"`): every order of the values is as likely. Otherwise normal, variance n m / 12 (N + 1 - sum (t^3 - t) /
//! (N (N - 1))), with continuity correction (SciPy's `method="asymptotic"`).

use super::{
    ranks::ranks,
    unfit::{Fit, values},
    wilcoxon::{RankTest, corrected, two_sided},
};

const EXACT_BELOW: usize = 50;

pub fn mann_whitney(a: &[f64], b: &[f64]) -> Fit<RankTest> {
    values(a, 1)?;
    values(b, 1)?;
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (ranked, ties) = ranks(&[a, b].concat());
    let statistic = ranked[a.len()..].iter().sum::<f64>() - m * (m + 1.0) / 2.0;
    let exact = ties == 0.0 && a.len().max(b.len()) < EXACT_BELOW;
    let p = if exact {
        two_sided(&orders(a.len(), b.len()), statistic as usize)
    } else {
        let all = n + m;
        corrected(statistic - n * m / 2.0, n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0))))?
    };
    Ok(RankTest { statistic, p, exact })
}

/// How many orders of n and m values give each U: f(i, j, u) = f(i - 1, j, u - j) + f(i, j - 1, u).
fn orders(n: usize, m: usize) -> Vec<f64> {
    let one = || {
        let mut counts = vec![0.0; n * m + 1];
        counts[0] = 1.0;
        counts
    };
    let mut by_i: Vec<Vec<f64>> = (0..=n).map(|_| one()).collect();
    for j in 1..=m {
        for i in 1..=n {
            for u in j..=i * j {
                by_i[i][u] += by_i[i - 1][u - j];
            }
        }
    }
    by_i.swap_remove(n)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures::{named, statistic},
            unfit::Unfit,
        },
        *,
    };

    #[test]
    fn against_scipy_and_r() {
        statistic("mann_whitney", 1e-9, |g| {
            let u = mann_whitney(&g[0], &g[1]).unwrap();
            named([("statistic", u.statistic), ("p", u.p)])
        });
    }

    #[test]
    fn small_and_degenerate() {
        assert_eq!(orders(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0, 1.0]), Err(Unfit::NoVariance));
        assert_eq!(mann_whitney(&[1.0, f64::NAN], &[1.0]), Err(Unfit::NotFinite));
    }
}
