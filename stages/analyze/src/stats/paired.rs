//! Paired t test on logs: the block is a scenario, the observation its mean log ratio, so scenarios are never replicates.

use super::{
    interval::{t_p_value, t_quantile},
    mean::{mean, variance},
};
use statrs::distribution::{ContinuousCDF, Normal};

/// Two backends over the scenarios that both ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    /// Geometric mean of b / a over blocks.
    pub ratio: f64,
    pub ratio_interval: Option<(f64, f64)>,
    pub t: Option<f64>,
    pub df: Option<f64>,
    pub p: Option<f64>,
    /// Cohen's d_z (Cohen 1988, section 2.3.5): mean difference over the standard deviation of differences.
    pub effect: Option<f64>,
    /// Its large-sample interval, variance 1/k + d^2 / (2k) (Hedges, Olkin 1985, chapter 5, for paired differences).
    pub effect_interval: Option<(f64, f64)>,
}

/// `log_ratios[b]` is the mean log of b minus that of a in block `b`. `None` for no blocks.
pub fn paired(log_ratios: &[f64], level: f64) -> Option<Paired> {
    let centre = mean(log_ratios)?;
    let k = log_ratios.len() as f64;
    let df = (log_ratios.len() > 1).then_some(k - 1.0);
    let sd = variance(log_ratios).map(f64::sqrt);
    let se = sd.map(|s| s / k.sqrt());
    let t = se.filter(|&s| s > 0.0).map(|s| centre / s);
    let half = se.zip(df).and_then(|(se, df)| Some(t_quantile(level, df)? * se));
    let effect = sd.filter(|&s| s > 0.0).map(|s| centre / s);
    let z = Normal::standard().inverse_cdf((1.0 + level) / 2.0);
    let effect_interval = effect.map(|d| {
        let half = z * (1.0 / k + d * d / (2.0 * k)).sqrt();
        (d - half, d + half)
    });
    Some(Paired {
        ratio: centre.exp(),
        ratio_interval: half.map(|h| ((centre - h).exp(), (centre + h).exp())),
        t,
        df,
        p: t.zip(df).and_then(|(t, df)| t_p_value(t, df)),
        effect,
        effect_interval,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_scipy() {
        // python -c "from scipy import stats as s; print(s.ttest_1samp([0.1, 0.3, 0.2, 0.4, 0.25], 0))"
        // mean 0.25, sd 0.111803398874990, t = 5 with 4 df, p = 0.007490433881274525
        let r = paired(&[0.1, 0.3, 0.2, 0.4, 0.25], 0.95).unwrap();
        assert!((r.t.unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(r.df, Some(4.0));
        assert!((r.p.unwrap() - 0.007_490_433_881_274_525).abs() < 1e-12, "{:?}", r.p);
        assert!((r.ratio.ln() - 0.25).abs() < 1e-12);
        assert!((r.effect.unwrap() - 0.25 / 0.111_803_398_874_99).abs() < 1e-9);
        let alone = paired(&[0.1], 0.95).unwrap();
        assert_eq!((alone.t, alone.p, alone.ratio_interval), (None, None, None));
    }
}
