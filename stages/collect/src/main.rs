//! Measures runs and power into `session`, `run` and `power_sample`.

mod backends;
mod cli;
mod client;
mod clock;
mod config;
mod generate;
mod host;
mod import;
mod journal;
mod measure;
mod models;
mod parity;
mod plan;
mod power;
mod progress;
mod protocol;
mod record;
mod worker;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("collect: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(a) => {
            let config: config::Config = schemas::config::load(&a.config, "collect")?;
            if let Some(fault) = config.fault() {
                anyhow::bail!("{}: [collect]: {fault}, correct it", a.config.display());
            }
            let (site_packages, onnxruntime, cache, journal) = (a.site_packages, a.onnxruntime, a.cache, a.journal);
            let measured = measure::measure(&config, &measure::Paths { site_packages, onnxruntime, cache, journal })?;
            measure::write_tables(&measured, &config, &a.write)
        }
        Command::Import(a) => import::import(&a.files, &a.into),
        Command::Backends => {
            backends::ALL.iter().for_each(|b| println!("{:<18} {}", b.name, b.about));
            Ok(())
        }
        Command::Worker(a) => {
            let load = backends::Load { gguf: a.gguf, onnx: a.onnx, onnxruntime: a.onnxruntime, threads: a.threads };
            worker::serve(&a.backend, &load)
        }
    }
}
