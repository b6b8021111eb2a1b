//! A model file out of an installed Python wheel, checked by hash.

use crate::config;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// The path of the model inside `site_packages`; refused unless its SHA-256 is the configured one.
pub fn find(model: &config::Model, site_packages: &Path) -> Result<PathBuf> {
    let path = site_packages.join(&model.member);
    if !path.is_file() {
        bail!(
            "{}: model file not found, wheel {}, run `make setup` or pass --site-packages",
            path.display(),
            model.wheel
        );
    }
    let found = schemas::provenance::sha256_file(&path)?;
    if found != model.sha256 {
        bail!(
            "{}: model hash differs from pipeline.toml, {found} instead of {}, \
             reinstall {} with `make setup` or correct [collect.model] sha256",
            path.display(),
            model.sha256,
            model.wheel
        );
    }
    Ok(path)
}

/// ONNX Runtime's shared library inside `site_packages` (wheel `onnxruntime`, `capi/libonnxruntime.so.*`).
pub fn find_onnxruntime(site_packages: &Path) -> Result<PathBuf> {
    let folder = site_packages.join("onnxruntime/capi");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libonnxruntime.so")))
        .collect();
    found.sort();
    match found.pop() {
        Some(path) => Ok(path),
        None => bail!(
            "{}: ONNX Runtime's library not found, libonnxruntime.so.*, run `make setup` or pass --onnxruntime FILE",
            folder.display()
        ),
    }
}
