//! Measures runs and power into `session`, `run`, `power_sample` and `sensor`.

mod attest;
mod available;
mod backends;
mod children;
mod cli;
mod client;
mod clock;
mod config;
mod contention;
mod doctor;
mod dry_run;
mod gate;
mod gpu_check;
mod host;
mod installed;
mod journal;
mod machine;
mod measure;
mod names;
mod parity;
mod plan;
mod power;
mod prepare;
mod progress;
mod prompts;
mod record;
mod sample;
mod tables;
mod window;

use clap::Parser;
use cli::{Cli, Command};
use config::Config;
use schemas::config::Fault;
use std::{ffi::OsString, path::Path, process::ExitCode};

/// What the binary `collect` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match run(Cli::parse_from(arguments).command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("collect: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// What a command does with its configuration. What only the machine shows to be wrong with a value is told with file and line, too.
fn configured<T>(path: &Path, command: impl FnOnce(&Config) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let config = schemas::config::load_valid(path, "collect", Config::fault)?;
    command(&config).map_err(|error| match error.downcast_ref::<Fault>() {
        Some(fault) => schemas::config::refusal(path, "collect", fault).into(),
        None => error,
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let said = match command {
        Command::Run(a) if a.dry_run => configured(&a.setup.config, |config| dry_run::describe(config, &a))?,
        Command::Run(a) => {
            configured(&a.setup.config, |config| tables::write(&measure::measure(config, &a)?, config, &a.write))?;
            String::new()
        }
        Command::Backends(here) => doctor::backends(&here),
        Command::Doctor(a) => {
            let report = configured(&a.config, |config| Ok(doctor::examine(config, &a)))?;
            print!("{report}");
            return Ok(report.exit_code());
        }
        Command::Prepare(a) => configured(&a.setup.config, |config| prepare::first_request(config, &a))?,
        Command::Sample(a) => configured(&a.config, |config| sample::sample(config, &a))?,
        Command::GpuCheck(a) => configured(&a.setup.config, |config| gpu_check::check(config, &a))?,
    };
    print!("{said}");
    Ok(ExitCode::SUCCESS)
}
