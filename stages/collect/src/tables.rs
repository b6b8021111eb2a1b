//! The tables that `collect` hands to the next stages.

use crate::{config::Config, journal::Journal};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// The tables of a journal, written for the next stage.
pub fn write(journal: &Journal, config: &Config, paths: &[PathBuf]) -> Result<()> {
    let provenance = schemas::Provenance::new("collect", schemas::config::as_json(config));
    let of = |name: &str| paths.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
    let traces = match (of("power_sample"), of("sensor")) {
        (None, None) => None,
        (samples, _) => Some(journal.sample_table(samples.map(PathBuf::as_path), &provenance)?),
    };
    let mut sensors = traces.map(|t| anyhow::Ok(t.rows(journal.read_sensors()?, "unknown"))).transpose()?;
    for path in paths {
        let contract = schemas::io::contract_of(path)?;
        match contract.name {
            "session" => schemas::io::write_rows(path, contract, &journal.read_sessions()?, &provenance)?,
            "run" => schemas::io::write_rows(path, contract, journal.runs(), &provenance)?,
            // Written above, as its rows went by.
            "power_sample" => {}
            "sensor" => schemas::io::write_rows(path, contract, &sensors.take().unwrap_or_default(), &provenance)?,
            other => bail!(
                "{}: `collect` writes no such table, \"{other}\", give session, run, power_sample or sensor",
                path.display()
            ),
        }
    }
    Ok(())
}
