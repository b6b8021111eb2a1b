//! Input files: which ones a file or a folder stands for, and what each row of prices must have.

use crate::{
    error::{Error, Problem, Result},
    text::Row,
};
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

/// A tier by the hour has a price by the hour, an API one by the token.
pub fn has_price(path: &Path, line: u64, row: &Row) -> Result<()> {
    let filled = |column: &str| row.get(column).is_some_and(|v| !v.is_null());
    let tier = row.get("tier").and_then(|v| v.as_str()).unwrap_or_default();
    let column = match tier {
        "api" if filled("output_usd_per_mtok") || filled("usd_per_hour") => return Ok(()),
        "api" => "input_usd_per_mtok",
        _ => "usd_per_hour",
    };
    match filled(column) {
        true => Ok(()),
        false => {
            let problem = Problem::NoPrice { tier: tier.into(), column };
            Err(Error::Line { path: path.to_path_buf(), line, problem })
        }
    }
}
