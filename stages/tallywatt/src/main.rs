//! `tallywatt`: one command over all stages, which stay binaries of their own for `make`.

mod cli;
mod commands;
mod folder;
mod import;
mod package;
mod project;
mod python;
mod stages;

use clap::Parser;
use cli::{Cli, Command};
use stages::{Failed, Loudness};
use std::process::ExitCode;

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    let cli = Cli::parse();
    let loudness = Loudness { is_quiet: cli.quiet, is_verbose: cli.verbose };
    let done = match cli.command {
        Command::Stage { words } => return stages::become_stage(words),
        Command::Query(query) => return query::execute(&query),
        Command::Diff(diff) => return analyze::compare(&diff),
        command => commands::run(command, loudness),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The stage has said why.
        Err(error) if error.is::<Failed>() => {
            ExitCode::from(error.downcast_ref().map_or(1, |failed: &Failed| failed.code))
        }
        Err(error) => {
            eprintln!("tallywatt: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}
