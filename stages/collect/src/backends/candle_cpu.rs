//! candle on the CPU, weights dequantised to f32.

use super::{Attestation, Backend, Engine, Load, Step};
use crate::models::{llama::Llama, weights::Weights};
use anyhow::Result;
use candle_core::Device;

pub const BACKEND: Backend = Backend {
    name: "candle-cpu",
    about: "candle (Rust), f32, CPU",
    needs_onnx: false,
    load: |load| Ok(Box::new(Candle::load(load)?)),
};

/// Version of candle-core in this build; a test compares it with Cargo.lock.
pub const VERSION: &str = "0.11.1";

struct Candle {
    llama: Llama,
    threads: usize,
}

impl Candle {
    fn load(load: &Load) -> Result<Self> {
        let llama = Llama::new(Weights::from_gguf(&load.gguf)?, Device::Cpu)?;
        Ok(Candle { llama, threads: candle_core::utils::get_num_threads() })
    }
}

impl Engine for Candle {
    fn attest(&self) -> Attestation {
        Attestation {
            device: "cpu".into(),
            dtype: "f32".into(),
            provider: "candle cpu".into(),
            library: format!("candle-core {VERSION}"),
            library_sha256: None,
            threads: self.threads,
        }
    }

    fn clear(&mut self) {
        self.llama.clear();
    }

    fn cache_bytes(&self) -> usize {
        self.llama.cache_bytes()
    }

    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
        let logits = self.llama.forward(step.batch, step.past, step.keep, step.last)?;
        let (rows, positions, vocabulary) = logits.dims3()?;
        see(&logits.flatten_all()?.to_vec1::<f32>()?, [rows, positions, vocabulary]);
        Ok(())
    }
}
