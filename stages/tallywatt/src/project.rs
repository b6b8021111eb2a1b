//! Folders that this program fills: a project, and the demonstration.

use crate::{
    folder::RunFolder,
    package,
    stages::{self, Loudness},
};
use anyhow::{Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Fills an empty folder with what `make all` needs there.
///
/// # Errors
///
/// A folder that holds something, or cannot be written.
pub fn init(folder: &Path) -> Result<()> {
    if let Some(entry) = fs::read_dir(folder).ok().and_then(|mut entries| entries.next()?.ok()) {
        bail!("{}: the folder is not empty, {:?}, name another or empty it", folder.display(), entry.file_name());
    }
    package::unpack("data/inputs", &folder.join("data/inputs"), &["demo"])?;
    for name in ["pipeline.toml", "import.toml", "Makefile"] {
        package::write_new(&folder.join(name), package::text(name)?)?;
    }
    Ok(())
}

/// The run folder of the demonstration, with its recorded tables.
///
/// # Errors
///
/// A folder that holds another run, or cannot be written.
pub fn demo(run: &Path, loudness: Loudness) -> Result<RunFolder> {
    let recorded = run.join("recorded");
    if run.join("run.parquet").exists() && !recorded.is_dir() {
        bail!("{}: holds another run, run.parquet, name another folder with --run", run.display());
    }
    package::unpack("data/inputs/demo", &recorded, &[])?;
    let files = ["session.csv", "run.csv", "power_sample.csv", "sensor.csv"].map(|name| recorded.join(name));
    let mut words: Vec<PathBuf> = vec!["tables".into()];
    words.extend(files);
    words.extend(["--into".into(), run.into()]);
    stages::run("import", words, loudness)?;
    RunFolder::open(run, Some(&recorded.join("pipeline.toml")), "pipeline.toml")
}
