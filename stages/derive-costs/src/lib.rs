//! Dollars, kWh and gCO2e: `cost`, `request_cost`, `tco` and `break_even` from runs, their energy, prices and grids.

mod config;
mod derive;
mod speed;
mod tariff;

use clap::Parser;
use std::{ffi::OsString, process::ExitCode};

/// What the binary `derive-costs` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match derive::run(&derive::Derive::parse_from(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("derive-costs: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}
