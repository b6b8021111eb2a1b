//! Inference engines. A new one is a file here and a line in [`ALL`].

mod candle_cpu;
mod onnxruntime_cpu;

use crate::models::batch::Batch;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a worker needs to load an engine.
#[derive(Debug, Clone)]
pub struct Load {
    pub gguf: PathBuf,
    pub onnx: Option<PathBuf>,
    pub onnxruntime: Option<PathBuf>,
    pub threads: usize,
}

/// What actually runs, as the engine itself reports it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Attestation {
    pub device: String,
    /// Number format of the weights in memory.
    pub dtype: String,
    pub provider: String,
    /// Library and version.
    pub library: String,
    pub library_sha256: Option<String>,
    pub threads: usize,
}

/// One forward pass over columns `past..` of a batch.
pub struct Step<'a> {
    pub batch: &'a Batch,
    pub past: usize,
    /// Keep keys and values, and use those kept for the columns before `past`.
    pub keep: bool,
    /// Logits of the last position alone, or of all.
    pub last: bool,
}

/// An engine with a model loaded.
pub trait Engine {
    fn attest(&self) -> Attestation;
    /// Forgets kept keys and values.
    fn clear(&mut self);
    /// Bytes of keys and values held.
    fn cache_bytes(&self) -> usize;
    /// Runs a step; `see` gets the logits `[batch, positions, vocabulary]`, row-major.
    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()>;
}

/// A registered backend.
pub struct Backend {
    pub name: &'static str,
    pub about: &'static str,
    /// Whether it runs the ONNX form of the model.
    pub needs_onnx: bool,
    pub load: fn(&Load) -> Result<Box<dyn Engine>>,
}

pub const ALL: &[Backend] = &[onnxruntime_cpu::BACKEND, candle_cpu::BACKEND];

pub fn find(name: &str) -> Result<&'static Backend> {
    ALL.iter().find(|b| b.name == name).ok_or_else(|| {
        let known = ALL.iter().map(|b| b.name).collect::<Vec<_>>().join(", ");
        anyhow::anyhow!("unknown backend, \"{name}\", use one of: {known}")
    })
}
