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

use clap::{Parser, Subcommand};
use std::process::ExitCode;

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
    Diff(diff::Diff),
}

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    let cli = Cli::parse();
    let (done, broken) = match (&cli.command, &cli.analysis) {
        // A gate must tell a broken call from a build that got worse.
        (Some(Command::Diff(diff)), _) => (diff::run(diff), 2),
        (None, Some(analysis)) => (analysis::run(analysis).map(|fine| u8::from(!fine)), 1),
        (None, None) => (Ok(0), 1),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("analyze: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::from(broken)
        }
    }
}
