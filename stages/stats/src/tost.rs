//! Two one-sided tests: is a difference inside the bounds that matter in practice (Schuirmann 1987,
//! doi:10.1007/BF01068419)? The larger p is the answer; under alpha exactly when the 1 - 2 alpha interval lies inside.

use super::{
    t_test::TTest,
    tails::t_tail,
    unfit::{Fit, Unfit, positive},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tost {
    /// Of the null that the difference is at most `low`.
    pub p_lower: f64,
    /// Of the null that the difference is at least `high`.
    pub p_upper: f64,
    pub p: f64,
}

/// From any t test: pairs, Welch, or blocks on a log scale.
pub fn tost(test: &TTest, low: f64, high: f64) -> Fit<Tost> {
    if low.is_nan() || high.is_nan() || low >= high {
        return Err(Unfit::OutOfRange { what: "low bound", value: low });
    }
    let p_lower = t_tail((test.difference - low) / test.std_error, test.df);
    let p_upper = t_tail((high - test.difference) / test.std_error, test.df);
    Ok(Tost { p_lower, p_upper, p: p_lower.max(p_upper) })
}

/// Bounds of a log ratio for a threshold in percent, the same either way round: b / a within 1 / (1 + x) and 1 + x.
pub fn practical(percent: f64) -> Fit<(f64, f64)> {
    positive("practical_pct", percent)?;
    let bound = (percent / 100.0).ln_1p();
    Ok((-bound, bound))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures::{named, statistic},
            t_test::{paired_t, welch_t},
        },
        *,
    };
    use proptest::prelude::*;

    fn all(test: Fit<TTest>) -> Vec<(String, f64)> {
        let t = tost(&test.unwrap(), -1.5, 1.5).unwrap();
        named([("p", t.p), ("lower", t.p_lower), ("upper", t.p_upper)])
    }

    #[test]
    fn against_statsmodels() {
        statistic("tost_welch", 1e-9, |g| all(welch_t(&g[0], &g[1], 0.95)));
        statistic("tost_paired", 1e-9, |g| all(paired_t(&g[0], &g[1], 0.95)));
    }

    #[test]
    fn bounds() {
        let (low, high) = practical(25.0).unwrap();
        assert!((low.exp() - 0.8).abs() < 1e-15 && (high.exp() - 1.25).abs() < 1e-15);
        assert!(practical(0.0).is_err());
        assert!(tost(&welch_t(&[1.0, 2.0], &[1.0, 2.5], 0.9).unwrap(), 1.0, -1.0).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_the_interval(
            a in prop::collection::vec(0.0..3.0f64, 3..9), b in prop::collection::vec(0.0..3.0f64, 3..9),
        ) {
            let t = welch_t(&a, &b, 0.9).unwrap();
            let inside = -1.0 < t.ci_low && t.ci_high < 1.0;
            prop_assert_eq!(tost(&t, -1.0, 1.0).unwrap().p < 0.05, inside);
        }
    }
}
