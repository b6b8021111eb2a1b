//! candle on the CPU, weights as the GGUF file has them. Activations are rounded to eight bits by its kernels; the one for Q4_1
//! is scalar in candle 0.11, so such files run slower than in f32.

use super::decoding::subject;
use crate::{
    engine::Subject,
    models::{family::Family, gguf, llama::LlamaModel},
};
use anyhow::{Result, bail};
use candle_core::Device;
use protocol::{Files, Load};
use std::time::Instant;

pub fn load(load: &Load) -> Result<Box<dyn Subject>> {
    let started = Instant::now();
    let Files::Gguf(path) = &load.model.files else {
        bail!("{}: weights in blocks need a GGUF model", load.model.path().display())
    };
    let (family, tensors) = gguf::Gguf::open(path)?.quantized()?;
    let Family::Llama(shape) = family else { bail!("{}: not of the llama family", path.display()) };
    let dtype = gguf::formats(tensors.values());
    let decoder = LlamaModel::quantized(shape, tensors, Device::Cpu)?;
    Ok(subject(started, Box::new(decoder), dtype, &Device::Cpu, "cpu".into()))
}
