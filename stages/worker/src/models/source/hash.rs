//! Hashes of a model's files.

use anyhow::Result;
use schemas::provenance::sha256_file;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// SHA-256 of one file; of several, of their hexadecimal digests in the order of their names, one a line.
pub fn sha256_of(files: &[PathBuf]) -> Result<String> {
    if let [one] = files {
        return Ok(sha256_file(one)?);
    }
    let mut whole = Sha256::new();
    for file in files {
        whole.update(format!("{}\n", sha256_file(file)?));
    }
    Ok(whole.finalize().iter().map(|b| format!("{b:02x}")).collect())
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
