//! Student's t interval of a mean (Student 1908, doi:10.1093/biomet/6.1.1).

use super::{
    Estimate,
    mean::{mean, variance},
    tails::{normal_quantile, t_two_sided},
};
use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

/// Two-sided quantile of Student's t; `None` unless `df > 0`.
///
/// statrs's quantile is off in the fifth digit for large `df`, or does not return: from 200 on it starts from Fisher's
/// expansion (Abramowitz, Stegun 1964, 26.7.5). Newton's steps on the tail mend either.
pub fn t_quantile(level: f64, df: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, df).ok()?;
    let mut t = if df < 200.0 {
        distribution.inverse_cdf((1.0 + level) / 2.0)
    } else {
        let z = normal_quantile((1.0 + level) / 2.0);
        let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
        z + (z.powi(3) + z) / (4.0 * df) + second / (df * df)
    };
    // Past a million the expansion is nearer than the tail.
    for _ in 0..if df > 1e6 { 0 } else { 3 } {
        t += (t_two_sided(t, df) - (1.0 - level)) / (2.0 * distribution.pdf(t));
    }
    t.is_finite().then_some(t)
}

/// Mean with its t interval; `None` for no values, no interval for one.
pub fn t_interval(values: &[f64], level: f64) -> Option<Estimate> {
    let estimate = mean(values)?;
    let n = values.len();
    let std_error = variance(values).map(|v| (v / n as f64).sqrt());
    let half = std_error.and_then(|se| Some(t_quantile(level, n as f64 - 1.0)? * se));
    Some(Estimate {
        estimate,
        std_error,
        ci_low: half.map(|h| estimate - h),
        ci_high: half.map(|h| estimate + h),
        ci_level: level,
        n,
        method: if n > 1 { "mean of runs, Student t interval" } else { "single run, no interval" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs()
    }

    #[test]
    fn against_scipy() {
        // python -c "from scipy import stats as s; x=[2.0,4.0,4.0,5.0,7.5];
        //   print(s.sem(x), s.t.interval(0.95, 4, loc=4.5, scale=s.sem(x)), s.t.ppf(.975, 4), 2*s.t.sf(2.5, 7))"
        let e = t_interval(&[2.0, 4.0, 4.0, 5.0, 7.5], 0.95).unwrap();
        assert!(near(e.std_error.unwrap(), 0.894_427_190_999_916));
        assert!(near(t_quantile(0.95, 4.0).unwrap(), 2.776_445_105_197_793_4));
        assert!(near(e.ci_low.unwrap(), 4.5 - 2.776_445_105_197_793_4 * 0.894_427_190_999_916));
        assert!(near(t_two_sided(2.5, 7.0), 0.040_992_218_585_752_89));
        assert_eq!(t_interval(&[3.0], 0.95).unwrap().ci_low, None);
    }
}
