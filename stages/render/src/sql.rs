//! The SQL of the crate, compiled in under the names of its files: `relations`, over the contract tables and each other; `charts`, rows
//! of a chart's shape; `tables`, rows as they are shown; `sources`, what finds a row again (see [`crate::source`]).

use anyhow::{Context, Result};
use recombine::Model;

include!(concat!(env!("OUT_DIR"), "/sql.rs"));

/// The file of this name, which `report.toml` asks for.
pub fn find(files: &[Model], name: &str) -> Result<Model> {
    files.iter().find(|model| model.name == name).copied().with_context(|| format!("no SQL is called {name}"))
}
