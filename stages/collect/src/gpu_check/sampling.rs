//! What sampling costs: how fast the load runs beside the sampler of a session, and without it.

use super::load::Load;
use crate::{
    clock::Anchor,
    journal::LineFile,
    power::{Config as Power, sampler::Sampler},
};
use anyhow::{Context, Result};

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

/// What sampling at this rate costs the load.
pub fn cost(load: &mut Load, source: &Power, hz: f64) -> Result<Cost> {
    let source = [source.at(Some(hz))];
    let samples = LineFile::to_nowhere(&format!("gpu-check-{hz}")).context("cannot create a file for samples")?;
    let mut cpu_pct = 0.0;
    let (loss_pct, half_width_pct) = loss_pct(|sampled| {
        let sampler = match sampled {
            true => Some(Sampler::start(&source, "gpu-check", Anchor::now(), &samples)?),
            false => None,
        };
        let ran = load.run(RUN_S)?;
        if let Some(sampler) = sampler {
            cpu_pct += sampler.costs_pct().iter().map(|(_, pct)| pct).sum::<f64>() / PAIRS as f64;
            sampler.stop().context("samples cannot be written")?;
        }
        Ok(ran.iterations as f64 / (ran.end_ns - ran.start_ns) as f64)
    })?;
    Ok(Cost { hz, loss_pct, half_width_pct, cpu_pct })
}

/// Loss of speed and the half width of its 95 % interval, per cent, of a run that is told whether to sample and gives its speed. Runs
/// with and without sampling take turns, each first as often as second, so that a drift is no loss.
fn loss_pct(mut speed: impl FnMut(bool) -> Result<f64>) -> Result<(f64, f64)> {
    let mut logs = Vec::with_capacity(PAIRS);
    for pair in 0..PAIRS {
        let mut speeds = [0.0; 2];
        for turn in 0..2 {
            let sampled = (pair + turn) % 2 == 0;
            speeds[usize::from(sampled)] = speed(sampled)?;
        }
        logs.push((speeds[1] / speeds[0]).ln());
    }
    let (mean, half) = interval(&logs);
    Ok((-100.0 * mean.exp_m1(), 100.0 * half))
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
    use protocol::random::SplitMix;

    #[test]
    fn an_interval_is_students() {
        // Mean 4.5, standard deviation sqrt(6) = 2.449490, over sqrt(8).
        let (mean, half) = interval(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!((mean - 4.5).abs() < 1e-12 && (half - 2.047_825).abs() < 1e-5, "{half}");
    }

    #[test]
    fn a_loss_is_found_beside_a_drift_and_noise() {
        let mut random = SplitMix::new(1);
        for (loss, drift) in [(0.0, 0.0), (0.03, 0.0), (0.03, 0.02), (0.5, -0.02)] {
            let mut runs = 0.0;
            let (found, half) = loss_pct(|sampled| {
                runs += 1.0;
                let noise = 0.004 * (random.unit() - 0.5);
                Ok(100.0 * (1.0 + drift * runs) * (1.0 + noise) * if sampled { 1.0 - loss } else { 1.0 })
            })
            .unwrap();
            assert!((found - 100.0 * loss).abs() < 0.5, "{found} +- {half} instead of {loss} with drift {drift}");
            assert!((found - 100.0 * loss).abs() <= half.max(0.3) && half < 3.0, "{found} +- {half}");
        }
    }
}
