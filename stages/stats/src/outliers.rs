//! Modified z-scores: how far a value is from the median, in robust standard deviations (Iglewicz, Hoaglin 1993, How to Detect
//! and Handle Outliers, section 3.3; they call |z| > 3.5 an outlier). Outliers are named, never removed.

use super::{
    median::median,
    tails::normal_quantile,
    unfit::{Fit, Unfit, values},
};

pub const OUTLIER: f64 = 3.5;

/// z_i = 0.6745 (x_i - median) / MAD, 0.6745 being the normal's upper quartile. Where more than half of the values are equal and
/// MAD is 0, the mean absolute deviation stands in, times sqrt(pi / 2).
pub fn modified_z(x: &[f64]) -> Fit<Vec<f64>> {
    values(x, 3)?;
    let centre = median(x).ok_or(Unfit::NotFinite)?;
    let away: Vec<f64> = x.iter().map(|v| (v - centre).abs()).collect();
    let mad = median(&away).ok_or(Unfit::NotFinite)?;
    let scale = if mad > 0.0 {
        mad / normal_quantile(0.75)
    } else {
        away.iter().sum::<f64>() / x.len() as f64 * (std::f64::consts::PI / 2.0).sqrt()
    };
    if scale == 0.0 {
        return Err(Unfit::NoVariance);
    }
    Ok(x.iter().map(|v| (v - centre) / scale).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::statistic, *};

    #[test]
    fn against_scipy_and_r() {
        statistic("modified_z", 1e-12, |g| {
            modified_z(&g[0]).unwrap().into_iter().enumerate().map(|(i, z)| (format!("z_{i}"), z)).collect()
        });
    }

    #[test]
    fn mostly_equal_and_equal() {
        let z = modified_z(&[5.0, 5.0, 5.0, 5.0, 9.0]).unwrap();
        assert!((z[4] - 4.0 / (0.8 * (std::f64::consts::PI / 2.0).sqrt())).abs() < 1e-12 && z[4] > OUTLIER);
        assert_eq!(modified_z(&[0.1; 5]), Err(Unfit::NoVariance));
    }
}
