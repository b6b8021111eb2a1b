//! Which backends can run on this machine.

use crate::{
    installed::{Installed, gpu, needs, program},
    prepare::Preparer,
};
use protocol::backend::{Backend, Form, Kind, Process};

/// What a backend needs on this machine, or why it cannot run.
pub fn available(backend: &Backend, here: &Installed) -> Result<String, String> {
    let program = program(&backend.process)?;
    let gpu = || if backend.kind == Kind::Gpu { gpu().map(Some) } else { Ok(None) };
    match (&backend.process, backend.form) {
        (Process::Command(_), _) => Ok("its command is tried".into()),
        (Process::Cuda, _) => Ok(gpu()?.unwrap_or_default()),
        (Process::Transformers, _) => {
            let python = needs(&here.transformers, "run `make transformers`")?;
            Ok(gpu()?.unwrap_or(python))
        }
        (Process::Worker, Form::Onnx(_)) => {
            let library = here.onnxruntime(backend.kind);
            match backend.kind {
                Kind::Cpu if here.onnxruntime.is_some() => needs(&library?, &schemas::error::setup()),
                Kind::Cpu => library.map(|library| library.display().to_string()),
                Kind::Gpu => {
                    let library = library.map_err(|_| {
                        let folder = here.gpu_site_packages.display();
                        format!("{folder} has no onnxruntime-gpu, run `make onnxruntime-gpu`")
                    })?;
                    Ok(format!("{}, {}", gpu()?.unwrap_or_default(), library.display()))
                }
            }
        }
        (Process::Worker, Form::Served) => {
            let url = here.http.as_deref().ok_or("no server, add [collect.http] to pipeline.toml")?;
            Preparer::default().reach(url).map_err(|e| format!("{e:#}"))?;
            Ok(url.into())
        }
        (Process::Worker, Form::Files | Form::Gguf | Form::Folder) => {
            Ok(format!("part of {}", program.get_program().display()))
        }
    }
}
