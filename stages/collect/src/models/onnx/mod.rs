//! ONNX models written by us, so that no exporter and no network is needed.

mod builder;
mod llama;
mod proto;

use crate::models::weights::Weights;
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// Raised whenever the bytes of a written graph change; part of the cache's folder name.
const BUILDER_VERSION: u32 = 1;

/// The ONNX form of a GGUF model, built into `cache` unless it is there already: a graph of standard operators (opset 23)
/// with past keys and values as inputs, weights in one external-data file beside it.
pub fn cached(gguf: &Path, sha256: &str, cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(format!("{}-onnx-v{BUILDER_VERSION}", &sha256[..16.min(sha256.len())]));
    let graph = folder.join("model.onnx");
    if graph.is_file() {
        return Ok(graph);
    }
    let beside = cache.join(format!(".{}-onnx.partial", std::process::id()));
    let building = || -> Result<()> {
        fs::create_dir_all(&beside)?;
        llama::write(&Weights::from_gguf(gguf)?, &beside.join("model.onnx"))?;
        for entry in fs::read_dir(&beside)? {
            File::open(entry?.path())?.sync_all()?;
        }
        let _ = fs::remove_dir_all(&folder);
        fs::rename(&beside, &folder)?;
        Ok(())
    };
    let built = building().with_context(|| format!("{}: cannot build the ONNX graph", folder.display()));
    let _ = fs::remove_dir_all(&beside);
    built.map(|()| graph)
}
