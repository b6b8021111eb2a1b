//! What sampling costs: how fast the load runs beside the sampler of a session, and without it.

use super::load::Load;
use crate::{
    clock::Anchor,
    journal::Samples,
    power::{Config as Power, sampler::Sampler},
};
use anyhow::{Context, Result, anyhow};

/// Runs of each kind; neighbours in time are a pair.
const PAIRS: usize = 8;
const RUN_S: f64 = 0.5;
/// Student's t with 7 degrees of freedom, 0.975 quantile.
const T: f64 = 2.364_624;

/// Loss of speed at one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    pub hz: f64,
    /// Per cent of the speed without sampling, and the half width of its 95 % interval.
    pub loss_pct: f64,
    pub half_width_pct: f64,
    /// Processor time of the sampling thread, per cent of one processor.
    pub cpu_pct: f64,
}

/// Runs with and without sampling in turn, each first as often as second.
pub fn cost(load: &mut Load, source: &Power, hz: f64) -> Result<Cost> {
    let source = [source.at(Some(hz))];
    let samples = Samples::to_nowhere(&format!("gpu-check-{hz}")).context("cannot create a file for samples")?;
    let (mut logs, mut cpu_pct) = (Vec::new(), 0.0);
    for pair in 0..PAIRS {
        let mut rates = [0.0; 2];
        for turn in 0..2 {
            let sampled = (pair + turn) % 2 == 0;
            let sampler = match sampled {
                true => Some(Sampler::start(&source, "gpu-check", Anchor::now(), &samples).map_err(|e| anyhow!(e))?),
                false => None,
            };
            let ran = load.run(RUN_S)?;
            rates[usize::from(sampled)] = ran.iterations as f64 / (ran.end_ns - ran.start_ns) as f64;
            if let Some(sampler) = sampler {
                cpu_pct += sampler.costs_pct().iter().map(|(_, pct)| pct).sum::<f64>() / PAIRS as f64;
                sampler.stop().context("samples cannot be written")?;
            }
        }
        logs.push((rates[1] / rates[0]).ln());
    }
    let (mean, half) = interval(&logs);
    Ok(Cost { hz, loss_pct: -100.0 * mean.exp_m1(), half_width_pct: 100.0 * half, cpu_pct })
}

/// Mean and half width of its 95 % interval, of [`PAIRS`] differences.
fn interval(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, T * (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_students() {
        // Mean 4.5, standard deviation sqrt(6) = 2.449490, over sqrt(8).
        let (mean, half) = interval(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!((mean - 4.5).abs() < 1e-12 && (half - 2.047_825).abs() < 1e-5, "{half}");
    }
}
