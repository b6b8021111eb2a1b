//! The noncentral t distribution: of (Z + delta) / s with Z normal and df s^2 chi-squared (Johnson, Kotz, Balakrishnan 1995,
//! Continuous Univariate Distributions 2, chapter 31). P(T <= t) is the average of P(Z <= t s - delta) over s.

use super::{
    root::root_near,
    scaled_chi::expectation,
    tails::{normal_cdf, normal_tail},
    unfit::{Fit, Unfit, share},
};

/// P(T <= t), absolute error about 1e-12.
pub fn noncentral_t_cdf(t: f64, df: f64, delta: f64) -> f64 {
    expectation(df, |s| normal_cdf(t * s - delta))
}

/// P(T > t).
pub fn noncentral_t_tail(t: f64, df: f64, delta: f64) -> f64 {
    expectation(df, |s| normal_tail(t * s - delta))
}

/// The interval of the noncentrality parameter, given the t observed: the deltas that leave (1 - level) / 2 above t and
/// below it (Cumming, Finch 2001, doi:10.1177/0013164401614002).
pub fn noncentrality(t: f64, df: f64, level: f64) -> Fit<(f64, f64)> {
    share("level", level)?;
    let limit = |p: f64| {
        let found = root_near(t, 4.0 + t.abs() / 2.0, |delta| noncentral_t_cdf(t, df, delta) - p);
        found.ok_or(Unfit::OutOfRange { what: "t", value: t })
    };
    Ok((limit((1.0 + level) / 2.0)?, limit((1.0 - level) / 2.0)?))
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::distribution, *};

    #[test]
    fn against_scipy_and_r() {
        distribution("noncentral_t", 1e-9, |a| noncentral_t_cdf(a[0], a[1], a[2]));
        let (cdf, tail) = (noncentral_t_cdf(1.5, 6.0, 0.8), noncentral_t_tail(1.5, 6.0, 0.8));
        assert!((cdf + tail - 1.0).abs() < 1e-12);
    }
}
