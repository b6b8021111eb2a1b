//! Hugging Face Transformers on PyTorch: a Python worker in an environment of its own (`make transformers`).

use super::{Backend, Form, Kind, Process, Promise, Surroundings};

pub fn cpu() -> Backend {
    Backend {
        name: "transformers-cpu".into(),
        about: "Transformers on PyTorch, f32, CPU, eager",
        kind: Kind::Cpu,
        promise: Promise::Exactly("f32".into()),
        provider: None,
        compiled: false,
        form: Form::Folder,
        process: Process::Transformers,
        available: |here| Surroundings::needs(&here.transformers, "make transformers"),
    }
}

pub fn cpu_compile() -> Backend {
    Backend {
        name: "transformers-cpu-compile".into(),
        about: "Transformers on PyTorch, f32, CPU, torch.compile",
        compiled: true,
        ..cpu()
    }
}

pub fn gpu() -> Backend {
    Backend {
        name: "transformers-gpu".into(),
        about: "Transformers on PyTorch, f32, CUDA, eager",
        kind: Kind::Gpu,
        available: |here| {
            Surroundings::needs(&here.transformers, "make transformers")?;
            here.gpu()
        },
        ..cpu()
    }
}

pub fn gpu_compile() -> Backend {
    Backend {
        name: "transformers-gpu-compile".into(),
        about: "Transformers on PyTorch, f32, CUDA, torch.compile",
        compiled: true,
        ..gpu()
    }
}
