//! `collect import`: what people already have as the tables that `collect run` writes, so that everything after them is the same.
//!
//! Each way of looking at a file recognises it, reads it row by row into a sink and checks what came; what it leaves out it says.

/// Declares the formats' modules and lists them in the order in which a file is offered to them.
macro_rules! formats {
    ($($module:ident),+ $(,)?) => {
        $(mod $module;)+
        /// Every format that there is.
        pub const ALL: &[Format] = &[$($module::FORMAT),+];
    };
}

pub mod decode;
pub mod fault;
#[cfg(test)]
mod fuzz;
pub mod number;
pub mod power;
pub mod runs;
pub mod table;
pub mod tables;
pub mod zone;

use anyhow::Result;
use clap::{Args, Subcommand};
use schemas::tables::SESSION as SESSIONS;
use serde::Deserialize;
use std::path::Path;

/// The session of imported runs and of imported power, so that they meet.
pub const SESSION: &str = "import";

/// What `run.imported_from` ends with when the result gave times without a zone and none was given: they were taken for UTC. Power logs
/// without a zone are then taken the same way.
pub const ZONELESS: &str = ", times without a zone";

/// Refuses a folder that holds runs which were measured: an import would take their place.
fn spare(into: &Path) -> Result<()> {
    let path = into.join("session.parquet");
    if !path.exists() {
        return Ok(());
    }
    let sessions: Vec<Session> = schemas::rows::from_batches(SESSIONS.name, &schemas::io::read(&path, &SESSIONS)?)?;
    match sessions.iter().find(|s| s.source == "measured") {
        None => Ok(()),
        Some(session) => anyhow::bail!(
            "{}: holds measured runs, session {}, import into another folder: --into",
            into.display(),
            session.session_id
        ),
    }
}

#[derive(Deserialize)]
struct Session {
    session_id: String,
    source: String,
}

/// `collect import`. Without one of the subcommands the files are contract tables.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Import {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    tables: Option<tables::Options>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write contract tables from CSV files named after their tables
    Tables(tables::Options),
    /// Write power_sample and sensor from power and energy logs of other tools
    Power(power::Options),
    /// Write session and run from benchmark results of other tools
    Runs(runs::Options),
}

pub fn import(import: Import) -> Result<()> {
    match (import.what, import.tables) {
        (Some(What::Tables(given)), _) | (None, Some(given)) => {
            tables::import(&given.files, &given.into, given.shift_ms)
        }
        (Some(What::Power(given)), _) => power::import(&given),
        (Some(What::Runs(given)), _) => runs::import(&given),
        (None, None) => anyhow::bail!("import: nothing to import, 0 files, name files or see `collect import --help`"),
    }
}
