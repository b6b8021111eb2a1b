//! One-way analysis of variance (Fisher 1925, Statistical Methods for Research Workers, chapter 7).
//!
//! F = (SS_between / (k - 1)) / (SS_within / (N - k)). It supposes equal variances: see `welch_anova`.

use super::{
    mean::mean,
    tails::f_tail,
    unfit::{Fit, groups, varies},
};

/// A ratio of mean squares and its p-value. Shared by all analyses of variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    pub statistic: f64,
    pub df_between: f64,
    pub df_within: f64,
    pub p: f64,
    /// Share of the sum of squares that the groups explain, partial where there are blocks (Cohen 1973,
    /// doi:10.1177/001316447303300111). Absent where variances are weighted.
    pub eta_squared: Option<f64>,
}

impl FTest {
    pub fn new(statistic: f64, df_between: f64, df_within: f64, eta_squared: Option<f64>) -> Self {
        Self { statistic, df_between, df_within, p: f_tail(statistic, df_between, df_within), eta_squared }
    }
}

/// Every group has at least one value, and one has two. No variance within the groups is an error.
pub fn one_way_anova<G: AsRef<[f64]>>(samples: &[G]) -> Fit<FTest> {
    groups(samples, 1)?;
    let all: Vec<f64> = samples.iter().flat_map(|g| g.as_ref().iter().copied()).collect();
    super::unfit::at_least("values", samples.len() + 1, all.len())?;
    let grand = mean(&all).unwrap_or_default();
    let (mut between, mut within) = (0.0, 0.0);
    for group in samples.iter().map(AsRef::as_ref) {
        let centre = mean(group).unwrap_or_default();
        between += group.len() as f64 * (centre - grand).powi(2);
        within += group.iter().map(|v| (v - centre).powi(2)).sum::<f64>();
    }
    let (df_between, df_within) = (samples.len() as f64 - 1.0, (all.len() - samples.len()) as f64);
    let error = varies(within / df_within, &all)?;
    Ok(FTest::new(between / df_between / error, df_between, df_within, Some(between / (between + within))))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures::{named, sample, statistic},
            unfit::Unfit,
        },
        *,
    };
    use proptest::prelude::*;

    #[test]
    fn against_scipy_and_r() {
        statistic("one_way_anova", 1e-9, |g| {
            let f = one_way_anova(g).unwrap();
            named([("statistic", f.statistic), ("p", f.p)])
        });
    }

    #[test]
    fn tr119_as_printed() {
        // tests/fixtures/tr119/stats.csv: 12.85, p 0.0000 and 8.08, p 0.0005.
        let (generate, prefill) = (sample("tr119_generate"), sample("tr119_prefill"));
        let [generate, prefill] = [generate, prefill].map(|g| one_way_anova(&g).unwrap());
        assert_eq!(format!("{:.2} {:.4}", generate.statistic, generate.p), "12.85 0.0000");
        assert_eq!(format!("{:.2} {:.4}", prefill.statistic, prefill.p), "8.08 0.0005");
        assert_eq!((generate.df_between, generate.df_within), (4.0, 20.0));
    }

    #[test]
    fn degenerate() {
        assert_eq!(one_way_anova(&[[0.1, 0.1, 0.1], [0.2, 0.2, 0.2]]), Err(Unfit::NoVariance));
        assert_eq!(one_way_anova(&[vec![1.0], vec![2.0]]).unwrap_err().to_string(), "2 values, at least 3 are needed");
        assert_eq!(one_way_anova(&[vec![1.0, f64::NAN], vec![2.0]]), Err(Unfit::NotFinite));
        assert!(one_way_anova(&[vec![1.0, 2.0]]).is_err());
    }

    proptest! {
        #[test]
        fn scale_and_order_do_not_matter(
            a in prop::collection::vec(-50.0..50.0f64, 3..9), b in prop::collection::vec(-50.0..50.0f64, 3..9),
            scale in 0.01..100.0f64, shift in -100.0..100.0f64,
        ) {
            let base = one_way_anova(&[a.clone(), b.clone()]).unwrap();
            let moved = |g: &[f64]| g.iter().rev().map(|v| v * scale + shift).collect::<Vec<f64>>();
            let other = one_way_anova(&[moved(&b), moved(&a)]).unwrap();
            prop_assert!((base.p - other.p).abs() < 1e-6);
            prop_assert!((0.0..=1.0).contains(&base.p) && base.statistic >= 0.0);
        }
    }
}
