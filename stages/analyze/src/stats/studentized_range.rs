//! The studentised range: the range of k normal means over an independent estimate of their standard deviation
//! (Lund, Lund 1983, Algorithm AS 190, doi:10.2307/2347300; Copenhaver, Holland 1988, doi:10.1080/00949658808811082).
//!
//! P(Q <= q) is the average over s of W(q s), W(w) = k int phi(z) [Phi(z) - Phi(z - w)]^(k - 1) dz. Both integrals by
//! quadrature, good to about 1e-10 (statrs's normal); the published algorithms stop at 1e-6 to 1e-10.

use super::{
    quadrature::panel,
    root::root,
    scaled_chi::expectation,
    tails::{normal_cdf, normal_tail},
    unfit::{Fit, Unfit, positive, share},
};

/// phi is below 1e-17 outside.
const REACH: f64 = 8.7;
const PANELS: usize = 5;

/// P(range of k standard normals > w): one less (2 Phi(w / 2) - 1)^k + 2 k int_{w / 2} phi(z) [Phi(z) - Phi(z - w)]^(k - 1) dz,
/// Hartley's form, which needs half of the range (AS 190).
fn range_tail(w: f64, k: usize) -> f64 {
    let density = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let inside = |z: f64| density(z) * (normal_cdf(z) - normal_cdf(z - w)).powi(k as i32 - 1);
    let start = w / 2.0;
    let width = (REACH - start).max(0.0) / PANELS as f64;
    let at = |i: usize| start + width * i as f64;
    let integral: f64 = (0..PANELS).map(|i| panel(at(i), at(i + 1), &inside).0).sum();
    1.0 - (1.0 - 2.0 * normal_tail(start)).powi(k as i32) - 2.0 * k as f64 * integral
}

/// P(Q > q) for `k` groups.
pub fn studentized_range_tail(q: f64, k: usize, df: f64) -> Fit<f64> {
    positive("df", df)?;
    if k < 2 {
        return Err(Unfit::TooFew { what: "groups", needed: 2, got: k });
    }
    if q <= 0.0 {
        return Ok(1.0);
    }
    Ok(expectation(df, |s| range_tail(q * s, k)).clamp(0.0, 1.0))
}

/// The q that is exceeded with probability `p`.
pub fn studentized_range_quantile(p: f64, k: usize, df: f64) -> Fit<f64> {
    share("p", p)?;
    studentized_range_tail(1.0, k, df)?;
    // On the log scale the tail is nearly straight, which false position likes.
    let over = |q: f64| studentized_range_tail(q, k, df).unwrap_or(f64::NAN).max(1e-300).ln() - p.ln();
    let bracket = (0..16).map(|i| 4.0 * 2f64.powi(i)).find(|q| over(*q) <= 0.0);
    bracket.and_then(|high| root(1e-6, high, over)).ok_or(Unfit::OutOfRange { what: "p", value: p })
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::distribution, *};

    #[test]
    fn against_scipy_and_r() {
        // R is off in the sixth digit for few degrees of freedom; the test below says which of us is right.
        distribution("studentized_range_tail", 1e-5, |a| studentized_range_tail(a[0], a[1] as usize, a[2]).unwrap());
        let quantile = |a: &[f64]| studentized_range_quantile(a[0], a[1] as usize, a[2]).unwrap();
        distribution("studentized_range_quantile", 2e-4, quantile);
        for (p, k, df) in [(0.05, 3, 4.5), (0.01, 5, 3.0), (0.2, 12, 60.0)] {
            let back = studentized_range_tail(studentized_range_quantile(p, k, df).unwrap(), k, df).unwrap();
            assert!((back / p - 1.0).abs() < 1e-9, "{back} {p}");
        }
    }

    #[test]
    fn two_groups_are_a_t_test() {
        // With two groups Q = |t| sqrt 2.
        for (t, df) in [(0.5f64, 3.0), (2.0, 8.0), (4.0, 25.0)] {
            let tail = studentized_range_tail(t * 2f64.sqrt(), 2, df).unwrap();
            assert!((tail - crate::stats::tails::t_two_sided(t, df)).abs() < 1e-10);
        }
        assert!(studentized_range_tail(1.0, 1, 5.0).is_err() && studentized_range_quantile(5.0, 3, 5.0).is_err());
    }
}
