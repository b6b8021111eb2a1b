//! One engine in one process, so that its threads, memory and crashes are its own. Models are prepared here, too: `collect`, which starts
//! this and speaks to it over standard input and output (PROTOCOL.md of `protocol`), links no engine.

mod engine;
mod engines;
mod generate;
mod models;
mod process;
mod serve;

use anyhow::{Result, bail};
use clap::Parser;
use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// Handed to Python as a whole, so that this binary stands alone.
const TRANSFORMERS: &str = include_str!("../transformers/worker.py");

/// Serves one engine over standard input and output; `collect` starts it
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Become the worker for Hugging Face Transformers in this Python
    #[arg(long, value_name = "FILE")]
    transformers: Option<PathBuf>,
}

/// What the binary `worker` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match run(&Cli::parse_from(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("worker: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    match &cli.transformers {
        None => serve::serve(),
        Some(python) => become_transformers(python),
    }
}

/// Comes back with an error alone.
fn become_transformers(python: &Path) -> Result<()> {
    let why = Command::new(python).arg("-c").arg(TRANSFORMERS).exec();
    bail!("{}: cannot be started, {why}, run `make transformers`", python.display())
}
