//! `collect import`: contract tables from CSV, for recorded and published measurements.

use anyhow::Result;
use std::path::PathBuf;

/// Reads each CSV as the table that its file name says and writes it, checked, into `folder`.
pub fn import(files: &[PathBuf], folder: &std::path::Path) -> Result<()> {
    for file in files {
        let contract = schemas::io::contract_of(file)?;
        let rows = schemas::text::read_csv(file, contract)?;
        let mut provenance = schemas::Provenance::new("collect", serde_json::Value::Null);
        provenance.input(file)?;
        schemas::io::write_rows(&folder.join(format!("{}.parquet", contract.name)), contract, &rows, &provenance)?;
    }
    Ok(())
}
