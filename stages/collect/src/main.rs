//! Measures runs and power into `session`, `run`, `power_sample` and `sensor`.

mod attest;
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
mod generate;
mod gpu_check;
mod host;

mod journal;
mod machine;
mod measure;
mod models;
mod parity;
mod peer;
mod pin;
mod plan;
mod power;
mod prepare;
mod progress;
mod prompts;
mod protocol;
mod random;
mod record;
mod sample;

mod tables;
mod window;
mod worker;

use anyhow::Context;
use backends::Surroundings;
use clap::Parser;
use cli::{Cli, Command};
use config::Config;
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
            let report = doctor::examine(&config, &Surroundings::from(a.here).with_server_of(&config), &a.cache);
            print!("{report}");
            return Ok(report.exit_code());
        }
        Command::Prepare(a) => {
            let config = configured(&a.config)?;
            let here = Surroundings::from(a.here);
            let backend = backends::find(&a.backend, &config.worker)?;
            std::fs::create_dir_all(&a.cache).with_context(|| format!("{}: cannot create", a.cache.display()))?;
            let model = placed(&a.config, prepare::model(&config, &here, &a.cache))?;
            let load = placed(&a.config, prepare::load(&backend, &config, &model, &here, &a.cache))?;
            println!("{}", serde_json::to_string(&protocol::Request::Load(Box::new(load)))?);
        }
        Command::Sample(a) => print!("{}", placed(&a.config, sample::sample(&configured(&a.config)?, &a))?),
        Command::GpuCheck(a) => print!("{}", gpu_check::check(&configured(&a.config)?, a)?),
        Command::Worker => worker::serve()?,
    }
    Ok(ExitCode::SUCCESS)
}
