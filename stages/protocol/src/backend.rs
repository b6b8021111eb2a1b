//! Backends: what each name promises, which form of the model it reads, and whose process it is. A new one is a value and a name in
//! [`all`], and its engine in `stages/worker/src/engines`; or a `[[collect.worker]]` in any language.

use crate::model::{Arithmetic, Weighted};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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

impl Form {
    /// Whether it is made of a GGUF file alone.
    pub fn is_in_blocks(self) -> bool {
        matches!(self, Form::Gguf | Form::Onnx(Weighted::Quantized(_)))
    }
}

/// How a backend's process is started.
#[derive(Debug, Clone, PartialEq)]
pub enum Process {
    /// The program `worker` beside `collect`.
    Worker,
    /// `worker` built with the feature `cuda`, beside `collect` as `worker-cuda`.
    Cuda,
    /// `worker`, which becomes the Python that has torch and transformers.
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
}

/// Registered backends, in the order in which they are listed.
pub fn all() -> impl Iterator<Item = Backend> {
    let onnxruntime_cpu = Backend {
        name: "onnxruntime-cpu".into(),
        about: "ONNX Runtime (C++), f32, CPU provider",
        kind: Kind::Cpu,
        promise: Promise::Exactly("f32".into()),
        provider: Some("CPUExecutionProvider"),
        compiled: false,
        form: Form::Onnx(Weighted::Float),
        process: Process::Worker,
    };
    // Matrices in the GGUF file's blocks, multiplied exactly.
    let onnxruntime_cpu_q4 = Backend {
        name: "onnxruntime-cpu-q4".into(),
        about: "ONNX Runtime, GGUF blocks of 4 bits as they are, exact arithmetic",
        promise: Promise::Blocks,
        form: Form::Onnx(Weighted::Quantized(Arithmetic::Float)),
        ..onnxruntime_cpu.clone()
    };
    // Activations rounded to eight bits: faster, and another computation than the exact one, which its name says in every row.
    let onnxruntime_cpu_q4_int8 = Backend {
        name: "onnxruntime-cpu-q4-int8".into(),
        about: "ONNX Runtime, GGUF blocks of 4 bits, activations rounded to 8 bits",
        promise: Promise::BlocksRounded,
        form: Form::Onnx(Weighted::Quantized(Arithmetic::Int8)),
        ..onnxruntime_cpu.clone()
    };
    let onnxruntime_gpu = Backend {
        name: "onnxruntime-gpu".into(),
        about: "ONNX Runtime (C++), f32, CUDA provider, or none",
        kind: Kind::Gpu,
        provider: Some("CUDAExecutionProvider"),
        ..onnxruntime_cpu.clone()
    };
    let candle_cpu = Backend {
        name: "candle-cpu".into(),
        about: "candle (Rust), f32, CPU",
        provider: None,
        form: Form::Files,
        ..onnxruntime_cpu.clone()
    };
    let candle_cpu_q4 = Backend {
        name: "candle-cpu-q4".into(),
        about: "candle (Rust), GGUF blocks as they are, activations rounded to 8 bits",
        promise: Promise::BlocksRounded,
        form: Form::Gguf,
        ..candle_cpu.clone()
    };
    // It links the CUDA libraries, so it is a program of its own (`make cuda`).
    let candle_gpu = Backend {
        name: "candle-gpu".into(),
        about: "candle (Rust), f32, CUDA",
        kind: Kind::Gpu,
        process: Process::Cuda,
        ..candle_cpu.clone()
    };
    // Hugging Face Transformers on PyTorch: a Python worker in an environment of its own (`make transformers`).
    let transformers_cpu = Backend {
        name: "transformers-cpu".into(),
        about: "Transformers on PyTorch, f32, CPU, eager",
        form: Form::Folder,
        process: Process::Transformers,
        ..candle_cpu.clone()
    };
    let transformers_cpu_compile = Backend {
        name: "transformers-cpu-compile".into(),
        about: "Transformers on PyTorch, f32, CPU, torch.compile",
        compiled: true,
        ..transformers_cpu.clone()
    };
    let transformers_gpu = Backend {
        name: "transformers-gpu".into(),
        about: "Transformers on PyTorch, f32, CUDA, eager",
        kind: Kind::Gpu,
        ..transformers_cpu.clone()
    };
    let transformers_gpu_compile = Backend {
        name: "transformers-gpu-compile".into(),
        about: "Transformers on PyTorch, f32, CUDA, torch.compile",
        compiled: true,
        ..transformers_gpu.clone()
    };
    let openai_http = Backend {
        name: "openai-http".into(),
        about: "an OpenAI-compatible streaming server",
        promise: Promise::Unknown,
        form: Form::Served,
        ..candle_cpu.clone()
    };
    [
        onnxruntime_cpu,
        onnxruntime_cpu_q4,
        onnxruntime_cpu_q4_int8,
        onnxruntime_gpu,
        candle_cpu,
        candle_cpu_q4,
        candle_gpu,
        transformers_cpu,
        transformers_cpu_compile,
        transformers_gpu,
        transformers_gpu_compile,
        openai_http,
    ]
    .into_iter()
}
