//! What is on this machine for backends to use.

use crate::config::Config;
use nvml_wrapper::Nvml;
use protocol::backend::{Kind, Process};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Where engines and models are installed; the Makefile says where.
#[derive(Debug, Clone, clap::Args)]
pub struct Installed {
    /// Folder into which the pinned wheels were installed
    #[arg(long, value_name = "DIR", default_value = ".venv/site-packages")]
    pub site_packages: PathBuf,
    /// ONNX Runtime's shared library [default: the one in --site-packages]
    #[arg(long, value_name = "FILE")]
    pub onnxruntime: Option<PathBuf>,
    /// Folder into which onnxruntime-gpu was installed
    #[arg(long, value_name = "DIR", default_value = ".venv-gpu/site-packages")]
    pub gpu_site_packages: PathBuf,
    /// Python with torch and transformers
    #[arg(long, value_name = "FILE", default_value = ".venv-transformers/bin/python")]
    pub transformers: PathBuf,
    /// Server of `[collect.http]`.
    #[arg(skip)]
    pub http: Option<String>,
}

impl Installed {
    pub fn with_server_of(&self, config: &Config) -> Self {
        Installed { http: config.http.as_ref().map(|h| h.url.clone()), ..self.clone() }
    }

    /// ONNX Runtime's library for a backend.
    pub fn onnxruntime(&self, kind: Kind) -> Result<PathBuf, String> {
        match (kind, &self.onnxruntime) {
            (Kind::Cpu, Some(library)) => Ok(library.clone()),
            (Kind::Cpu, None) => find_library(&self.site_packages),
            (Kind::Gpu, _) => find_library(&self.gpu_site_packages),
        }
    }
}

/// The command that a backend's process begins as. Engines lie beside this program, or in it where it is `tallywatt`.
pub fn program(process: &Process) -> Result<Command, String> {
    let own = std::env::current_exe().unwrap_or_default();
    let beside = |name: &str| own.with_file_name(name);
    match process {
        Process::Worker | Process::Transformers if own.file_stem().is_some_and(|name| name == "tallywatt") => {
            let mut command = Command::new(own);
            command.args(["stage", "worker"]);
            Ok(command)
        }
        Process::Worker | Process::Transformers => {
            let path = beside("worker");
            let missing = || format!("{}: no such program, which holds the engines, run `make build`", path.display());
            if path.is_file() { Ok(Command::new(path)) } else { Err(missing()) }
        }
        Process::Cuda => {
            let path = beside("worker-cuda");
            needs(&path, "run `make cuda`").map(|_| Command::new(path))
        }
        Process::Command(words) => words.first().map(Command::new).ok_or_else(|| "a worker without a command".into()),
    }
}

/// ONNX Runtime's shared library inside `site_packages` (`onnxruntime/capi/libonnxruntime.so.*`).
fn find_library(site_packages: &Path) -> Result<PathBuf, String> {
    let folder = site_packages.join("onnxruntime/capi");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libonnxruntime.so")))
        .collect();
    found.sort();
    found.pop().ok_or_else(|| {
        format!(
            "{}: ONNX Runtime's library not found, libonnxruntime.so.*, {} or pass --onnxruntime FILE",
            folder.display(),
            schemas::error::setup()
        )
    })
}

/// The name of the first NVIDIA GPU, or an error that says why none was found.
pub fn gpu() -> Result<String, String> {
    let nvml = Nvml::init().map_err(|e| format!("no NVIDIA driver ({e}), install it"))?;
    let device = nvml.device_by_index(0).map_err(|e| format!("no NVIDIA GPU ({e})"))?;
    device.name().map_err(|e| format!("an NVIDIA GPU without a name ({e})"))
}

/// Whether a file is there, or what makes it.
pub fn needs(path: &Path, remedy: &str) -> Result<String, String> {
    match path.exists() {
        true => Ok(path.display().to_string()),
        false => Err(format!("{} is not there, {remedy}", path.display())),
    }
}
