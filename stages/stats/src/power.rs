//! What a design can see: power, the smallest effect it finds, and the runs that a wanted interval needs.
//!
//! Power of t tests by the noncentral t, both tails counted (Cohen 1988, chapter 2; R's `power.t.test(strict = TRUE)`).

use super::{
    interval::t_quantile,
    noncentral_t::{noncentral_t_cdf, noncentral_t_tail},
    root::root,
    tails::chi_squared_tail,
    unfit::{Fit, Unfit, positive, share},
};

const MOST_RUNS: usize = 10_000_000;

fn t_power(delta: f64, df: f64, alpha: f64) -> Fit<f64> {
    share("alpha", alpha)?;
    let t = t_quantile(1.0 - alpha, df).ok_or(Unfit::OutOfRange { what: "df", value: df })?;
    Ok(noncentral_t_tail(t, df, delta) + noncentral_t_cdf(-t, df, delta))
}

/// The effect that is found with the power wanted; `power` as a function of effect.
fn smallest_effect(wanted: f64, power: impl Fn(f64) -> Fit<f64>) -> Fit<f64> {
    share("power", wanted)?;
    let none = power(0.0)?;
    if none >= wanted {
        return Err(Unfit::OutOfRange { what: "power", value: wanted });
    }
    let at = |d: f64| power(d).unwrap_or(f64::NAN) - wanted;
    let high = (0..20).map(|i| 2f64.powi(i)).find(|d| at(*d) >= 0.0);
    high.and_then(|high| root(0.0, high, at)).ok_or(Unfit::OutOfRange { what: "power", value: wanted })
}

/// The smallest difference that a t test of this standard error finds with the power wanted, in the unit of the error.
pub fn detectable(std_error: f64, df: f64, alpha: f64, wanted: f64) -> Fit<f64> {
    positive("standard error", std_error)?;
    Ok(std_error * smallest_effect(wanted, |delta| t_power(delta, df, alpha))?)
}

/// The fewest runs whose t interval reaches at most `half_width` to each side, runs having the standard deviation `sd`.
///
/// Without assurance this holds for a sample standard deviation of `sd` (Hahn, Meeker 1991, section 8.1); with it, in that
/// share of experiments: t sd sqrt(chi2_assurance / (n - 1)) / sqrt(n) <= half_width (Kupper, Hafner 1989,
/// doi:10.1080/00031305.1989.10475628, without their condition on coverage). On logs, a half width of ln(1 + x) is x as a ratio.
pub fn runs_for_interval(sd: f64, half_width: f64, level: f64, assurance: Option<f64>) -> Fit<usize> {
    positive("sd", sd)?;
    positive("half width", half_width)?;
    share("level", level)?;
    assurance.map_or(Ok(()), |a| share("assurance", a))?;
    fewest(|n| {
        let df = n as f64 - 1.0;
        let inflated = assurance.map_or(Some(1.0), |a| Some((chi_squared_quantile(a, df)? / df).sqrt()));
        let half = t_quantile(level, df).zip(inflated).map(|(t, i)| t * sd * i / (n as f64).sqrt());
        half.is_some_and(|h| h <= half_width)
    })
}

fn chi_squared_quantile(p: f64, df: f64) -> Option<f64> {
    let at = |x: f64| chi_squared_tail(x, df) - (1.0 - p);
    let high = (0..40).map(|i| df * 2f64.powi(i)).find(|x| at(*x) <= 0.0)?;
    root(0.0, high, at)
}

/// The smallest n from 2 on for which a condition holds that keeps holding.
fn fewest(enough: impl Fn(usize) -> bool) -> Fit<usize> {
    let mut high = 2;
    while !enough(high) {
        if high > MOST_RUNS {
            return Err(Unfit::TooMany { what: "runs", most: MOST_RUNS, got: high });
        }
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::distribution, *};

    /// Student's test of samples of `n` and `m` whose means are `d` standard deviations apart.
    fn two_samples(d: f64, n: f64, m: f64) -> Fit<f64> {
        t_power(d / (1.0 / n + 1.0 / m).sqrt(), n + m - 2.0, 0.05)
    }

    #[test]
    fn against_statsmodels_and_r() {
        distribution("power_two_sample", 1e-8, |a| two_samples(a[0], a[1], a[2]).unwrap());
        distribution("power_paired", 1e-8, |a| t_power(a[0] * a[1].sqrt(), a[1] - 1.0, 0.05).unwrap());
        distribution("runs_for_interval", 0.0, |a| {
            runs_for_interval(a[0], a[1], 0.95, (a[2] > 0.0).then_some(a[2])).unwrap() as f64
        });
    }

    #[test]
    fn there_and_back() {
        let effect = smallest_effect(0.8, |d| two_samples(d, 64.0, 64.0)).unwrap();
        assert!((effect - 0.4991).abs() < 1e-4, "{effect}"); // R: power.t.test(n = 64, power = 0.8, strict = TRUE)$delta
        let smallest = detectable(0.2, 9.0, 0.05, 0.8).unwrap();
        assert!((t_power(smallest / 0.2, 9.0, 0.05).unwrap() - 0.8).abs() < 1e-9);
    }

    #[test]
    fn refused() {
        assert_eq!(runs_for_interval(0.0, 1.0, 0.95, None), Err(Unfit::OutOfRange { what: "sd", value: 0.0 }));
        assert!(matches!(runs_for_interval(1.0, 1e-9, 0.95, None), Err(Unfit::TooMany { .. })));
        assert!(detectable(1.0, 4.0, 0.05, 0.01).is_err());
    }
}
