//! Models in Hugging Face's layout: written for engines that read nothing else.

use super::{disk::whole, weights::Weights};
use anyhow::{Context, Result, bail};
use protocol::{Files, Model};
use std::{
    fs,
    path::{Path, PathBuf},
};

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
        let tensors: std::collections::HashMap<_, _> = weights.tensors.clone().into_iter().collect();
        Ok(candle_core::safetensors::save(&tensors, beside.join("model.safetensors"))?)
    })
}
