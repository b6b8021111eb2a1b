//! Averages over s, where df s^2 is chi-squared: how the estimated standard deviation spreads around the true one.

use super::quadrature::integral;
use statrs::function::gamma::ln_gamma;

/// Outside the range used lies less than e^-34 (Laurent, Massart 2000, doi:10.1214/aos/1015957395, lemma 1).
const EXPONENT: f64 = 34.0;

/// The expectation of `f(s)`, |f| <= 1, with an absolute error of about 1e-12 beside that of `f`. The density of s is
/// 2 (df / 2)^(df / 2) / Gamma(df / 2) s^(df - 1) exp(-df s^2 / 2).
pub fn expectation(df: f64, f: impl Fn(f64) -> f64) -> f64 {
    let spread = 2.0 * (EXPONENT / df).sqrt();
    let (low, high) = ((1.0 - spread).max(0.0).sqrt(), (1.0 + spread + 2.0 * EXPONENT / df).sqrt());
    let half = df / 2.0;
    let constant = 2f64.ln() + half * half.ln() - ln_gamma(half);
    let density = |s: f64| (constant + (df - 1.0) * s.ln() - half * s * s).exp();
    // Where the density is nothing, `f`, which may be an integral itself, need not be asked.
    let part = |s: f64| Some(density(s)).filter(|d| *d > 1e-16).map_or(0.0, |d| d * f(s));
    integral(low, high, 6, 1e-13, part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for df in [1.0, 2.5, 12.0, 1e4] {
            assert!((expectation(df, |_| 1.0) - 1.0).abs() < 1e-10, "{df}");
            assert!((expectation(df, |s| s * s) - 1.0).abs() < 1e-10, "{df}");
        }
    }
}
