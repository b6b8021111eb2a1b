//! Tail probabilities and quantiles of the distributions that the tests refer to, each formed so that a small tail keeps
//! its digits (not as one minus a number near one). statrs supplies the incomplete beta and gamma functions, libm the
//! normal: the error function of statrs is off by up to 1e-11.

use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::{beta::beta_reg, gamma::gamma_ur},
};
use std::f64::consts::FRAC_1_SQRT_2;

/// P(F > f): I_x(df2 / 2, df1 / 2) at x = df2 / (df2 + df1 f) (Abramowitz, Stegun 1964, 26.6.2).
pub fn f_tail(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 { 1.0 } else { beta_reg(df2 / 2.0, df1 / 2.0, df2 / (df2 + df1 * f)) }
}

/// P(X > x) of chi-squared: Q(df / 2, x / 2) (Abramowitz, Stegun 1964, 26.4.19).
pub fn chi_squared_tail(x: f64, df: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { gamma_ur(df / 2.0, x / 2.0) }
}

/// P(|T| > |t|) of Student's t: I_x(df / 2, 1 / 2) at x = df / (df + t^2) (Abramowitz, Stegun 1964, 26.7.1).
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    if t == 0.0 { 1.0 } else { beta_reg(df / 2.0, 0.5, df / (df + t * t)) }
}

/// P(T > t).
pub fn t_tail(t: f64, df: f64) -> f64 {
    let tail = t_two_sided(t, df) / 2.0;
    if t < 0.0 { 1.0 - tail } else { tail }
}

/// P(Z > z) of the standard normal.
pub fn normal_tail(z: f64) -> f64 {
    libm::erfc(z * FRAC_1_SQRT_2) / 2.0
}

/// P(Z <= z).
pub fn normal_cdf(z: f64) -> f64 {
    normal_tail(-z)
}

/// z with P(Z <= z) = p, for 0 < p < 1.
pub fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::distribution, *};
    use crate::interval::t_quantile;

    #[test]
    fn against_scipy() {
        distribution("f_tail", 1e-11, |a| f_tail(a[0], a[1], a[2]));
        distribution("chi_squared_tail", 1e-10, |a| chi_squared_tail(a[0], a[1]));
        distribution("t_two_sided", 1e-9, |a| t_two_sided(a[0], a[1]));
        distribution("t_quantile", 1e-9, |a| t_quantile(a[0], a[1]).unwrap());
        distribution("normal_tail", 1e-13, |a| normal_tail(a[0]));
        assert!((t_tail(-2.0, 4.0) + t_tail(2.0, 4.0) - 1.0).abs() < 1e-15);
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-13);
    }
}
