//! Student's, Welch's and the paired t test, with the interval of the difference.
//!
//! Student 1908, doi:10.1093/biomet/6.1.1 (pooled variance, n + m - 2 degrees of freedom); Welch 1947,
//! doi:10.1093/biomet/34.1-2.28 (each its own variance, Satterthwaite's degrees of freedom). Differences are b - a.

use super::{
    interval::t_quantile,
    mean::{mean, variance},
    tails::t_two_sided,
    unfit::{Fit, Unfit, same_length, share, values, varies},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    pub difference: f64,
    pub std_error: f64,
    pub statistic: f64,
    pub df: f64,
    pub p: f64,
    pub ci_low: f64,
    pub ci_high: f64,
}

impl TTest {
    pub(super) fn new(difference: f64, std_error: f64, df: f64, level: f64) -> Fit<Self> {
        share("level", level)?;
        let statistic = difference / std_error;
        let half = t_quantile(level, df).ok_or(Unfit::OutOfRange { what: "df", value: df })? * std_error;
        let (ci_low, ci_high) = (difference - half, difference + half);
        Ok(Self { difference, std_error, statistic, df, p: t_two_sided(statistic, df), ci_low, ci_high })
    }
}

/// Size, mean and variance.
pub fn moments(x: &[f64]) -> Fit<(f64, f64, f64)> {
    values(x, 2)?;
    let (centre, spread) = mean(x).zip(variance(x)).ok_or(Unfit::NotFinite)?;
    Ok((x.len() as f64, centre, spread))
}

/// Equal variances supposed.
pub fn student_t(a: &[f64], b: &[f64], level: f64) -> Fit<TTest> {
    let ((n, mean_a, var_a), (m, mean_b, var_b)) = (moments(a)?, moments(b)?);
    let df = n + m - 2.0;
    let pooled = varies(((n - 1.0) * var_a + (m - 1.0) * var_b) / df, &[mean_a, mean_b])?;
    TTest::new(mean_b - mean_a, (pooled * (1.0 / n + 1.0 / m)).sqrt(), df, level)
}

pub fn welch_t(a: &[f64], b: &[f64], level: f64) -> Fit<TTest> {
    let ((n, mean_a, var_a), (m, mean_b, var_b)) = (moments(a)?, moments(b)?);
    let (va, vb) = (var_a / n, var_b / m);
    let sum = varies(va + vb, &[mean_a, mean_b])?;
    let df = sum * sum / (va * va / (n - 1.0) + vb * vb / (m - 1.0));
    TTest::new(mean_b - mean_a, sum.sqrt(), df, level)
}

/// `a[i]` and `b[i]` belong to one block.
pub fn paired_t(a: &[f64], b: &[f64], level: f64) -> Fit<TTest> {
    values(a, 2)?;
    values(b, 2)?;
    let (n, difference, spread) = moments(&differences(a, b)?)?;
    let largest = a.iter().chain(b).fold(0f64, |m, v| m.max(v.abs()));
    TTest::new(difference, (varies(spread, &[largest])? / n).sqrt(), n - 1.0, level)
}

/// b - a, pair by pair.
pub fn differences(a: &[f64], b: &[f64]) -> Fit<Vec<f64>> {
    same_length(a, b)?;
    Ok(a.iter().zip(b).map(|(a, b)| b - a).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            cohens_d::cohens_d,
            fixtures::{named, sample, statistic},
            holm::holm,
        },
        *,
    };
    use proptest::prelude::*;

    fn all(t: Fit<TTest>) -> Vec<(String, f64)> {
        let t = t.unwrap();
        named([("statistic", t.statistic), ("p", t.p), ("df", t.df), ("low", t.ci_low), ("high", t.ci_high)])
    }

    #[test]
    fn against_scipy_and_r() {
        statistic("student_t", 1e-9, |g| all(student_t(&g[0], &g[1], 0.95)));
        statistic("welch_t", 1e-9, |g| all(welch_t(&g[0], &g[1], 0.95)));
        statistic("paired_t", 1e-9, |g| all(paired_t(&g[0], &g[1], 0.95)));
    }

    /// Rows of tests/fixtures/tr119/stats.csv: mode, test, a, b, statistic, p, difference_usd, difference_pct, cohens_d.
    fn printed() -> Vec<Vec<&'static str>> {
        let text = include_str!("../../../tests/fixtures/tr119/stats.csv");
        text.lines().skip(1).map(|l| l.split(',').collect()).filter(|r: &Vec<&str>| r[1] == "t").collect()
    }

    #[test]
    fn tr119_as_printed_and_what_holm_leaves() {
        const BACKENDS: [&str; 5] =
            ["onnxruntime-cpu", "onnxruntime-gpu", "transformers-cpu", "transformers-gpu", "transformers-gpu-compile"];
        let (mut reproduced, mut kept) = (0, Vec::new());
        for mode in ["generate", "prefill"] {
            let groups = sample(&format!("tr119_{mode}"));
            let pairs: Vec<(usize, usize)> = (0..5).flat_map(|a| (a + 1..5).map(move |b| (a, b))).collect();
            let tests: Vec<TTest> =
                pairs.iter().map(|&(a, b)| student_t(&groups[a], &groups[b], 0.95).unwrap()).collect();
            let adjusted = holm(&tests.iter().map(|t| Some(t.p)).collect::<Vec<_>>());
            for ((&(a, b), t), adjusted) in pairs.iter().zip(&tests).zip(adjusted) {
                let row = printed().into_iter().find(|r| r[0] == mode && r[2] == BACKENDS[a] && r[3] == BACKENDS[b]);
                assert_eq!(row.is_some(), t.p < 0.05, "{mode} {a} {b}");
                let Some(row) = row else { continue };
                let d = cohens_d(&groups[a], &groups[b], 0.95).unwrap().d;
                let percent = 100.0 * t.difference / mean(&groups[a]).unwrap();
                // The costs are printed with four digits, which leaves the last digit of p and d open.
                assert!((t.p - row[5].parse::<f64>().unwrap()).abs() < 1e-4, "{t:?} {row:?}");
                assert!((d - row[8].parse::<f64>().unwrap()).abs() < 0.0015, "{d} {row:?}");
                assert!((t.difference / row[6].parse::<f64>().unwrap() - 1.0).abs() < 1e-3, "{t:?} {row:?}");
                assert!((percent - row[7].parse::<f64>().unwrap()).abs() < 1e-3 * percent.abs(), "{percent} {row:?}");
                reproduced += 1;
                if adjusted.unwrap() < 0.05 {
                    kept.push(format!("{mode} {a} {b} {:.4}", adjusted.unwrap()));
                }
            }
        }
        assert_eq!(reproduced, 11);
        // Of its eleven differences Holm's adjustment, over the ten pairs of a mode, leaves three.
        assert_eq!(kept, ["generate 0 1 0.0178", "generate 1 2 0.0253", "generate 2 4 0.0483"]);
    }

    #[test]
    fn degenerate() {
        assert_eq!(student_t(&[0.1; 3], &[0.1; 3], 0.95), Err(Unfit::NoVariance));
        assert_eq!(paired_t(&[1.0, 2.0, 3.1], &[1.1, 2.1, 3.2], 0.95), Err(Unfit::NoVariance));
        assert_eq!(welch_t(&[1.0], &[1.0, 2.0], 0.95), Err(Unfit::TooFew { what: "values", needed: 2, got: 1 }));
        assert_eq!(welch_t(&[1.0, f64::INFINITY], &[1.0, 2.0], 0.95), Err(Unfit::NotFinite));
        assert_eq!(welch_t(&[1.0, 2.0], &[1.0, 2.0], 95.0), Err(Unfit::OutOfRange { what: "level", value: 95.0 }));
        assert!(welch_t(&[1.0, 1.0], &[1.0, 2.0], 0.95).is_ok());
    }

    proptest! {
        #[test]
        fn swapped_is_mirrored(
            a in prop::collection::vec(-50.0..50.0f64, 3..9), b in prop::collection::vec(-50.0..50.0f64, 3..9),
        ) {
            let (ab, ba) = (welch_t(&a, &b, 0.95).unwrap(), welch_t(&b, &a, 0.95).unwrap());
            prop_assert_eq!(ab.difference, -ba.difference);
            prop_assert!((ab.p - ba.p).abs() < 1e-12 && (0.0..=1.0).contains(&ab.p));
            prop_assert_eq!(ab.p < 0.05, ab.ci_low > 0.0 || ab.ci_high < 0.0);
        }
    }
}
