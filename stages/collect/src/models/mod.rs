//! The model: where it comes from, its shape and weights, its tokenizer, and its forms for each engine.

pub mod batch;
pub mod decoder;
pub mod family;
pub mod folder;
pub mod gguf;
pub mod gpt2;
pub mod linear;
pub mod llama;
pub mod onnx;
pub mod source;
pub mod tokenizer;
pub mod weights;

use anyhow::{Context, Result};
use schemas::provenance::sha256_file;
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
    pub fn served() -> Self {
        Model {
            files: Files::Served,
            sha256: String::new(),
            tokenizer: None,
            tokenizer_sha256: None,
            stop_tokens: Vec::new(),
            vocabulary: 1,
            positions: usize::MAX >> 1,
        }
    }

    pub fn from_gguf(path: PathBuf, sha256: String) -> Result<Self> {
        let gguf = gguf::Gguf::open(&path)?;
        let family = gguf.family()?;
        let (vocabulary, positions) = (family.vocabulary(), family.positions());
        Ok(Model {
            stop_tokens: gguf.stop_tokens(),
            vocabulary,
            positions,
            tokenizer: Some(path.clone()),
            tokenizer_sha256: Some(sha256.clone()),
            sha256,
            files: Files::Gguf(path),
        })
    }

    pub fn from_folder(path: &Path, weights: Vec<PathBuf>, sha256: String) -> Result<Self> {
        let files = Files::Folder { path: path.into(), weights };
        Self::in_folder(path, files, sha256)
    }

    pub fn from_onnx(path: &Path, graph: PathBuf, sha256: String) -> Result<Self> {
        Self::in_folder(path, Files::Onnx { path: path.into(), graph }, sha256)
    }

    fn in_folder(path: &Path, files: Files, sha256: String) -> Result<Self> {
        let config = folder::read_json(&path.join("config.json"))?;
        let family =
            family::Family::from_config(&config).with_context(|| path.join("config.json").display().to_string())?;
        let tokenizer = Some(path.join("tokenizer.json")).filter(|p| p.is_file());
        let tokenizer_sha256 = tokenizer.as_deref().map(sha256_file).transpose()?;
        let generation = folder::read_json(&path.join("generation_config.json")).unwrap_or_default();
        let stop = [&generation["eos_token_id"], &config["eos_token_id"]].into_iter().find(|v| !v.is_null());
        let numbers = |v: &serde_json::Value| match v.as_array() {
            Some(list) => list.iter().filter_map(serde_json::Value::as_u64).map(|id| id as u32).collect(),
            None => v.as_u64().map(|id| id as u32).into_iter().collect(),
        };
        Ok(Model {
            stop_tokens: stop.map(numbers).unwrap_or_default(),
            vocabulary: family.vocabulary(),
            positions: family.positions(),
            tokenizer,
            tokenizer_sha256,
            sha256,
            files,
        })
    }

    /// Where the model is, for messages.
    pub fn path(&self) -> &Path {
        match &self.files {
            Files::Gguf(path) | Files::Folder { path, .. } | Files::Onnx { path, .. } => path,
            Files::Served => Path::new("served"),
        }
    }
}
