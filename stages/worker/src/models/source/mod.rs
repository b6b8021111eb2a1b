//! Where a model comes from. A new kind of source is a file here, a variant of [`Source`] and its line in [`find`].

mod hash;
mod hub;
mod path;
mod synthetic;
mod wheel;

use super::found::served;
use anyhow::Result;
use protocol::{Model, Source};
use std::path::Path;

/// The model's files on this machine; refused where a configured SHA-256 is not the one found.
pub fn find(source: &Source, site_packages: &Path, cache: &Path) -> Result<Model> {
    match source {
        Source::Wheel { wheel, member, sha256, .. } => wheel::find(wheel, member, sha256, site_packages),
        Source::Path { path, onnx, sha256, .. } => path::find(path, onnx.as_deref(), sha256.as_deref()),
        Source::Hf { repo, revision, sha256, .. } => hub::find(repo, revision, sha256.as_deref()),
        Source::Synthetic { architecture, seed, .. } => synthetic::find(*architecture, *seed, cache),
        Source::Served { .. } => Ok(served()),
    }
}
