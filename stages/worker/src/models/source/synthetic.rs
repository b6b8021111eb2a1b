//! Seeded random weights in a known architecture, written once into the cache in Hugging Face's layout, so that every
//! engine reads the same bytes. Dense arithmetic does not look at values: speed and energy are those of trained weights.

use super::path;
use crate::models::{
    family::{Family, Gpt2, Llama},
    folder,
    weights::Weights,
};
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use protocol::{Architecture, Model, random::SplitMix};
use std::{collections::BTreeMap, path::Path};

/// Standard deviation of the weights, as GPT-2 was initialised.
const DEVIATION: f64 = 0.02;

fn family(architecture: Architecture) -> Family {
    match architecture {
        Architecture::Gpt2Small => Family::Gpt2(Gpt2 {
            hidden: 768,
            inner: 3072,
            vocabulary: 50257,
            layers: 12,
            heads: 12,
            epsilon: 1e-5,
            positions: 1024,
        }),
        Architecture::Gpt2Tiny => Family::Gpt2(Gpt2 {
            hidden: 64,
            inner: 256,
            vocabulary: 512,
            layers: 2,
            heads: 4,
            epsilon: 1e-5,
            positions: 128,
        }),
        Architecture::LlamaTiny => Family::Llama(Llama {
            hidden: 64,
            intermediate: 160,
            vocabulary: 512,
            layers: 2,
            heads: 4,
            kv_heads: 2,
            rms_epsilon: 1e-5,
            rope_theta: 10_000.0,
            positions: 128,
            tied: true,
        }),
    }
}

/// The folder `synthetic-ARCHITECTURE-SEED-v1` of the cache, made unless it is there.
pub fn find(architecture: Architecture, seed: u64, cache: &Path) -> Result<Model> {
    let family = family(architecture);
    let at = cache.join(format!("synthetic-{}-{seed}-v1", architecture.name()));
    if !at.is_dir() {
        let mut random = Normal::new(seed);
        let mut tensors = BTreeMap::new();
        for (name, dims) in family.tensors() {
            let count = dims.iter().product();
            let values: Vec<f32> = match &name {
                n if n.ends_with("bias") => vec![0.0; count],
                n if n.contains("norm") || n.contains("ln_") => vec![1.0; count],
                _ => (0..count).map(|_| (random.next() * DEVIATION) as f32).collect(),
            };
            tensors.insert(name, Tensor::from_vec(values, dims, &Device::Cpu)?);
        }
        folder::write(&Weights { family, tensors }, &at)
            .with_context(|| format!("{}: cannot write synthetic weights", at.display()))?;
    }
    path::folder(&at, None)
}

/// Normally distributed numbers: SplitMix64 through Box and Muller (1958, doi:10.1214/aoms/1177706645).
struct Normal {
    random: SplitMix,
    spare: Option<f64>,
}

impl Normal {
    fn new(seed: u64) -> Self {
        Normal { random: SplitMix::new(seed), spare: None }
    }

    fn next(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.random.unit()).ln()).sqrt();
        let angle = 2.0 * std::f64::consts::PI * self.random.unit();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_nought_and_deviation_one() {
        let mut random = Normal::new(1);
        let sample: Vec<f64> = (0..20_000).map(|_| random.next()).collect();
        let mean = sample.iter().sum::<f64>() / sample.len() as f64;
        let deviation = (sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / sample.len() as f64).sqrt();
        assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.02, "{mean} {deviation}");
    }

    #[test]
    fn gpt2_small_has_the_published_number_of_parameters() {
        let count: usize =
            family(Architecture::Gpt2Small).tensors().iter().map(|(_, d)| d.iter().product::<usize>()).sum();
        assert_eq!(count, 124_439_808);
    }
}
