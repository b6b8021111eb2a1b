//! Dollars, kWh and gCO2e: `cost`, `request_cost`, `tco` and `break_even` from runs, their energy, prices and grids.

mod catalogue;
mod config;
mod derive;
mod entries;
mod grids;
mod import;
mod interval;
mod notes;
mod sheet;
mod speed;
mod tariff;

use clap::Parser;
use std::process::ExitCode;

/// Prices every cell of the matrix with every price that may run it
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    import: Option<import::Command>,
    #[command(flatten)]
    derive: Option<derive::Derive>,
}

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    let cli = Cli::parse();
    let done = match (&cli.import, &cli.derive) {
        (Some(command), _) => import::run(command),
        (None, Some(derive)) => derive::run(derive),
        (None, None) => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("derive-costs: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}
