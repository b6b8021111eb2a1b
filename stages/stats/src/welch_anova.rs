//! Welch's analysis of variance, for groups of unequal variance (Welch 1951, doi:10.1093/biomet/38.3-4.330).
//!
//! Weights w_i = n_i / s_i^2, weighted mean m; F = sum w_i (m_i - m)^2 / (k - 1) / (1 + 2 (k - 2) L / (k^2 - 1)) with
//! L = sum (1 - w_i / W)^2 / (n_i - 1), and (k^2 - 1) / (3 L) degrees of freedom within.

use super::{
    mean::{mean, variance},
    one_way_anova::FTest,
    unfit::{Fit, Unfit, groups, varies},
};

/// Every group has at least two values that differ.
pub fn welch_anova<G: AsRef<[f64]>>(samples: &[G]) -> Fit<FTest> {
    groups(samples, 2)?;
    let k = samples.len() as f64;
    let parts = samples.iter().map(|g| {
        let g = g.as_ref();
        let (centre, spread) = mean(g).zip(variance(g)).ok_or(Unfit::NoVariance)?;
        Ok((g.len() as f64, centre, g.len() as f64 / varies(spread, g)?))
    });
    let parts = parts.collect::<Fit<Vec<(f64, f64, f64)>>>()?;
    let total: f64 = parts.iter().map(|(_, _, w)| w).sum();
    // Weighted about the first mean: sums of large means would lose the digits that tell them apart.
    let origin = parts[0].1;
    let centre = parts.iter().map(|(_, m, w)| w * (m - origin)).sum::<f64>() / total;
    let between = parts.iter().map(|(_, m, w)| w * (m - origin - centre).powi(2)).sum::<f64>() / (k - 1.0);
    let l: f64 = parts.iter().map(|(n, _, w)| (1.0 - w / total).powi(2) / (n - 1.0)).sum();
    let correction = 1.0 + 2.0 * (k - 2.0) * l / (k * k - 1.0);
    Ok(FTest::new(between / correction, k - 1.0, (k * k - 1.0) / (3.0 * l), None))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{named, statistic},
        *,
    };

    #[test]
    fn against_statsmodels_and_r() {
        statistic("welch_anova", 1e-8, |g| {
            let f = welch_anova(g).unwrap();
            named([("statistic", f.statistic), ("p", f.p), ("df_within", f.df_within)])
        });
    }

    #[test]
    fn a_constant_group_has_no_weight() {
        assert_eq!(welch_anova(&[vec![1.0, 1.0], vec![1.0, 2.0]]), Err(Unfit::NoVariance));
        assert!(matches!(welch_anova(&[vec![1.0], vec![1.0, 2.0]]), Err(Unfit::TooFew { .. })));
    }
}
