//! Standardised differences b - a: Cohen's d, and Hedges' g, which takes its small-sample bias off.
//!
//! d = (m_b - m_a) / s_pooled (Cohen 1988, section 2.2); g = J d, J = Gamma(df / 2) / (sqrt(df / 2) Gamma((df - 1) / 2))
//! (Hedges 1981, doi:10.3102/10769986006002107). Their intervals turn the interval of the noncentrality parameter into d:
//! exact for normal values of equal variance (Cumming, Finch 2001, doi:10.1177/0013164401614002).

use super::{
    noncentral_t::noncentrality,
    t_test::{paired_t, student_t},
    unfit::{Fit, at_least},
};
use statrs::function::gamma::ln_gamma;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    pub d: f64,
    pub d_low: f64,
    pub d_high: f64,
    pub g: f64,
    pub g_low: f64,
    pub g_high: f64,
}

impl Effect {
    /// From a t statistic and the root that makes it a difference in standard deviations.
    pub(super) fn new(t: f64, df: f64, root: f64, level: f64) -> Fit<Self> {
        let (low, high) = noncentrality(t, df, level)?;
        let (d, d_low, d_high) = (t * root, low * root, high * root);
        let j = unbiased(df);
        Ok(Self { d, d_low, d_high, g: j * d, g_low: j * d_low, g_high: j * d_high })
    }
}

/// Hedges' factor, for `df > 1`.
fn unbiased(df: f64) -> f64 {
    (ln_gamma(df / 2.0) - ln_gamma((df - 1.0) / 2.0)).exp() / (df / 2.0).sqrt()
}

/// Of two independent samples.
pub fn cohens_d(a: &[f64], b: &[f64], level: f64) -> Fit<Effect> {
    let t = student_t(a, b, level)?;
    Effect::new(t.statistic, t.df, (1.0 / a.len() as f64 + 1.0 / b.len() as f64).sqrt(), level)
}

/// d_z of pairs: the mean difference over the standard deviation of differences (Cohen 1988, section 2.3.5).
pub fn cohens_dz(a: &[f64], b: &[f64], level: f64) -> Fit<Effect> {
    at_least("pairs", 3, a.len())?;
    let t = paired_t(a, b, level)?;
    Effect::new(t.statistic, t.df, (a.len() as f64).sqrt().recip(), level)
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
        statistic("effect", 1e-8, |g| {
            let e = cohens_d(&g[0], &g[1], 0.95).unwrap();
            let d = [("d", e.d), ("d_low", e.d_low), ("d_high", e.d_high)];
            let g = [("g", e.g), ("g_low", e.g_low), ("g_high", e.g_high)];
            [named(d), named(g)].concat()
        });
        statistic("effect_paired", 1e-8, |g| {
            let e = cohens_dz(&g[0], &g[1], 0.95).unwrap();
            named([("d", e.d), ("low", e.d_low), ("high", e.d_high)])
        });
    }

    #[test]
    fn degenerate() {
        assert_eq!(cohens_d(&[1.0, 1.0], &[2.0, 2.0], 0.95), Err(Unfit::NoVariance));
        assert_eq!(cohens_d(&[1.0], &[2.0, 2.0], 0.95), Err(Unfit::TooFew { what: "values", needed: 2, got: 1 }));
    }
}
