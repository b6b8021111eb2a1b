//! Files that were found, as a [`Model`]: what they say of shape, tokenizer and the end of a sequence.

use super::{disk::read_json, family::Family, gguf::Gguf};
use anyhow::{Context, Result};
use protocol::{Files, Model};
use schemas::provenance::sha256_file;
use std::path::{Path, PathBuf};

pub fn served() -> Model {
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

pub fn from_gguf(path: PathBuf, sha256: String) -> Result<Model> {
    let gguf = Gguf::open(&path)?;
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

/// Files that lie in a folder with config.json.
pub fn in_folder(path: &Path, files: Files, sha256: String) -> Result<Model> {
    let config = read_json(&path.join("config.json"))?;
    let family = Family::from_config(&config).with_context(|| path.join("config.json").display().to_string())?;
    let tokenizer = Some(path.join("tokenizer.json")).filter(|p| p.is_file());
    let tokenizer_sha256 = tokenizer.as_deref().map(sha256_file).transpose()?;
    let generation = read_json(&path.join("generation_config.json")).unwrap_or_default();
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
