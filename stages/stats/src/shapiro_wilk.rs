//! Shapiro and Wilk's test of normality, in Royston's approximation for 3 to 5000 values (Royston 1995, Algorithm AS R94,
//! doi:10.2307/2986146; the test: Shapiro, Wilk 1965, doi:10.1093/biomet/52.3-4.591). A small p speaks against normality; with
//! the usual handful of runs it seldom can, so a large p proves nothing.

use super::{
    mean::mean,
    tails::{normal_quantile, normal_tail},
    unfit::{Fit, Unfit, values, varies},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normality {
    pub w: f64,
    pub p: f64,
}

const MOST: usize = 5000;

/// c0 + c1 x + c2 x^2 + ...
fn poly(c: &[f64], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

pub fn shapiro_wilk(x: &[f64]) -> Fit<Normality> {
    values(x, 3)?;
    if x.len() > MOST {
        return Err(Unfit::TooMany { what: "values", most: MOST, got: x.len() });
    }
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = x.len() as f64;
    let centre = mean(x).ok_or(Unfit::NotFinite)?;
    let squares: f64 = sorted.iter().map(|v| (v - centre).powi(2)).sum();
    varies(squares / n, x)?;
    let weighted: f64 =
        weights(x.len()).iter().enumerate().map(|(i, a)| a * (sorted[x.len() - 1 - i] - sorted[i])).sum();
    let w = (weighted * weighted / squares).min(1.0);
    Ok(Normality { w, p: p_value(w, x.len()) })
}

/// Of the upper half of the sorted values, largest first; the lower half has the same with the other sign.
fn weights(n: usize) -> Vec<f64> {
    if n == 3 {
        return vec![0.5f64.sqrt()];
    }
    let size = n as f64;
    let scores: Vec<f64> = (1..=n / 2).map(|i| -normal_quantile((i as f64 - 0.375) / (size + 0.25))).collect();
    let sum = 2.0 * scores.iter().map(|m| m * m).sum::<f64>();
    let u = 1.0 / size.sqrt();
    let first = poly(&[0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056], u) + scores[0] / sum.sqrt();
    let second = poly(&[0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633], u);
    let mut fixed = vec![first];
    if n > 5 {
        fixed.push(second + scores[1] / sum.sqrt());
    }
    let of_scores = sum - 2.0 * scores[..fixed.len()].iter().map(|m| m * m).sum::<f64>();
    let scale = (of_scores / (1.0 - 2.0 * fixed.iter().map(|a| a * a).sum::<f64>())).sqrt();
    let rest: Vec<f64> = scores[fixed.len()..].iter().map(|m| m / scale).collect();
    [fixed, rest].concat()
}

fn p_value(w: f64, n: usize) -> f64 {
    let size = n as f64;
    if n == 3 {
        let exact = 6.0 / std::f64::consts::PI * (w.sqrt().asin() - 0.75f64.sqrt().asin());
        return exact.clamp(0.0, 1.0);
    }
    let y = (1.0 - w).ln();
    let (y, centre, spread) = if n <= 11 {
        let gamma = poly(&[-2.273, 0.459], size);
        if y >= gamma {
            return 1e-99; // Royston's own floor
        }
        let centre = poly(&[0.544, -0.39978, 0.025054, -6.714e-4], size);
        (-(gamma - y).ln(), centre, poly(&[1.3822, -0.77857, 0.062767, -0.0020322], size).exp())
    } else {
        let log = size.ln();
        let centre = poly(&[-1.5861, -0.31082, -0.083751, 0.0038915], log);
        (y, centre, poly(&[-0.4803, -0.082676, 0.0030302], log).exp())
    };
    normal_tail((y - centre) / spread)
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
        statistic("shapiro_wilk", 1e-6, |g| {
            let s = shapiro_wilk(&g[0]).unwrap();
            named([("statistic", s.w), ("p", s.p)])
        });
    }

    #[test]
    fn degenerate() {
        assert_eq!(shapiro_wilk(&[0.1; 9]), Err(Unfit::NoVariance));
        assert_eq!(shapiro_wilk(&[1.0, 2.0]), Err(Unfit::TooFew { what: "values", needed: 3, got: 2 }));
        assert_eq!(shapiro_wilk(&vec![1.0; 5001]).unwrap_err().to_string(), "5001 values, at most 5000 are allowed");
    }

    proptest! {
        #[test]
        fn order_and_scale_do_not_matter(x in prop::collection::vec(-9.0..9.0f64, 3..60), scale in 0.01..100.0f64) {
            let moved: Vec<f64> = x.iter().rev().map(|v| v * scale + 3.0).collect();
            let (a, b) = (shapiro_wilk(&x).unwrap(), shapiro_wilk(&moved).unwrap());
            prop_assert!((a.w - b.w).abs() < 1e-8 && (0.0..=1.0).contains(&a.p) && (0.0..=1.0).contains(&a.w));
        }
    }
}
