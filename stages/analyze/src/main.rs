//! Statistics: `estimate`, `comparison` and `finding`.

mod comparisons;
mod config;
mod estimates;
mod findings;
mod stats;

use clap::Parser;
use recombine::{Workbench, model};
use schemas::tables;
use std::{path::PathBuf, process::ExitCode};

/// Estimates with intervals, blocked comparisons, and what a reader must know
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session, run, power_sample, sensor, run_energy, price, grid, cost (.parquet)
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Tables to write: estimate, comparison, finding
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    write: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("analyze: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let config: config::Config = schemas::config::load(&cli.config, "analyze")?;
    if let Some(fault) = config.fault() {
        anyhow::bail!("{}: [analyze]: {fault}, correct it", cli.config.display());
    }
    let mut bench = Workbench::new("analyze", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    bench.values("config", &[&config])?;
    bench.materialise(model!("observation"))?;
    let groups = estimates::group(bench.select("select * from observation")?);
    bench.rows(&tables::ESTIMATE, &estimates::estimates(&groups, config.ci_level))?;
    bench.rows(&tables::COMPARISON, &comparisons::comparisons(&groups, config.ci_level))?;
    let found = findings::all(&bench)?;
    bench.rows(&tables::FINDING, &found)?;
    for path in &cli.write {
        bench.write(path)?;
    }
    Ok(())
}
