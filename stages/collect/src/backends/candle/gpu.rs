//! candle on an NVIDIA GPU, weights in f32. It links the CUDA libraries, so it is a binary of its own (`make cuda`).

use super::cpu;
use crate::backends::{Backend, Kind, Load, Process, Subject, Surroundings};
use anyhow::Result;

pub fn backend() -> Backend {
    Backend {
        name: "candle-gpu".into(),
        about: "candle (Rust), f32, CUDA",
        kind: Kind::Gpu,
        process: Process::Cuda(load),
        available: |here| {
            Surroundings::needs(&Surroundings::cuda_worker(), "make cuda")?;
            here.gpu()
        },
        ..cpu::backend()
    }
}

#[cfg(feature = "cuda")]
fn load(load: &Load) -> Result<Box<dyn Subject>> {
    let device = candle_core::Device::new_cuda(0)?;
    let name = nvml_wrapper::Nvml::init().and_then(|nvml| nvml.device_by_index(0)?.name());
    super::dense(load, device, name.unwrap_or_else(|_| "cuda:0".into()))
}

#[cfg(not(feature = "cuda"))]
fn load(_: &Load) -> Result<Box<dyn Subject>> {
    anyhow::bail!("this binary was built without CUDA, run `make cuda`")
}
