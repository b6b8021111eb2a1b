//! Files that the binary carries: shipped prices, grids and configurations, the demonstration, the script that draws.

use anyhow::{Context, Result};
use std::{fs, path::Path};

const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/packaged.rs"));

/// The text of the file that the package holds under this name.
///
/// # Errors
///
/// A name that the package lacks, which only a broken build has.
pub fn text(name: &str) -> Result<&'static str> {
    let found = FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    found.with_context(|| format!("{name}: not in this build, install Tallywatt again"))
}

/// Writes all packaged files below `from` into the folder `into`, but for folders in `without` and files that are there.
pub fn unpack(from: &str, into: &Path, without: &[&str]) -> Result<()> {
    for (name, text) in FILES {
        let Some(rest) = name.strip_prefix(from).and_then(|rest| rest.strip_prefix('/')) else { continue };
        if !without.iter().any(|folder| Path::new(rest).starts_with(folder)) {
            write_new(&into.join(rest), text)?;
        }
    }
    Ok(())
}

/// Writes a file whole with the folders that it needs, and leaves one that is there as it is.
pub fn write_new(path: &Path, text: &str) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{}: cannot create the folder", folder.display()))?;
    }
    Ok(schemas::io::write_whole(path, text.as_bytes())?)
}
