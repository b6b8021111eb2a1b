//! A decoder of `models` as an engine.

use crate::{
    engine::{Engine, Step, Subject},
    generate::Generating,
    models::{
        decoder::{Cache, Decoder},
        family::Family,
        gpt2::Gpt2Model,
        llama::LlamaModel,
        weights::Weights,
    },
    process,
};
use anyhow::Result;
use candle_core::{Device, Tensor};
use protocol::{Attestation, Load};
use std::time::Instant;

/// Version of candle-core in this build; a test compares it with Cargo.lock.
pub const VERSION: &str = "0.11.1";

struct Candle {
    decoder: Box<dyn Decoder>,
    cache: Cache,
    attestation: Attestation,
}

/// A decoder under the generation loop; `dtype` is what its weights are held in.
pub(super) fn subject(
    started: Instant,
    decoder: Box<dyn Decoder>,
    dtype: String,
    device: &Device,
    name: String,
) -> Box<dyn Subject> {
    let attestation = Attestation {
        provider: format!("candle {}", if device.is_cuda() { "cuda" } else { "cpu" }),
        device: name,
        dtype,
        graph: "eager".into(),
        io_binding: device.is_cuda(),
        library: format!("candle-core {VERSION}"),
        blas: Some(if device.is_cuda() { "cuBLAS" } else { "gemm" }.into()),
        threads: Some(candle_core::utils::get_num_threads()),
        load_ms: Some(started.elapsed().as_secs_f64() * 1e3),
        memory_mb: process::memory_mb(),
        ..Attestation::default()
    };
    Box::new(Generating::new(Box::new(Candle { decoder, cache: Cache::new(), attestation })))
}

impl Engine for Candle {
    fn attest(&self) -> Attestation {
        self.attestation.clone()
    }

    fn clear(&mut self) {
        self.cache.clear();
    }

    fn cache_bytes(&self) -> usize {
        let bytes = |t: &Tensor| t.elem_count() * t.dtype().size_in_bytes();
        self.cache.iter().map(|(k, v)| bytes(k) + bytes(v)).sum()
    }

    /// Logits come to the host, so that on a GPU the step is done when this returns.
    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
        let (decoder, cache) = (&self.decoder, step.keep.then_some(&mut self.cache));
        let forward = || decoder.forward(step.batch, step.past, cache, step.last);
        // On a thread of the pool that products run in, which else would have to be woken for each. A GPU's context is this thread's.
        let logits = if self.attestation.device == "cpu" { rayon::join(forward, || ()).0? } else { forward()? };
        let (rows, positions, vocabulary) = logits.dims3()?;
        see(&logits.flatten_all()?.to_vec1::<f32>()?, [rows, positions, vocabulary]);
        Ok(())
    }
}

/// Loads all weights in f32.
pub(super) fn dense(load: &Load, device: Device, name: String) -> Result<Box<dyn Subject>> {
    let started = Instant::now();
    let weights = Weights::load(&load.model)?;
    let decoder: Box<dyn Decoder> = match &weights.family {
        Family::Llama(shape) => Box::new(LlamaModel::dense(shape.clone(), &weights, device.clone())?),
        Family::Gpt2(shape) => Box::new(Gpt2Model::new(shape.clone(), &weights, device.clone())?),
    };
    Ok(subject(started, decoder, "f32".into(), &device, name))
}
