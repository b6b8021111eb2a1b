//! Models in Hugging Face's layout: written for engines that read nothing else.

use super::{Files, Model, weights::Weights};
use anyhow::{Context, Result, bail};
use schemas::partial;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("{}: cannot read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}: not JSON", path.display()))
}

/// The model as a folder of f32 weights: its own, or one dequantised into `cache` unless it is there already.
pub fn cached(model: &Model, cache: &Path) -> Result<PathBuf> {
    match &model.files {
        Files::Folder { path, .. } => Ok(path.clone()),
        Files::Onnx { graph, .. } => bail!("{}: an ONNX graph has no weights for this backend", graph.display()),
        Files::Served => bail!("the model is only served, its weights are not here, use openai-http"),
        Files::Gguf(_) => {
            let at = cache.join(format!("{}-hf-v1", &model.sha256[..16.min(model.sha256.len())]));
            if !at.is_dir() {
                write(&Weights::load(model)?, &at).with_context(|| format!("{}: cannot write", at.display()))?;
            }
            Ok(at)
        }
    }
}

/// Writes config.json and model.safetensors; the folder appears whole or not at all.
pub fn write(weights: &Weights, at: &Path) -> Result<()> {
    whole(at, |beside| {
        let config = serde_json::to_string_pretty(&weights.family.config())?;
        fs::write(beside.join("config.json"), config + "\n")?;
        let tensors: std::collections::HashMap<_, _> = weights.all().clone().into_iter().collect();
        Ok(candle_core::safetensors::save(&tensors, beside.join("model.safetensors"))?)
    })
}

/// A folder that appears whole or not at all: `fill` writes into a new one beside it.
pub fn whole(at: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let beside = partial::Folder::beside(at, ".partial")?;
    fill(beside.path())?;
    partial::sync(beside.path())?;
    put(beside.path(), at)
}

/// Renames a finished folder to its place; another process that was there first has written the same.
pub fn put(finished: &Path, at: &Path) -> Result<()> {
    match fs::rename(finished, at) {
        Err(_) if at.is_dir() => Ok(()),
        renamed => Ok(renamed?),
    }
}
