//! A model file out of an installed Python wheel, checked by hash.

use super::hash::{same_hash, sha256_of};
use crate::models::found;
use anyhow::{Result, bail};
use protocol::Model;
use std::path::Path;

pub fn find(wheel: &str, member: &str, sha256: &str, site_packages: &Path) -> Result<Model> {
    let path = site_packages.join(member);
    if !path.is_file() {
        let setup = schemas::error::setup();
        bail!("{}: model file not found, wheel {wheel}, {setup} or pass --site-packages", path.display());
    }
    let found = sha256_of(std::slice::from_ref(&path))?;
    same_hash(&path, &found, sha256, &format!("reinstall {wheel} with `make setup`"))?;
    found::from_gguf(path, found)
}
