//! Inference engines. A new one is a file here and a line in [`ALL`], or a `[[collect.worker]]` in any language.

mod candle;
mod onnxruntime;
mod openai_http;
mod surroundings;
mod transformers;

pub use onnxruntime::find_library;
pub use surroundings::Surroundings;

use crate::{
    config::{Config, Http, Mode, ModeConfig},
    models::{Model, batch::Batch, onnx::Weighted},
    protocol::RunRequest,
};
use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a worker needs to load an engine; the first request of the protocol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    pub backend: String,
    pub threads: usize,
    pub cpus: Vec<usize>,
    pub model: Model,
    /// The model in Hugging Face's layout.
    pub folder: Option<PathBuf>,
    pub onnx: Option<PathBuf>,
    /// ONNX Runtime's shared library.
    pub onnxruntime: Option<PathBuf>,
    pub http: Option<Http>,
    pub scratch: PathBuf,
}

/// What actually runs, as the engine itself reports it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Attestation {
    /// `cpu`, or the GPU's product name.
    pub device: String,
    /// Number format of the weights in memory.
    pub dtype: String,
    pub provider: String,
    /// Nodes that were executed, by provider and operator: `CPUExecutionProvider: 211 MatMul`.
    pub nodes: Vec<String>,
    /// Form of the model that is executed.
    pub graph: String,
    pub io_binding: bool,
    /// Library and version.
    pub library: String,
    pub library_sha256: Option<String>,
    pub blas: Option<String>,
    pub threads: Option<usize>,
    /// Logical processors that the process may use, if it was told to stay on some.
    pub cpus: Vec<usize>,
    pub load_ms: Option<f64>,
    /// Resident memory after loading, MiB.
    pub memory_mb: Option<f64>,
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

/// An engine with a model loaded, one forward pass at a time.
pub trait Engine {
    fn attest(&self) -> Attestation;
    /// Forgets kept keys and values.
    fn clear(&mut self);
    /// Bytes of keys and values held.
    fn cache_bytes(&self) -> usize;
    /// Runs a step; `see` gets the logits `[batch, positions, vocabulary]`, row-major.
    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()>;
    /// Whether it can leave out the logits of all positions but the last.
    fn last_alone(&self) -> bool {
        true
    }
    /// Whether it can keep keys and values between steps.
    fn can_keep(&self) -> bool {
        true
    }
}

/// What one iteration of a run did.
#[derive(Debug, Default)]
pub struct Iteration {
    /// Time of each step; empty for prefill.
    pub step_ns: Vec<u64>,
    /// Time to the first token, where it is not the first step's.
    pub ttft_ns: Option<u64>,
    pub tokens_in: usize,
    pub prompt_tokens: Option<usize>,
    pub tokens_generated: usize,
    /// Keys and values held after the first and the last step.
    pub cache_bytes: Option<[usize; 2]>,
}

/// What a worker serves: an engine under the generation loop, or something that generates by itself.
pub trait Subject {
    fn attest(&self) -> Attestation;
    /// Logits of all positions, `[batch, seq, vocabulary]`.
    fn logits(&mut self, batch: &Batch, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()>;
    /// Greedy tokens `[step][row]`, with a cache where there can be one.
    fn greedy(&mut self, batch: &Batch, new_tokens: usize) -> Result<Vec<Vec<u32>>>;
    /// One iteration of a run.
    fn iterate(&mut self, run: &RunRequest) -> Result<Iteration>;
    fn last_alone(&self) -> bool;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Cpu,
    Gpu,
}

/// Number format that a backend's name promises.
#[derive(Debug, Clone, PartialEq)]
pub enum Promise {
    /// This format, all through.
    Exactly(String),
    /// Blocks of fewer bits, multiplied exactly.
    Blocks,
    /// Blocks of fewer bits, and activations rounded as well.
    BlocksRounded,
    /// Whatever the server holds.
    Unknown,
}

impl Promise {
    /// Whether logits are those of the f32 model up to rounding of f32.
    pub fn exact(&self) -> bool {
        matches!(self, Promise::Exactly(format) if format == "f32") || *self == Promise::Blocks
    }
}

/// Form of the model that a backend reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Onnx(Weighted),
    /// The files of the source.
    Files,
    /// A GGUF file, weights as they are.
    Gguf,
    /// Hugging Face's layout.
    Folder,
    /// None: a server has it.
    Served,
}

type LoadEngine = fn(&Load) -> Result<Box<dyn Subject>>;

/// How a backend's process is started.
#[derive(Debug, Clone)]
pub enum Process {
    /// This binary.
    Own(LoadEngine),
    /// This program built with the feature `cuda`, beside this binary.
    Cuda(LoadEngine),
    /// The worker for Transformers, in its own Python.
    Transformers,
    /// A command of `[[collect.worker]]`.
    Command(Vec<PathBuf>),
}

/// A backend: what it promises, and how it is started.
#[derive(Debug, Clone)]
pub struct Backend {
    pub name: String,
    pub about: &'static str,
    pub kind: Kind,
    pub promise: Promise,
    /// Execution provider of ONNX Runtime that must execute the model.
    pub provider: Option<&'static str>,
    pub compiled: bool,
    pub form: Form,
    pub process: Process,
    /// What it needs on this machine, or why it cannot run.
    pub available: fn(&Surroundings) -> Result<String, String>,
}

/// Registered backends, in the order in which they are listed.
pub const ALL: &[fn() -> Backend] = &[
    onnxruntime::cpu::backend,
    onnxruntime::cpu_q4::backend,
    onnxruntime::cpu_q4_int8::backend,
    onnxruntime::gpu::backend,
    candle::cpu::backend,
    candle::cpu_q4::backend,
    candle::gpu::backend,
    transformers::cpu,
    transformers::cpu_compile,
    transformers::gpu,
    transformers::gpu_compile,
    openai_http::backend,
];

pub fn all() -> impl Iterator<Item = Backend> {
    ALL.iter().map(|backend| backend())
}

/// A registered backend, for a worker that was started as it.
pub fn registered(name: &str) -> Result<Backend> {
    find(name, &[])
}

/// The backend of that name: one's own worker, or a registered one.
pub fn find(name: &str, workers: &[crate::config::Worker]) -> Result<Backend> {
    if let Some(worker) = workers.iter().find(|w| w.backend == name) {
        return Ok(Backend {
            name: name.into(),
            about: "a worker of one's own",
            kind: worker.device,
            promise: Promise::Exactly(worker.dtype.clone()),
            provider: None,
            compiled: false,
            form: Form::Folder,
            process: Process::Command(worker.command.clone()),
            available: |_| Ok("its command is tried".into()),
        });
    }
    all().find(|b| b.name == name).ok_or_else(|| {
        let own = workers.iter().map(|w| w.backend.clone());
        let known = all().map(|b| b.name).chain(own).collect::<Vec<_>>().join(", ");
        anyhow!("unknown backend, \"{name}\", use one of: {known}")
    })
}

/// All backends that a configuration asks for.
pub fn asked(config: &Config) -> Result<Vec<Backend>> {
    config.backends.iter().map(|name| find(name, &config.worker)).collect()
}

impl Backend {
    /// Why a mode cannot be asked of it.
    pub fn cannot(&self, mode: ModeConfig) -> Option<&'static str> {
        let uncached = mode.mode == Mode::Generate && !mode.kv_cache;
        (self.form == Form::Served && uncached)
            .then_some("a server keeps its cache, kv_cache = false cannot be asked of it")
    }
}
