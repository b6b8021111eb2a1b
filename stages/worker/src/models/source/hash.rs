//! Hashes of a model's files.

use anyhow::Result;
use schemas::provenance::{sha256_bytes, sha256_file};
use std::path::{Path, PathBuf};

/// SHA-256 of one file; of several, of their hexadecimal digests in the order of their names, one a line.
pub fn sha256_of(files: &[PathBuf]) -> Result<String> {
    if let [one] = files {
        return Ok(sha256_file(one)?);
    }
    let digests = files.iter().map(|file| Ok(sha256_file(file)? + "\n")).collect::<Result<String>>()?;
    Ok(sha256_bytes(digests.as_bytes()))
}

pub fn same_hash(path: &Path, found: &str, wanted: &str, remedy: &str) -> Result<()> {
    if found != wanted {
        anyhow::bail!(
            "{}: model hash differs from pipeline.toml, {found} instead of {wanted}, {remedy} or correct \
             [collect.model] sha256",
            path.display(),
        );
    }
    Ok(())
}
