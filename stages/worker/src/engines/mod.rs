//! Inference engines. A new one is a file here and its line in [`ALL`]; `protocol::backend` says what its name promises.

mod candle;
mod nvidia;
mod onnxruntime;
pub mod openai_http;

use crate::engine::Subject;
use anyhow::{Result, anyhow};
use protocol::Load;

type LoadEngine = fn(&Load) -> Result<Box<dyn Subject>>;

/// What loads each backend that is not a program of others.
const ALL: &[(&str, LoadEngine)] = &[
    ("onnxruntime-cpu", onnxruntime::cpu::load),
    ("onnxruntime-cpu-q4", onnxruntime::cpu::load),
    ("onnxruntime-cpu-q4-int8", onnxruntime::cpu::load),
    ("onnxruntime-gpu", onnxruntime::gpu::load),
    ("candle-cpu", candle::cpu::load),
    ("candle-cpu-q4", candle::cpu_q4::load),
    ("candle-gpu", candle::gpu::load),
    ("openai-http", openai_http::load),
];

/// Loads the engine of a backend.
pub fn load(request: &Load) -> Result<Box<dyn Subject>> {
    let engine = ALL.iter().find(|(name, _)| *name == request.backend);
    let (_, load) = engine.ok_or_else(|| anyhow!("{}: not a backend of this binary", request.backend))?;
    load(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::backend::{self, Process};

    #[test]
    fn every_registered_backend_has_its_engine() {
        let ours = backend::all().filter(|b| matches!(b.process, Process::Worker | Process::Cuda));
        assert_eq!(ours.map(|b| b.name).collect::<Vec<_>>(), ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
