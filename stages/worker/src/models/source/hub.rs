//! A repository on the Hugging Face Hub: its local cache first (`HF_HOME`), a download only for what is not there.

use super::{hash::same_hash, path};
use crate::models::disk::read_json;
use anyhow::{Context, Result, bail};
use hf_hub::{Repo, RepoType, api::sync::ApiBuilder};
use protocol::Model;
use schemas::config::Fault;
use std::path::PathBuf;

pub fn find(repo: &str, revision: &str, sha256: Option<&str>) -> Result<Model> {
    let identified = Repo::with_revision(repo.into(), RepoType::Model, revision.into());
    let api = ApiBuilder::from_env().with_progress(false).build().context("cannot open the Hugging Face cache")?;
    let files = api.repo(identified);
    let missing = |cause| {
        let value = format!("hf:{repo}@{revision}: {:#}", anyhow::Error::new(cause));
        let fault = Fault::new("model.repo", "not in the local cache and cannot be downloaded", value);
        fault.remedy("check repo, revision and network")
    };
    let config = files.get("config.json").map_err(missing)?;
    for name in ["tokenizer.json", "generation_config.json"] {
        // Absent from many repositories; what depends on it says so itself.
        let _ = files.get(name);
    }
    if files.get("model.safetensors").is_err() {
        let shards = files.get("model.safetensors.index.json").map_err(missing)?;
        let index = read_json(&shards)?;
        let Some(map) = index["weight_map"].as_object() else {
            bail!("{}: no weight_map, use a repository with safetensors", shards.display());
        };
        let names: std::collections::BTreeSet<&str> = map.values().filter_map(serde_json::Value::as_str).collect();
        for name in names {
            files.get(name).map_err(missing)?;
        }
    }
    let folder = config.parent().map(PathBuf::from).unwrap_or_default();
    let model = path::folder(&folder, None)?;
    if let Some(wanted) = sha256 {
        same_hash(&folder, &model.sha256, wanted, "name another revision")?;
    }
    Ok(model)
}
