//! Which backends a configuration asks for.

use crate::config::{Config, ModeConfig, Worker};
use anyhow::{Result, anyhow};
use protocol::{
    Mode,
    backend::{self, Backend, Form, Process, Promise},
};

/// The backend of that name: a configured worker or a registered backend.
pub fn find(name: &str, workers: &[Worker]) -> Result<Backend> {
    if let Some(worker) = workers.iter().find(|w| w.backend == name) {
        return Ok(Backend {
            name: name.into(),
            about: "a worker from the configuration",
            kind: worker.device,
            promise: Promise::Exactly(worker.dtype.clone()),
            provider: None,
            compiled: false,
            form: Form::Folder,
            process: Process::Command(worker.command.clone()),
        });
    }
    backend::all().find(|b| b.name == name).ok_or_else(|| {
        let own = workers.iter().map(|w| w.backend.clone());
        let known = backend::all().map(|b| b.name).chain(own).collect::<Vec<_>>().join(", ");
        anyhow!("unknown backend, \"{name}\", use one of: {known}")
    })
}

/// All backends that a configuration asks for.
pub fn asked(config: &Config) -> Result<Vec<Backend>> {
    config.backends.iter().map(|name| find(name, &config.worker)).collect()
}

/// Why a mode cannot be asked of a backend.
pub fn cannot(backend: &Backend, mode: ModeConfig) -> Option<&'static str> {
    let uncached = mode.mode == Mode::Generate && !mode.kv_cache;
    (backend.form == Form::Served && uncached)
        .then_some("a server keeps its cache, kv_cache = false cannot be asked of it")
}
