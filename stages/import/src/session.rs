//! The session that imported runs and imported power share, and the folder that they are written into.

use crate::read::{number::Mark, zone::Zone};
use anyhow::Result;
use schemas::tables::SESSION as SESSIONS;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The session of imported runs and of imported power, so that they meet.
pub const SESSION: &str = "import";

/// What `run.imported_from` ends with when the result gave times without a zone and none was given: they were taken for UTC. Power logs
/// without a zone are then taken the same way.
pub const NO_ZONE_SUFFIX: &str = ", times without a zone";

/// What is imported, and into which folder.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Files {
    /// Files as the tools wrote them
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// Folder for the tables: power must cover the runs that lie there
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Zone of times that name none: Europe/Berlin, +02:00, UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub tz: Option<Zone>,
    /// Added to every time of the files: how far their clock was behind
    #[arg(long, alias = "offset-ms", value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub shift_ms: i64,
    /// Mark before the decimals of the files' numbers [default: what all numbers of a file prove]
    #[arg(long, value_enum, value_name = "MARK")]
    pub decimal: Option<Mark>,
}

/// Refuses a folder that holds runs which were measured: an import would take their place.
pub fn refuse_measured_folder(into: &Path) -> Result<()> {
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
