//! What people already have as contract tables: results of benchmarks, power logs, price catalogues, carbon intensities.
//!
//! Each format recognises a file, reads it row by row into a sink and checks what came; what it leaves out it says.

mod grid;
mod kind;
mod lists;
mod power;
mod prices;
mod read;
mod runs;
mod session;
mod tables;

pub use kind::Kind;
pub use session::refuse_measured_folder;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::{ffi::OsString, process::ExitCode};

/// Writes what other tools measured or list as the tables that the stages read
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write session and run from benchmark results of other tools
    Runs(runs::Options),
    /// Write power_sample and sensor from power and energy logs of other tools
    Power(power::Options),
    /// Write rows of table price from another's catalogue
    Prices(lists::Prices),
    /// Write rows of table grid from another's carbon intensities
    Grid(lists::Grid),
    /// Write contract tables from CSV files named after their tables
    Tables(tables::Options),
}

fn import(what: &What) -> Result<()> {
    match what {
        What::Runs(given) => runs::import(given),
        What::Power(given) => power::import(given),
        What::Prices(given) => lists::import_prices(given),
        What::Grid(given) => lists::import_grid(given),
        What::Tables(given) => tables::import(&given.files, &given.into, given.shift_ms),
    }
}

/// What the binary `import` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match import(&Cli::parse_from(arguments).what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            read::fault::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
