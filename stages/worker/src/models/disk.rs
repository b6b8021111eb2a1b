//! Files of models: read as JSON, and folders that are there as a whole or not at all.

use anyhow::{Context, Result};
use schemas::partial;
use serde_json::Value;
use std::{fs, path::Path};

pub fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("{}: cannot read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}: not JSON", path.display()))
}

/// A folder that appears whole or not at all: `fill` writes into a new one beside it. Another process that was there first has written
/// the same.
pub fn whole(at: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let beside = partial::Folder::beside(at, ".partial")?;
    fill(beside.path())?;
    partial::sync(beside.path())?;
    match fs::rename(beside.path(), at) {
        Err(_) if at.is_dir() => Ok(()),
        renamed => Ok(renamed?),
    }
}
