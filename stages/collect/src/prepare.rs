//! From a configuration to what each worker is told to load: the model's files, and its forms built into the cache.

use crate::{
    backends::{Backend, Form, Kind, Load, Surroundings, find_library},
    config::Config,
    models::{
        Model, folder, onnx,
        source::{self, Folders},
    },
};
use anyhow::{Result, anyhow};
use schemas::config::Fault;
use std::path::{Path, PathBuf};

/// The model's files.
pub fn model(config: &Config, here: &Surroundings, cache: &Path) -> Result<Model> {
    source::find(&config.model, &Folders { site_packages: &here.site_packages, cache })
}

/// The first request for a backend's worker. An error is why this backend cannot run here.
pub fn load(backend: &Backend, config: &Config, model: &Model, here: &Surroundings, cache: &Path) -> Result<Load> {
    let mut load = Load {
        backend: backend.name.clone(),
        threads: config.threads,
        cpus: config.cpus.clone(),
        model: model.clone(),
        folder: None,
        onnx: None,
        onnxruntime: None,
        http: None,
        scratch: absolute(cache),
    };
    match backend.form {
        Form::Onnx(weighted) => {
            let library = match (backend.kind, &here.onnxruntime) {
                (Kind::Cpu, Some(library)) => Ok(library.clone()),
                (Kind::Cpu, None) => find_library(&here.site_packages),
                (Kind::Gpu, _) => find_library(&here.gpu_site_packages),
            };
            load.onnxruntime = Some(library.map_err(|e| anyhow!(e))?);
            load.onnx = Some(absolute(&onnx::cached(model, weighted, config.graph, cache)?));
        }
        Form::Folder => load.folder = Some(absolute(&folder::cached(model, cache)?)),
        Form::Served => {
            let variable = config.http.as_ref().map(|http| http.key_variable.as_str()).filter(|name| !name.is_empty());
            if let Some(name) = variable.filter(|name| std::env::var_os(name).is_none()) {
                let fault = Fault::new(
                    "http.key_variable",
                    "no such variable in the environment, which is to hold the key",
                    name,
                );
                return Err(fault.remedy("set it, or correct its name").into());
            }
            load.http.clone_from(&config.http);
        }
        Form::Files | Form::Gguf => {}
    }
    Ok(load)
}

/// Workers may run in another folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
