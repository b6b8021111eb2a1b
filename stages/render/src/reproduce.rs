//! How to make the report again: commit, configuration, hashes.

use crate::report::Section;
use anyhow::Result;
use schemas::{Provenance, io};
use std::path::{Path, PathBuf};

/// The table's provenance, where it is among the files.
pub fn provenance_of(name: &str, tables: &[PathBuf]) -> Result<Option<Provenance>> {
    let named = |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem == name);
    let Some(path) = tables.iter().find(named) else { return Ok(None) };
    Ok(Some(io::provenance(path, io::contract_of(path)?)?))
}

pub fn section(tables: &[PathBuf]) -> Result<Section> {
    let texts = vec![
        "`make all` runs the pipeline; a stage runs again when its inputs or its own table of `pipeline.toml` change. Everything \
         in this report is in `report.json`, every table in `csv/`, every chart in `charts/`. A row's source is found by \
         `target/release/query --run DIR` and the query that its evidence shows."
            .to_string(),
        "Each table with the commit that made it, its configuration's SHA-256 and its inputs' hashes (a table's seal, another \
         file's SHA-256), each by its first twelve digits."
            .to_string(),
    ];
    let list = tables.iter().map(|path| line(path)).collect::<Result<Vec<_>>>()?;
    Ok(Section { id: "reproduce".into(), title: "How to reproduce".into(), texts, list, ..Section::default() })
}

fn line(path: &Path) -> Result<String> {
    let from = io::provenance(path, io::contract_of(path)?)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_string();
    let inputs: Vec<String> = from.inputs.iter().map(|i| format!("{} {}", i.file, short(&i.hash))).collect();
    let inputs = if inputs.is_empty() { "measured here".into() } else { format!("from {}", inputs.join(", ")) };
    let config = schemas::provenance::sha256_bytes(from.config.to_string().as_bytes());
    Ok(format!(
        "`{name}`: by `{}` at commit {}, configuration {}, {inputs}.",
        from.stage,
        short(&from.commit),
        short(&config)
    ))
}
