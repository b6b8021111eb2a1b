//! Friedman's test: groups compared by their ranks within blocks (Friedman 1937, doi:10.1080/01621459.1937.10503522).
//!
//! chi^2 = 12 sum_g (R_g - b (k + 1) / 2)^2 / (b k (k + 1)) / C, the tie correction C = 1 - sum (t^3 - t) / (b (k^3 - k))
//! (Conover 1999, section 5.8), with k - 1 degrees of freedom. The approximation is good for b > 10 or k > 5.

use super::{
    ranks::ranks,
    tails::chi_squared_tail,
    unfit::{Fit, Unfit, at_least, blocks},
};

/// A statistic that is chi-squared where the null holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    pub statistic: f64,
    pub df: f64,
    pub p: f64,
}

impl ChiSquared {
    pub fn new(statistic: f64, df: f64) -> Self {
        Self { statistic, df, p: chi_squared_tail(statistic, df) }
    }
}

/// `samples[g][b]` is the value of group `g` in block `b`; at least three groups (two: `wilcoxon`) and two blocks.
pub fn friedman<G: AsRef<[f64]>>(samples: &[G]) -> Fit<ChiSquared> {
    at_least("groups", 3, samples.len())?;
    blocks(samples, 2)?;
    let (k, b) = (samples.len() as f64, samples[0].as_ref().len());
    let (mut sums, mut ties) = (vec![0.0; samples.len()], 0.0);
    for block in 0..b {
        let (ranked, tied) = ranks(&samples.iter().map(|g| g.as_ref()[block]).collect::<Vec<_>>());
        sums.iter_mut().zip(ranked).for_each(|(sum, rank)| *sum += rank);
        ties += tied;
    }
    let b = b as f64;
    let correction = 1.0 - ties / (b * (k * k * k - k));
    if correction <= 0.0 {
        return Err(Unfit::NoVariance);
    }
    let squares: f64 = sums.iter().map(|s| (s - b * (k + 1.0) / 2.0).powi(2)).sum();
    Ok(ChiSquared::new(12.0 * squares / (b * k * (k + 1.0)) / correction, k - 1.0))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{named, sample, statistic},
        *,
    };

    #[test]
    fn against_scipy_and_r() {
        // R also ranks two groups; we send the reader to Wilcoxon.
        statistic("friedman", 1e-9, |g| {
            let Ok(f) = friedman(g) else { return vec![("statistic".into(), two(g).0), ("p".into(), two(g).1)] };
            named([("statistic", f.statistic), ("p", f.p)])
        });
        assert_eq!(friedman(&[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]), Err(Unfit::NoVariance));
        assert!(friedman(&sample("pair")).is_err());
    }

    /// Two groups: the sign test's chi-squared, blocks without a difference left out of the ranks' variance.
    fn two(g: &[Vec<f64>]) -> (f64, f64) {
        let up = g[0].iter().zip(&g[1]).filter(|(a, b)| b > a).count() as f64;
        let down = g[0].iter().zip(&g[1]).filter(|(a, b)| b < a).count() as f64;
        let x = (up - down).powi(2) / (up + down);
        (x, chi_squared_tail(x, 1.0))
    }
}
