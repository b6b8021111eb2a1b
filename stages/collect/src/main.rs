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

use anyhow::Context;
use clap::Parser;
use cli::{Cli, Command};
use config::Config;
use installed::Installed;
use prepare::Preparer;
use schemas::config::Fault;
use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("collect: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn configured(path: &Path) -> anyhow::Result<Config> {
    Ok(schemas::config::load_valid(path, "collect", Config::fault)?)
}

/// What only the machine shows to be wrong with a value is told with file and line, too.
fn placed<T>(config: &Path, done: anyhow::Result<T>) -> anyhow::Result<T> {
    done.map_err(|error| match error.downcast_ref::<Fault>() {
        Some(fault) => schemas::config::refusal(config, "collect", fault).into(),
        None => error,
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(a) => {
            let config = configured(&a.config)?;
            let paths = measure::Paths { here: a.here.into(), cache: a.cache, journal: a.journal };
            if a.dry_run {
                print!("{}", dry_run::describe(&config, &paths)?);
            } else {
                let measured = placed(&a.config, measure::measure(&config, &paths))?;
                tables::write(&measured, &config, &a.write)?;
            }
        }
        Command::Backends(here) => print!("{}", doctor::backends(&here.into())),
        Command::Doctor(a) => {
            let config = configured(&a.config)?;
            let report = doctor::examine(&config, &Installed::from(a.here).with_server_of(&config), &a.cache);
            print!("{report}");
            return Ok(report.exit_code());
        }
        Command::Prepare(a) => {
            let config = configured(&a.config)?;
            let here = Installed::from(a.here);
            let backend = backends::find(&a.backend, &config.worker)?;
            std::fs::create_dir_all(&a.cache).with_context(|| format!("{}: cannot create", a.cache.display()))?;
            let mut preparer = Preparer::default();
            let model = placed(&a.config, preparer.model(&config, &here, &a.cache))?;
            let load = placed(&a.config, preparer.load(&backend, &config, &model, &here, &a.cache))?;
            println!("{}", serde_json::to_string(&protocol::Request::Load(Box::new(load)))?);
        }
        Command::Sample(a) => print!("{}", placed(&a.config, sample::sample(&configured(&a.config)?, &a))?),
        Command::GpuCheck(a) => print!("{}", gpu_check::check(&configured(&a.config)?, a)?),
    }
    Ok(ExitCode::SUCCESS)
}
