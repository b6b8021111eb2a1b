//! Dollars, kWh and gCO2e: `cost`, `request_cost`, `tco` and `break_even` from runs, their energy, prices and grids.

mod config;
mod derive;
mod speed;
mod tariff;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match derive::run(&derive::Derive::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("derive-costs: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}
