//! A GGUF file, a folder in Hugging Face's layout, or a user's own ONNX graph in one.

use super::hash::{same_hash, sha256_of};
use crate::models::found;
use anyhow::{Result, bail};
use protocol::{Files, Model};
use schemas::config::Fault;
use std::path::{Path, PathBuf};

pub fn find(path: &Path, onnx: Option<&Path>, sha256: Option<&str>) -> Result<Model> {
    let model = if path.is_dir() {
        folder(path, onnx)?
    } else if !path.is_file() {
        let what = "no such model, a GGUF file or a folder is needed";
        return Err(Fault::new("model.path", what, path.display()).into());
    } else if onnx.is_some() {
        bail!("{}: onnx needs a folder, {} is a file, give the folder", path.display(), path.display());
    } else {
        found::from_gguf(path.to_path_buf(), sha256_of(&[path.to_path_buf()])?)?
    };
    if let Some(wanted) = sha256 {
        same_hash(path, &model.sha256, wanted, "restore the file")?;
    }
    Ok(model)
}

/// A folder with config.json; its weights are all *.safetensors in it, or the ONNX graph that was named.
pub fn folder(path: &Path, onnx: Option<&Path>) -> Result<Model> {
    if let Some(graph) = onnx {
        let graph = path.join(graph);
        if !graph.is_file() {
            return Err(Fault::new("model.onnx", "no such graph in model.path", graph.display()).into());
        }
        let mut files = vec![graph.clone()];
        files.extend(with_ending(path, ".onnx_data").into_iter().chain(with_ending(path, ".onnx.data")));
        return found::in_folder(path, Files::Onnx { path: path.into(), graph }, sha256_of(&files)?);
    }
    let weights = with_ending(path, ".safetensors");
    if weights.is_empty() {
        bail!("{}: no weights, a *.safetensors file is needed, or name a graph with onnx", path.display());
    }
    let sha256 = sha256_of(&weights)?;
    found::in_folder(path, Files::Folder { path: path.into(), weights }, sha256)
}

fn with_ending(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().ends_with(ending)))
        .collect();
    found.sort();
    found
}
