//! Is the value farthest from the mean too far to belong? Grubbs's test (1950, doi:10.1214/aoms/1177729885), two-sided.

use super::{
    mean::{mean, variance},
    tails::t_two_sided,
    unfit::{Fit, Unfit, values, varies},
};

/// p of the farthest of at least three normal values: G = max |x - mean| / s, t^2 = n (n - 2) G^2 / ((n - 1)^2 - n G^2) with n - 2
/// degrees of freedom, and n times its two-sided tail, 1 at most (Bonferroni; exact where the result is small).
pub fn grubbs(x: &[f64]) -> Fit<f64> {
    values(x, 3)?;
    let n = x.len() as f64;
    let centre = mean(x).ok_or(Unfit::NotFinite)?;
    let spread = varies(variance(x).ok_or(Unfit::NoVariance)?, x)?;
    let farthest = x.iter().map(|v| (v - centre).powi(2)).fold(0f64, f64::max) / spread;
    let rest = (n - 1.0).powi(2) - n * farthest;
    // All but one are the same, to rounding.
    if rest <= 1e-12 * (n - 1.0).powi(2) {
        return Ok(0.0);
    }
    Ok((n * t_two_sided((n * (n - 2.0) * farthest / rest).sqrt(), n - 2.0)).min(1.0))
}

/// One-sided p that the first of at least three values is no larger than the others: Student's t of a new value, (x_1 - mean) /
/// (s sqrt(1 + 1 / (n - 1))) with n - 2 degrees of freedom (Hahn, Meeker 1991, section 4.8).
pub fn first_above(x: &[f64]) -> Fit<f64> {
    values(x, 3)?;
    let (first, others) = (x[0], &x[1..]);
    let n = others.len() as f64;
    let centre = mean(others).ok_or(Unfit::NotFinite)?;
    let spread = varies(variance(others).ok_or(Unfit::NoVariance)?, x)?;
    Ok(super::tails::t_tail((first - centre) / (spread * (1.0 + 1.0 / n)).sqrt(), n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_as_printed() {
        // Grubbs, Beck 1972 (doi:10.1080/00401706.1972.10488981), table 1: G of 1 % two-sided (0.5 % one-sided) for n 10 is 2.482.
        // One value at G, nine around -G / 9 whose squares leave a variance of 1: 9 = G^2 (1 + 1 / 9) + 8 side^2.
        let g = 2.482f64;
        let (shift, side) = (-g / 9.0, ((9.0 - g * g * 10.0 / 9.0) / 8.0).sqrt());
        let mut x = vec![g, shift];
        x.extend((0..8).map(|i| if i % 2 == 0 { shift + side } else { shift - side }));
        assert!((variance(&x).unwrap() - 1.0).abs() < 1e-12);
        assert!((grubbs(&x).unwrap() - 0.01).abs() < 1e-4, "{}", grubbs(&x).unwrap());
    }

    #[test]
    fn one_of_four_and_nothing_to_tell() {
        assert!(grubbs(&[0.0, 0.01, -0.01, 1.1]).unwrap() < 0.001);
        assert!(grubbs(&[0.0, 0.01, -0.01, 0.03]).unwrap() > 0.05);
        assert_eq!(grubbs(&[0.0, 0.0, 0.0, 1.0]), Ok(0.0));
        assert!(grubbs(&[1.0; 4]).is_err() && grubbs(&[1.0, 2.0]).is_err());
        // Others 0, 2: mean 1, s^2 2: (1 + 3 - 1) / sqrt(3) = sqrt 3, and P(T_1 > sqrt 3) = 1/6.
        assert!((first_above(&[4.0, 0.0, 2.0]).unwrap() - 1.0 / 6.0).abs() < 1e-9);
        assert!(first_above(&[-9.0, 0.0, 2.0]).unwrap() > 0.9);
    }
}
