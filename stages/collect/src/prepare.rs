//! From a configuration to what each worker is told to load. Models are found, built and tokenised in a process of `worker`, so that what
//! that takes and breaks is its own.

use crate::{
    backends,
    cli::{Prepare, Setup},
    client::Client,
    config::Config,
    installed::{Installed, program},
};
use anyhow::{Context, Result, anyhow, bail};
use protocol::{
    Answer, Load, Model, Request,
    backend::{Backend, Form, Process},
};
use schemas::config::Fault;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Longest preparation: a download of hundreds of gigabytes is one.
const LONGEST: Duration = Duration::from_secs(86_400);
/// How long a server may take to list its models.
const REACHING: Duration = Duration::from_secs(30);

/// A process of `worker` without an engine, started when it is first asked and again after a failure. It ends with the thread that asks.
#[derive(Default)]
pub struct Preparer {
    client: Option<Client>,
}

impl Preparer {
    /// A value of the configuration that turns out to be wrong is a [`Fault`].
    fn ask(&mut self, request: &Request, timeout: Duration) -> Result<Answer> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::spawn(&mut program(&Process::Worker).map_err(|e| anyhow!(e))?)?,
        };
        let answer = client.ask(request, timeout)?;
        self.client = Some(client);
        match answer {
            Answer::Refused { fault } => Err(fault.into()),
            answer => Ok(answer),
        }
    }

    /// The model's files.
    pub fn model(&mut self, config: &Config, here: &Installed, cache: &Path) -> Result<Model> {
        let (source, site_packages) = (config.model.clone(), here.site_packages.clone());
        match self.ask(&Request::Model { source, site_packages, cache: cache.into() }, LONGEST)? {
            Answer::Model { model } => Ok(*model),
            other => bail!("worker found no model, {other:?}"),
        }
    }

    /// Token ids of texts, one list each.
    pub fn encode(&mut self, tokenizer: &Path, texts: Vec<String>) -> Result<Vec<Vec<u32>>> {
        let count = texts.len();
        match self.ask(&Request::Encode { tokenizer: tokenizer.into(), texts }, LONGEST)? {
            Answer::Encoded { rows } if rows.len() == count => Ok(rows),
            other => bail!("worker gave no tokens of {count} texts, {other:?}"),
        }
    }

    /// Texts of token ids.
    pub fn decode(&mut self, tokenizer: &Path, rows: Vec<Vec<u32>>) -> Result<Vec<String>> {
        let count = rows.len();
        match self.ask(&Request::Decode { tokenizer: tokenizer.into(), rows }, LONGEST)? {
            Answer::Decoded { texts } if texts.len() == count => Ok(texts),
            other => bail!("worker gave no texts of {count} rows of tokens, {other:?}"),
        }
    }

    /// Asks a server for its models; the error is why it gives none.
    pub fn reach(&mut self, url: &str) -> Result<()> {
        match self.ask(&Request::Reach { url: url.into() }, REACHING)? {
            Answer::Reached => Ok(()),
            other => bail!("worker reached no server, {other:?}"),
        }
    }

    fn form(&mut self, request: &Request) -> Result<PathBuf> {
        match self.ask(request, LONGEST)? {
            Answer::Form { path } => Ok(absolute(&path)),
            other => bail!("worker built no form of the model, {other:?}"),
        }
    }

    /// The first request for a backend's worker; the model's form is built into the cache. An error is why this backend cannot run here.
    pub fn load(
        &mut self,
        backend: &Backend,
        config: &Config,
        model: &Model,
        here: &Installed,
        cache: &Path,
    ) -> Result<Load> {
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
        let (model, cache) = (Box::new(model.clone()), cache.to_path_buf());
        match backend.form {
            Form::Onnx(weighted) => {
                load.onnxruntime = Some(here.onnxruntime(backend.kind).map_err(|e| anyhow!(e))?);
                load.onnx = Some(self.form(&Request::Onnx { model, weighted, graph: config.graph, cache })?);
            }
            Form::Folder => load.folder = Some(self.form(&Request::Folder { model, cache })?),
            Form::Served => {
                let variable =
                    config.http.as_ref().map(|http| http.key_variable.as_str()).filter(|name| !name.is_empty());
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

    /// Lets the process end.
    pub fn finish(&mut self) {
        if let Some(client) = self.client.take() {
            client.finish();
        }
    }
}

/// `collect prepare`: builds a backend's form of the model; the first request for its worker, as a line.
pub fn first_request(config: &Config, asked: &Prepare) -> Result<String> {
    let Setup { here, cache, .. } = &asked.setup;
    let backend = backends::find(&asked.backend, &config.worker)?;
    std::fs::create_dir_all(cache).with_context(|| format!("{}: cannot create", cache.display()))?;
    let mut preparer = Preparer::default();
    let model = preparer.model(config, here, cache)?;
    let load = preparer.load(&backend, config, &model, here, cache)?;
    Ok(serde_json::to_string(&Request::Load(Box::new(load)))? + "\n")
}

/// Workers may run in another folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
