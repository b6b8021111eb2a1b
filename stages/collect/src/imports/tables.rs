//! `collect import tables`: contract tables from CSV, for recorded and published measurements.

use crate::sensors;
use anyhow::Result;
use schemas::tables::{POWER_SAMPLE, SENSOR};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// CSV files: session.csv, run.csv, power_sample.csv; `sensor` follows from the last
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Folder for the tables
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
}

/// Reads each CSV as the table that its file name says and writes it, checked, into `folder`. What samples tell of their
/// sensors is written as `sensor`, unless a CSV gives that table.
pub fn import(files: &[PathBuf], folder: &Path) -> Result<()> {
    let mut given = Vec::new();
    for file in files {
        let contract = schemas::io::contract_of(file)?;
        let rows = schemas::text::read_csv(file, contract)?;
        let mut provenance = schemas::Provenance::new("collect", serde_json::Value::Null);
        provenance.input(file)?;
        schemas::io::write_rows(&table(folder, contract.name), contract, &rows, &provenance)?;
        given.push((contract.name, rows, provenance));
    }
    if given.iter().any(|(name, ..)| *name == SENSOR.name) {
        return Ok(());
    }
    for (_, rows, provenance) in given.into_iter().filter(|(name, ..)| *name == POWER_SAMPLE.name) {
        let rows = sensors::rows(&rows, Vec::new(), "import")?;
        schemas::io::write_rows(&table(folder, SENSOR.name), &SENSOR, &rows, &provenance)?;
    }
    Ok(())
}

fn table(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.parquet"))
}
