//! Input files that are named by a file or by the folder that they lie in.

use crate::error::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files that `paths` mean: a file itself, a folder all its `*.csv` by name, but no hidden ones and none called like one in
/// `without`.
pub fn files(paths: &[PathBuf], without: &[String]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(in_folder(path)?);
        } else {
            files.push(path.clone());
        }
    }
    let left_out =
        |path: &PathBuf| path.file_name().is_some_and(|name| without.iter().any(|other| name == other.as_str()));
    files.retain(|path| !left_out(path));
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |cause| Error::Io { path: folder.to_path_buf(), action: "list", cause };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.extension().is_some_and(|ending| ending == "csv") {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(Error::NoFiles { path: folder.to_path_buf() });
    }
    found.sort();
    Ok(found)
}
