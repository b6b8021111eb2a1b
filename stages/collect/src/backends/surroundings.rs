//! What is on this machine for backends to use.

use crate::config::Config;
use nvml_wrapper::Nvml;
use std::path::{Path, PathBuf};

/// Folders and programs; the Makefile says where.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub site_packages: PathBuf,
    /// ONNX Runtime's library for the CPU, if not the one in `site_packages`.
    pub onnxruntime: Option<PathBuf>,
    /// site-packages with onnxruntime-gpu and NVIDIA's libraries.
    pub gpu_site_packages: PathBuf,
    /// Python of the environment with torch and transformers.
    pub transformers: PathBuf,
    /// Server of `[collect.http]`.
    pub http: Option<String>,
}

impl Surroundings {
    pub fn with_server_of(mut self, config: &Config) -> Self {
        self.http = config.http.as_ref().map(|h| h.url.clone());
        self
    }

    /// The worker program for candle on a GPU, beside this binary.
    pub fn cuda_worker() -> PathBuf {
        std::env::current_exe().unwrap_or_default().with_file_name("collect-cuda")
    }

    /// Name of the first NVIDIA GPU, or why there is none.
    pub fn gpu(&self) -> Result<String, String> {
        let nvml = Nvml::init().map_err(|e| format!("no NVIDIA driver ({e}), install it"))?;
        let device = nvml.device_by_index(0).map_err(|e| format!("no NVIDIA GPU ({e})"))?;
        device.name().map_err(|e| format!("an NVIDIA GPU without a name ({e})"))
    }

    /// Whether a file is there, or what makes it.
    pub fn needs(path: &Path, remedy: &str) -> Result<String, String> {
        match path.exists() {
            true => Ok(path.display().to_string()),
            false => Err(format!("{} is not there, run `{remedy}`", path.display())),
        }
    }
}
