//! ONNX Runtime's CUDA provider; it fails when CUDA is not used. Keys and values stay on the GPU.

use super::{Memory, cpu, find_library, load};
use crate::{
    backends::{Backend, Form, Kind, Load, Process, Promise, Subject, Surroundings},
    models::onnx::Weighted,
};
use anyhow::{Result, anyhow};
use nvml_wrapper::Nvml;
use ort::ep;
use std::path::{Path, PathBuf};

pub fn backend() -> Backend {
    Backend {
        name: "onnxruntime-gpu".into(),
        about: "ONNX Runtime (C++), f32, CUDA provider, or none",
        kind: Kind::Gpu,
        promise: Promise::Exactly("f32".into()),
        provider: Some("CUDAExecutionProvider"),
        form: Form::Onnx(Weighted::Float),
        process: Process::Own(load_cuda),
        available,
        ..cpu::backend()
    }
}

fn available(here: &Surroundings) -> Result<String, String> {
    let library = find_library(&here.gpu_site_packages).map_err(|_| {
        format!("{} has no onnxruntime-gpu, run `make onnxruntime-gpu`", here.gpu_site_packages.display())
    })?;
    here.gpu().map(|gpu| format!("{gpu}, {}", library.display()))
}

fn load_cuda(request: &Load) -> Result<Box<dyn Subject>> {
    // An error of ort's is made by the library, so that it comes first; why that cannot be loaded is told below.
    if let Some(library) = request.onnxruntime.as_ref().filter(|library| ort::init_from(library).is_ok()) {
        preload(library).map_err(|e| {
            anyhow!("cannot load NVIDIA's libraries, {e}, install the NVIDIA driver and run `make onnxruntime-gpu`")
        })?;
    }
    load(request, ep::CUDA::default().with_device_id(0).build(), Memory::Cuda)
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

/// Product name of the GPU that CUDA calls 0, as the driver says.
pub(super) fn device_name() -> String {
    let name = Nvml::init().and_then(|nvml| nvml.device_by_index(0)?.name());
    name.unwrap_or_else(|_| "cuda:0".into())
}
