//! Kruskal and Wallis's test on ranks (Kruskal, Wallis 1952, doi:10.1080/01621459.1952.10483441).
//!
//! H = (12 / (N (N + 1)) sum_g n_g (mean rank_g - (N + 1) / 2)^2) / (1 - sum (t^3 - t) / (N^3 - N)), chi-squared with k - 1
//! degrees of freedom. The approximation is good from about five values a group.

use super::{
    friedman::ChiSquared,
    ranks::ranks,
    unfit::{Fit, Unfit, groups},
};

pub fn kruskal_wallis<G: AsRef<[f64]>>(samples: &[G]) -> Fit<ChiSquared> {
    groups(samples, 1)?;
    let all: Vec<f64> = samples.iter().flat_map(|g| g.as_ref().iter().copied()).collect();
    let n = all.len() as f64;
    let (ranked, ties) = ranks(&all);
    let correction = 1.0 - ties / (n * n * n - n);
    if correction <= 0.0 {
        return Err(Unfit::NoVariance);
    }
    let (mut sum, mut start) = (0.0, 0);
    for size in samples.iter().map(|g| g.as_ref().len()) {
        let mean_rank = ranked[start..start + size].iter().sum::<f64>() / size as f64;
        sum += size as f64 * (mean_rank - (n + 1.0) / 2.0).powi(2);
        start += size;
    }
    Ok(ChiSquared::new(12.0 / (n * (n + 1.0)) * sum / correction, samples.len() as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{named, statistic},
        *,
    };
    use proptest::prelude::*;

    #[test]
    fn against_scipy_and_r() {
        statistic("kruskal_wallis", 1e-9, |g| {
            let h = kruskal_wallis(g).unwrap();
            named([("statistic", h.statistic), ("p", h.p)])
        });
        assert_eq!(kruskal_wallis(&[[1.0, 1.0], [1.0, 1.0]]), Err(Unfit::NoVariance));
    }

    proptest! {
        #[test]
        fn any_growing_function_gives_the_same(
            a in prop::collection::vec(-5.0..5.0f64, 2..9), b in prop::collection::vec(-5.0..5.0f64, 2..9),
        ) {
            let exp = |g: &[f64]| g.iter().map(|v| v.exp()).collect::<Vec<_>>();
            prop_assert_eq!(kruskal_wallis(&[exp(&a), exp(&b)]), kruskal_wallis(&[a, b]));
        }
    }
}
