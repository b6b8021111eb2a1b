//! Does one run resemble the one before? Autocorrelation, Ljung and Box's test, and how many independent runs a series is
//! worth.

use super::{
    Estimate,
    friedman::ChiSquared,
    interval::t_quantile,
    mean::{mean, variance},
    unfit::{Fit, Unfit, at_least, share, values, varies},
};

/// Autocorrelations at lags 1 to `lags`, each over n (Box, Jenkins 1976, section 2.1.5).
pub fn autocorrelation(x: &[f64], lags: usize) -> Fit<Vec<f64>> {
    values(x, 3)?;
    at_least("values", lags + 1, x.len())?;
    let centre = mean(x).ok_or(Unfit::NotFinite)?;
    let from: Vec<f64> = x.iter().map(|v| v - centre).collect();
    let sum: f64 = from.iter().map(|v| v * v).sum();
    varies(sum / x.len() as f64, x)?;
    Ok((1..=lags).map(|lag| from.iter().zip(&from[lag..]).map(|(a, b)| a * b).sum::<f64>() / sum).collect())
}

/// Ljung and Box's Q = n (n + 2) sum_k rho_k^2 / (n - k) (1978, doi:10.1093/biomet/65.2.297): small p, the runs are dependent.
pub fn ljung_box(x: &[f64], lags: usize) -> Fit<ChiSquared> {
    at_least("lags", 1, lags)?;
    let n = x.len() as f64;
    let rho = autocorrelation(x, lags)?;
    let sum: f64 = rho.iter().enumerate().map(|(i, r)| r * r / (n - 1.0 - i as f64)).sum();
    Ok(ChiSquared::new(n * (n + 2.0) * sum, lags as f64))
}

/// tau = 1 + 2 sum rho_k, the factor by which dependence widens the variance of a mean; n / tau runs are worth as much.
///
/// The sum ends where a pair rho_2m + rho_2m+1 is not positive (Geyer 1992, doi:10.1214/ss/1177011137: the initial positive
/// sequence). Runs that avoid each other earn nothing: tau is at least 1.
pub fn variance_factor(x: &[f64]) -> Fit<f64> {
    values(x, 3)?;
    let rho = autocorrelation(x, x.len() - 1)?;
    let at = |k: usize| if k == 0 { 1.0 } else { rho.get(k - 1).copied().unwrap_or(0.0) };
    let pairs = (0..x.len() / 2).map(|m| at(2 * m) + at(2 * m + 1)).take_while(|pair| *pair > 0.0);
    Ok((2.0 * pairs.sum::<f64>() - 1.0).max(1.0))
}

/// The mean of a series in the order it was measured, with a t interval for n / tau runs. The sample variance of a
/// dependent series is too small by (n - tau) / (n - 1), which is mended (Bayley, Hammersley 1946, doi:10.2307/2983560).
pub fn series_interval(x: &[f64], level: f64) -> Fit<Estimate> {
    share("level", level)?;
    let (n, tau) = (x.len() as f64, variance_factor(x)?);
    let effective = n / tau;
    if effective <= 2.0 {
        return Err(Unfit::TooFew { what: "independent runs' worth of values", needed: 3, got: effective as usize });
    }
    let (estimate, spread) = mean(x).zip(variance(x)).ok_or(Unfit::NotFinite)?;
    let std_error = (spread * (n - 1.0) / (n - tau) / effective).sqrt();
    let half = t_quantile(level, effective - 1.0).map(|t| t * std_error);
    Ok(Estimate {
        estimate,
        std_error: Some(std_error),
        ci_low: half.map(|h| estimate - h),
        ci_high: half.map(|h| estimate + h),
        ci_level: level,
        n: x.len(),
        method: "mean of runs, Student t interval for the independent runs they are worth",
    })
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::statistic, *};

    #[test]
    fn against_statsmodels_and_r() {
        statistic("autocorrelation", 1e-9, |g| {
            let box_ = ljung_box(&g[0], 10).unwrap();
            let rho = autocorrelation(&g[0], 10).unwrap();
            let rho = rho.into_iter().enumerate().map(|(i, r)| (format!("rho_{}", i + 1), r));
            rho.chain([("statistic".into(), box_.statistic), ("p".into(), box_.p)]).collect()
        });
    }

    #[test]
    fn alternating_runs_earn_nothing_and_a_trend_costs() {
        let alternating: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
        assert_eq!(variance_factor(&alternating), Ok(1.0));
        let trend: Vec<f64> = (0..40).map(f64::from).collect();
        assert!(variance_factor(&trend).unwrap() > 10.0);
        assert!(series_interval(&trend, 0.95).is_ok_and(|e| e.ci_high.unwrap() > 30.0));
        assert_eq!(autocorrelation(&[2.0; 5], 1), Err(Unfit::NoVariance));
    }
}
