//! A repository on the Hugging Face Hub: its local cache first (`HF_HOME`), a download only for what is not there.

use super::{hash::same_hash, path};
use anyhow::{Context, Result, bail};
use hf_hub::{Repo, RepoType, api::sync::ApiBuilder};
use protocol::Model;
use schemas::config::Fault;
use std::path::PathBuf;

/// Files that a model needs, and files that it may have.
const NEEDED: &[&str] = &["config.json"];
const OPTIONAL: &[&str] = &["tokenizer.json", "generation_config.json"];

pub fn find(repo: &str, revision: &str, sha256: Option<&str>) -> Result<Model> {
    let identified = Repo::with_revision(repo.into(), RepoType::Model, revision.into());
    let api = ApiBuilder::from_env().with_progress(false).build().context("cannot open the Hugging Face cache")?;
    let files = api.repo(identified);
    let missing = |cause| {
        let value = format!("hf:{repo}@{revision}: {:#}", anyhow::Error::new(cause));
        let fault = Fault::new("model.repo", "not in the local cache and cannot be downloaded", value);
        fault.remedy("check repo, revision and network")
    };
    let mut config = PathBuf::new();
    for name in NEEDED {
        config = files.get(name).map_err(missing)?;
    }
    for name in OPTIONAL {
        // Absent from many repositories; what depends on it says so itself.
        let _ = files.get(name);
    }
    let index = "model.safetensors.index.json";
    if files.get("model.safetensors").is_err() {
        let shards = files.get(index).map_err(missing)?;
        let text = std::fs::read_to_string(&shards).with_context(|| format!("{}: cannot read", shards.display()))?;
        let index: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("{}: not JSON", shards.display()))?;
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
