//! What make compares to know whom a change concerns: each stage's own table of what holds, and the files that costs come from.
//!
//! Read as the stages read it, so that no way to write the same TOML hides a change.

use crate::{config::STAGES, error::Result, io, layers, provenance};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Writes `STAGE.toml` for every stage into `into`; a file whose content stays is not touched.
pub fn split(pipeline: &Path, into: &Path) -> Result<()> {
    let tables = layers::effective(pipeline)?;
    for stage in STAGES {
        // As a value in one line: comments, order of keys and ways of writing are gone.
        let own = tables.get(stage).map_or_else(String::new, |table| format!("{stage} = {table}\n"));
        write_changed(&into.join(format!("{stage}.toml")), own.as_bytes())?;
    }
    Ok(())
}

/// Writes which files are priced with, and what they hold, into `list`: other files are other prices, however old they are.
pub fn list(files: &[PathBuf], list: &Path) -> Result<()> {
    let mut text = String::new();
    for file in files {
        text.push_str(&format!("{} {:?}\n", provenance::sha256_file(file)?, file));
    }
    write_changed(list, text.as_bytes())
}

fn write_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    match fs::read(path) {
        Ok(known) if known == bytes => Ok(()),
        _ => io::write_whole(path, bytes),
    }
}
