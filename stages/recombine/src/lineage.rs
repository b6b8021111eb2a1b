//! Tables that are read together are of one run: what each was made from is what lies beside it.

use crate::Result;
use schemas::{Contract, io, tables};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Seals of contract files by name: of those that were read, and of those that they say they were made from.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    read: BTreeMap<String, String>,
    /// By input: who says it, the stage that wrote it, and the seal.
    said: BTreeMap<String, (PathBuf, String, String)>,
}

impl Lineage {
    /// Refuses a file that contradicts those before it.
    pub fn take(&mut self, path: &Path, contract: &'static Contract, seal: &str) -> Result<()> {
        let from = io::provenance(path, contract)?;
        let own = format!("{}.parquet", contract.name);
        if let Some((by, stage, found)) = self.said.get(&own).filter(|(_, _, found)| found != seal) {
            return Err(other(by, &own, found, seal, stage));
        }
        for input in from.inputs.iter().filter(|input| is_table(&input.file) && input.file != own) {
            let before = self.said.get(&input.file).map(|(_, _, hash)| hash);
            if let Some(wanted) = self.read.get(&input.file).or(before).filter(|wanted| **wanted != input.hash) {
                return Err(other(path, &input.file, &input.hash, wanted, &from.stage));
            }
            let said = (path.to_path_buf(), from.stage.clone(), input.hash.clone());
            self.said.entry(input.file.clone()).or_insert(said);
        }
        self.read.insert(own, seal.to_string());
        Ok(())
    }
}

fn is_table(file: &str) -> bool {
    file.strip_suffix(".parquet").is_some_and(|name| tables::find(name).is_some())
}

fn other(path: &Path, input: &str, found: &str, wanted: &str, stage: &str) -> crate::Error {
    let short = |hash: &str| hash.chars().take(12).collect();
    let (input, stage) = (input.to_string(), stage.to_string());
    schemas::Error::OtherInput { path: path.to_path_buf(), input, found: short(found), wanted: short(wanted), stage }
        .into()
}
