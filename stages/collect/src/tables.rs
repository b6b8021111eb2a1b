//! The tables that `collect` hands to the next stages.

use crate::{
    config::Config,
    journal::{Journal, LineFile},
};
use anyhow::{Result, bail};
use schemas::{Provenance, tables::SENSOR};
use sensor::State;
use std::path::{Path, PathBuf};

/// The tables of a journal, written for the next stage.
pub fn write(journal: &Journal, config: &Config, paths: &[PathBuf]) -> Result<()> {
    let by = Provenance::new("collect", schemas::config::as_json(config));
    write_sampled(journal.samples(), || journal.read_sensors(), paths, &by)?;
    for path in paths {
        let contract = schemas::io::contract_of(path)?;
        match contract.name {
            "session" => schemas::io::write_rows(path, contract, &journal.read_sessions()?, &by)?,
            "run" => schemas::io::write_rows(path, contract, journal.runs(), &by)?,
            "power_sample" | "sensor" => {}
            other => bail!(
                "{}: `collect` writes no such table, \"{other}\", give session, run, power_sample or sensor",
                path.display()
            ),
        }
    }
    Ok(())
}

/// Those of `paths` that are `power_sample` and `sensor`, of what was sampled and the states of its sensors.
pub fn write_sampled(
    samples: &LineFile,
    states: impl FnOnce() -> Result<Vec<State>>,
    paths: &[PathBuf],
    by: &Provenance,
) -> Result<()> {
    let find = |name| paths.iter().map(PathBuf::as_path).find(|path| path.file_stem().is_some_and(|stem| stem == name));
    let (table, sensor): (Option<&Path>, Option<&Path>) = (find("power_sample"), find("sensor"));
    if table.or(sensor).is_none() {
        return Ok(());
    }
    let traces = samples.sample_table(table, by)?;
    match sensor {
        Some(path) => Ok(schemas::io::write_rows(path, &SENSOR, &traces.rows(states()?, "unknown"), by)?),
        None => Ok(()),
    }
}
