//! Hierarchical bootstrap: runs lie within blocks (scenarios), so what is drawn again is runs within blocks, and blocks where
//! they are a sample of more (Davison, Hinkley 1997, Bootstrap Methods, section 3.8; Saravanan, Berman, Sober 2020,
//! doi:10.51628/001c.13895).
//!
//! A resample within a block has (n - 1) / n of its variance; draws are widened about the block's mean by sqrt(n / (n - 1)) so
//! that the standard error is right for few runs (Davison, Hinkley 1997, section 2.3, problem 2.2). Percentile intervals.

use super::{
    Estimate,
    bootstrap::{Settings, quantiles},
    generator::Generator,
    mean::mean,
    unfit::{Fit, Unfit, at_least, same_length, values},
};
use rayon::prelude::*;

/// What an interval speaks of: these scenarios, or any like them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    Fixed,
    Drawn,
}

/// The mean of block means. Every block has at least two values; drawn blocks are at least two.
pub fn hierarchical_mean(data: &[Vec<f64>], blocks: Blocks, settings: Settings) -> Fit<Estimate> {
    let prepared = prepare(data)?;
    interval(data.len(), data.iter().map(Vec::len).sum(), blocks, settings, |b, draw| prepared[b].mean(draw))
}

/// The mean over blocks of b minus a, both of which ran every block; on logs, the log of their ratio.
pub fn hierarchical_difference(a: &[Vec<f64>], b: &[Vec<f64>], blocks: Blocks, settings: Settings) -> Fit<Estimate> {
    let lengths = |x: &[Vec<f64>]| x.iter().map(|v| v.len() as f64).collect::<Vec<_>>();
    same_length(&lengths(a), &lengths(b))?;
    let (first, second) = (prepare(a)?, prepare(b)?);
    let n = a.iter().chain(b).map(Vec::len).sum();
    interval(a.len(), n, blocks, settings, |block, mut draw| {
        let low = first[block].mean(draw.as_deref_mut());
        second[block].mean(draw) - low
    })
}

/// A block's values, widened about their mean, in ascending order.
struct Block {
    mean: f64,
    widened: Vec<f64>,
}

impl Block {
    /// Of a resample, or of the values themselves.
    fn mean(&self, draw: Option<&mut Generator>) -> f64 {
        let Some(generator) = draw else { return self.mean };
        let n = self.widened.len();
        (0..n).map(|_| self.widened[generator.below(n)]).sum::<f64>() / n as f64
    }
}

fn prepare(data: &[Vec<f64>]) -> Fit<Vec<Block>> {
    at_least("blocks", 1, data.len())?;
    let block = |x: &Vec<f64>| {
        values(x, 2)?;
        let centre = mean(x).ok_or(Unfit::NotFinite)?;
        let widen = (x.len() as f64 / (x.len() as f64 - 1.0)).sqrt();
        let mut widened: Vec<f64> = x.iter().map(|v| centre + (v - centre) * widen).collect();
        widened.sort_unstable_by(f64::total_cmp);
        Ok(Block { mean: centre, widened })
    };
    data.iter().map(block).collect()
}

/// Resample `i` draws from stream `i`.
fn interval(
    count: usize,
    n: usize,
    blocks: Blocks,
    settings: Settings,
    of_block: impl Fn(usize, Option<&mut Generator>) -> f64 + Sync,
) -> Fit<Estimate> {
    settings.check()?;
    at_least("blocks", if blocks == Blocks::Drawn { 2 } else { 1 }, count)?;
    let resample = |stream: usize| {
        let mut generator = Generator::new(settings.seed, stream as u64);
        let sum: f64 = (0..count)
            .map(|b| {
                let block = if blocks == Blocks::Drawn { generator.below(count) } else { b };
                of_block(block, Some(&mut generator))
            })
            .sum();
        sum / count as f64
    };
    let mut found: Vec<f64> = (0..settings.resamples).into_par_iter().map(resample).collect();
    let estimate = (0..count).map(|b| of_block(b, None)).sum::<f64>() / count as f64;
    let (low, high) = quantiles(&found, (1.0 - settings.level) / 2.0, f64::midpoint(1.0, settings.level));
    // Summed in order of size: the same whatever order selection left.
    found.sort_unstable_by(f64::total_cmp);
    let std_error = super::mean::variance(&found).map(f64::sqrt).filter(|se| *se > 0.0).ok_or(Unfit::NoVariance)?;
    Ok(Estimate {
        estimate,
        std_error: Some(std_error),
        ci_low: Some(low),
        ci_high: Some(high),
        ci_level: settings.level,
        n,
        method: match blocks {
            Blocks::Fixed => "mean of scenarios, bootstrap of runs within these scenarios",
            Blocks::Drawn => "mean of scenarios, bootstrap of scenarios and of runs within them",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { resamples: 20_000, level: 0.95, seed: 3 };

    #[test]
    fn standard_errors_are_known() {
        // Within blocks variances 1 and 4 over 2 values: fixed blocks give sqrt((1 + 4) / 2) / 2 (values 0, sqrt 2; 10, 10 + sqrt 8).
        let data = [vec![0.0, 2f64.sqrt()], vec![10.0, 10.0 + 8f64.sqrt()]];
        let fixed = hierarchical_mean(&data, Blocks::Fixed, SETTINGS).unwrap();
        assert!((fixed.std_error.unwrap() / (2.5f64.sqrt() / 2.0) - 1.0).abs() < 0.02, "{fixed:?}");
        let drawn = hierarchical_mean(&data, Blocks::Drawn, SETTINGS).unwrap();
        assert!(drawn.std_error.unwrap() > 3.0 * fixed.std_error.unwrap());
        let moved: Vec<Vec<f64>> = data.iter().map(|b| b.iter().map(|v| v + 5.0).collect()).collect();
        let difference = hierarchical_difference(&data, &moved, Blocks::Drawn, SETTINGS).unwrap();
        assert!((difference.estimate - 5.0).abs() < 1e-12 && difference.ci_high.unwrap() < 9.0, "{difference:?}");
    }

    #[test]
    fn threads_do_not_matter() {
        let data = [vec![1.0, 2.0, 4.0], vec![3.0, 3.5, 9.0]];
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| hierarchical_mean(&data, Blocks::Drawn, SETTINGS))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn degenerate() {
        let one = Err(Unfit::TooFew { what: "values", needed: 2, got: 1 });
        assert_eq!(hierarchical_mean(&[vec![1.0]], Blocks::Fixed, SETTINGS), one);
        assert!(hierarchical_mean(&[vec![1.0, 2.0]], Blocks::Drawn, SETTINGS).is_err());
        assert_eq!(hierarchical_mean(&[vec![1.0, 1.0]], Blocks::Fixed, SETTINGS), Err(Unfit::NoVariance));
        assert!(hierarchical_difference(&[vec![1.0, 2.0]], &[], Blocks::Fixed, SETTINGS).is_err());
    }
}
