//! Geometric mean over blocks, with an interval from the replicates within them.
//!
//! The blocks (scenarios) are fixed: the interval speaks of these scenarios. It is the t interval of `block_mean` on logs.

use super::{Estimate, block_mean::block_mean, interval::t_quantile, mean::mean};

/// The log of every replicate; `None` where one has none.
pub fn logs<G: AsRef<[f64]>>(blocks: &[G]) -> Option<Vec<Vec<f64>>> {
    let logs: Vec<Vec<f64>> = blocks.iter().map(|b| b.as_ref().iter().map(|v| v.ln()).collect()).collect();
    logs.iter().flatten().all(|v: &f64| v.is_finite()).then_some(logs)
}

/// `blocks[b]` are the runs of block `b`, all positive. `None` for no blocks, an empty block or a value that has no log.
pub fn geometric_mean<G: AsRef<[f64]>>(blocks: &[G], level: f64) -> Option<Estimate> {
    let logs = logs(blocks)?;
    let means = logs.iter().map(|b| mean(b)).collect::<Option<Vec<_>>>()?;
    let centre = mean(&means)?;
    let interval = block_mean(&logs).ok().and_then(|m| {
        let se = m.variance.sqrt();
        let half = if se == 0.0 { 0.0 } else { t_quantile(level, m.df)? * se };
        Some((se, half))
    });
    let estimate = centre.exp();
    Some(Estimate {
        estimate,
        std_error: interval.map(|(se, _)| se * estimate),
        ci_low: interval.map(|(_, half)| (centre - half).exp()),
        ci_high: interval.map(|(_, half)| (centre + half).exp()),
        ci_level: level,
        n: blocks.iter().map(|b| b.as_ref().len()).sum(),
        method: match interval {
            Some(_) => "geometric mean of scenarios, t interval on logs from runs within scenarios",
            None => "geometric mean of scenarios, single runs, no interval",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_by_hand() {
        // Logs of block 1: 0, 2 (mean 1, variance 2); of block 2: 2, 4 (mean 3, variance 2). Variance of the mean of both:
        // (2/2 + 2/2) / 4 = 0.5; df = 2^2 / (1/1 + 1/1) = 2; t(0.975, 2) = 4.30265272974946.
        let e = |x: f64| x.exp();
        let g = geometric_mean(&[vec![1.0, e(2.0)], vec![e(2.0), e(4.0)]], 0.95).unwrap();
        let half = 4.302_652_729_749_46 * 0.5f64.sqrt();
        assert!((g.estimate.ln() - 2.0).abs() < 1e-12);
        assert!((g.ci_high.unwrap().ln() - 2.0 - half).abs() < 1e-9);
        assert_eq!(geometric_mean(&[vec![1.0], vec![-1.0]], 0.95), None);
        assert_eq!(geometric_mean(&[vec![1.0], vec![4.0]], 0.95).unwrap().ci_low, None);
    }
}
