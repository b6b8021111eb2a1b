//! ONNX Runtime's CUDA provider; it fails when CUDA is not used. Keys and values stay on the GPU.

use super::session::{Memory, load as load_session};
use crate::engine::Subject;
use anyhow::{Result, anyhow};
use ort::ep;
use protocol::Load;
use std::path::{Path, PathBuf};

pub fn load(request: &Load) -> Result<Box<dyn Subject>> {
    // An error of ort's is made by the library, so that it comes first; why that cannot be loaded is told below.
    if let Some(library) = request.onnxruntime.as_ref().filter(|library| ort::init_from(library).is_ok()) {
        preload(library).map_err(|e| {
            anyhow!("cannot load NVIDIA's libraries, {e}, install the NVIDIA driver and run `make onnxruntime-gpu`")
        })?;
    }
    load_session(request, ep::CUDA::default().with_device_id(0).build(), Memory::Cuda)
}

/// NVIDIA's libraries are wheels beside ONNX Runtime's, each in a folder that no loader looks into. Those on the system's
/// path are found without this.
fn preload(library: &Path) -> Result<(), ort::Error> {
    let site_packages = library.ancestors().nth(3).unwrap_or(Path::new("/"));
    let folder = |name: &str| -> Option<PathBuf> {
        let folder = site_packages.join("nvidia").join(name).join("lib");
        folder.is_dir().then_some(folder)
    };
    ep::cuda::preload_dylibs(folder("cu13").as_deref(), folder("cudnn").as_deref())
}
