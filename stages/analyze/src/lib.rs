//! Statistics: `estimate`, `comparison`, `omnibus`, `ranking`, `verdict`, `decision` and `finding`.

mod analysis;
mod comparisons;
mod config;
mod contenders;
mod contests;
mod decisions;
mod diff;
mod estimates;
mod findings;
mod flips;
mod gate;
mod known;
mod observed;
mod omnibus;
mod pair;
mod ranking;
mod reasons;
mod ties;
mod verdicts;

pub use diff::Diff;

use clap::{Parser, Subcommand};
use std::{ffi::OsString, process::ExitCode};

/// Estimates with intervals, blocked comparisons, and what a reader must know
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    analysis: Option<analysis::Analysis>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(Diff),
}

/// What the binary `analyze` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    let cli = Cli::parse_from(arguments);
    match (&cli.command, &cli.analysis) {
        (Some(Command::Diff(diff)), _) => compare(diff),
        (None, Some(analysis)) => status(analysis::run(analysis).map(|fine| u8::from(!fine)), 1),
        (None, None) => ExitCode::SUCCESS,
    }
}

/// Compares two runs; status 2 where that cannot be done: a gate must tell a broken call from a build that got worse.
pub fn compare(diff: &Diff) -> ExitCode {
    status(diff::run(diff), 2)
}

fn status(done: anyhow::Result<u8>, broken: u8) -> ExitCode {
    ExitCode::from(done.unwrap_or_else(|error| {
        eprintln!("analyze: {}", schemas::terminal::escaped(&format!("{error:#}")));
        broken
    }))
}
