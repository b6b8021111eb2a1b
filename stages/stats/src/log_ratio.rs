//! Ratio of two geometric means: Welch's t test on logs.

use super::{mean::mean, t_test::welch_t};

/// Geometric mean of `b` over that of `a`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRatio {
    pub ratio: f64,
    pub interval: Option<(f64, f64)>,
    /// Of no difference, two-sided.
    pub p: Option<f64>,
}

/// `None` where a value is not positive or a side has none; no interval where a side has one alone or nothing varies.
pub fn log_ratio(a: &[f64], b: &[f64], level: f64) -> Option<LogRatio> {
    let logs = |values: &[f64]| {
        values.iter().all(|v| *v > 0.0 && v.is_finite()).then(|| values.iter().map(|v| v.ln()).collect::<Vec<_>>())
    };
    let (a, b) = (logs(a)?, logs(b)?);
    let difference = mean(&b)? - mean(&a)?;
    let welch = welch_t(&a, &b, level).ok();
    Some(LogRatio {
        ratio: difference.exp(),
        interval: welch.as_ref().map(|w| (w.ci_low.exp(), w.ci_high.exp())),
        p: welch.map(|w| w.p),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_scipy() {
        // python -c "import numpy as np; from scipy import stats as s; a=np.log([10, 11, 12, 10.5]); b=np.log([13, 15, 14]);
        //   r=s.ttest_ind(b, a, equal_var=False); c=r.confidence_interval(); print(np.exp(b.mean()-a.mean()), r.pvalue, np.exp(c))"
        let r = log_ratio(&[10.0, 11.0, 12.0, 10.5], &[13.0, 15.0, 14.0], 0.95).unwrap();
        let (low, high) = r.interval.unwrap();
        for (found, wanted) in [
            (r.ratio, 1.288_091_580_302_344_7),
            (r.p.unwrap(), 0.007_779_845_297_788_315),
            (low, 1.109_874_749_888_173_6),
            (high, 1.494_925_368_302_111_3),
        ] {
            assert!((found / wanted - 1.0).abs() < 1e-9, "{found} {wanted}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_absent() {
        let single = log_ratio(&[1.0], &[2.0, 2.1], 0.95).unwrap();
        assert_eq!((single.interval, single.p), (None, None));
        assert_eq!(log_ratio(&[1.0, 1.0], &[2.0, 2.0], 0.95).unwrap().interval, None);
        assert_eq!(log_ratio(&[1.0, 0.0], &[2.0, 2.0], 0.95), None);
        assert_eq!(log_ratio(&[], &[2.0], 0.95), None);
    }
}
