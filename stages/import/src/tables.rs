//! `import tables`: contract tables from CSV, for recorded and published measurements.

use crate::read::{fault::Fault, source::Source};
use anyhow::Result;
use schemas::tables::{POWER_SAMPLE, SENSOR};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// CSV files: session.csv, run.csv, power_sample.csv; `sensor` follows from the last
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Folder for the tables
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Added to every time of power_sample.csv: how far its clock was behind
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub shift_ms: i64,
}

/// Reads each CSV as the table that its file name says and writes it, checked, into `folder`. What samples tell of their
/// sensors is written as `sensor`, unless a CSV gives that table.
pub fn import(files: &[PathBuf], folder: &Path, shift_ms: i64) -> Result<()> {
    let mut given = Vec::new();
    for file in files {
        let contract = schemas::io::contract_of(file)?;
        let mut bytes = Vec::new();
        let mut read = || Ok(Source::file(file).utf8()?.read_to_end(&mut bytes)?);
        read().map_err(|fault: Fault| fault.of(file))?;
        let mut rows = schemas::text::parse_csv(&bytes, file, contract)?;
        if contract.name == POWER_SAMPLE.name {
            rows.iter_mut().for_each(|row| shift(row, shift_ms));
        }
        let mut provenance = schemas::Provenance::new("import", serde_json::Value::Null);
        provenance.input(file)?;
        schemas::io::write_rows(&table(folder, contract.name), contract, &rows, &provenance)?;
        given.push((contract.name, rows, provenance));
    }
    if given.iter().any(|(name, ..)| *name == SENSOR.name) {
        return Ok(());
    }
    for (_, rows, provenance) in given.into_iter().filter(|(name, ..)| *name == POWER_SAMPLE.name) {
        let rows = sensor::rows::rows(&rows, Vec::new(), "import")?;
        schemas::io::write_rows(&table(folder, SENSOR.name), &SENSOR, &rows, &provenance)?;
    }
    Ok(())
}

fn shift(row: &mut schemas::text::Row, shift_ms: i64) {
    if let Some(at) = row.get("t_ns").and_then(serde_json::Value::as_i64) {
        row.insert("t_ns".into(), at.saturating_add(shift_ms.saturating_mul(1_000_000)).into());
    }
}

fn table(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.parquet"))
}
