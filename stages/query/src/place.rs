//! Which files of a run folder a query reads, and that it writes none of them.

use anyhow::{Result, bail};
use schemas::io;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What `make` keeps in a run folder beside the tables.
const FOLDERS: [&str; 5] = ["report", "charts", "csv", "journal", ".config"];

/// The contract files of a folder, in the order of the pipeline.
pub fn tables(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for contract in schemas::tables::ALL {
        let path = folder.join(format!("{}.parquet", contract.name));
        if let Some(kind) = io::kind_but_file(&path) {
            bail!("{}: not a plain file, {kind}, remove it or write table `{}` again", path.display(), contract.name);
        }
        if path.exists() {
            found.push(path);
        }
    }
    Ok(found)
}

/// Stops where the output is a table of the run, its report or its journal.
pub fn refuse_own(output: &Path, run: &Path) -> Result<()> {
    let Ok(run) = fs::canonicalize(run) else { return Ok(()) };
    // As it is written, and where its links lead.
    let written = [Some(beneath(output)), fs::canonicalize(output).ok()];
    let is_own = |path: &PathBuf| {
        let Ok(inside) = path.strip_prefix(&run) else { return false };
        let first = inside.iter().next().unwrap_or_default().to_string_lossy();
        let is_table = first.strip_suffix(".parquet").is_some_and(|name| schemas::tables::find(name).is_some());
        FOLDERS.contains(&first.as_ref()) || is_table || first.starts_with("report.")
    };
    if written.iter().flatten().any(is_own) {
        bail!("{}: belongs to the run, which `query` only reads, name another file with --output", output.display());
    }
    Ok(())
}

/// The path with the links of its folders resolved as far as they are there.
fn beneath(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder =
        fs::canonicalize(parent).unwrap_or_else(|_| if parent == path { path.into() } else { beneath(parent) });
    folder.join(path.file_name().unwrap_or_default())
}
