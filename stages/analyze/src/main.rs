//! Statistics: `estimate`, `comparison` and `finding`.

mod comparisons;
mod config;
mod decisions;
mod diff;
mod estimates;
mod findings;
#[cfg_attr(not(test), expect(dead_code, reason = "most statistics are tested before the stage uses them"))]
mod stats;

use clap::{Args, Parser, Subcommand};
use recombine::{Workbench, model};
use schemas::tables;
use serde::Deserialize;
use std::{path::PathBuf, process::ExitCode};

/// Estimates with intervals, blocked comparisons, and what a reader must know
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    analysis: Option<Analysis>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::Diff),
}

#[derive(Debug, Args)]
struct Analysis {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session, run, power_sample, sensor, run_energy, price, grid, cost, tco (.parquet)
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Tables to write: estimate, comparison, decision, finding
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    write: Vec<PathBuf>,
    /// Exit with status 1, tables written, where a finding says that numbers must not be used
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match (&cli.command, &cli.analysis) {
        (Some(Command::Diff(diff)), _) => diff::run(diff),
        (None, Some(analysis)) => run(analysis),
        (None, None) => Ok(true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("analyze: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Of the costs; null where there are none.
#[derive(Debug, Deserialize)]
struct Utilisation {
    utilisation: Option<f64>,
}

/// Whether nothing forbids the use of the numbers, or nobody asked.
fn run(cli: &Analysis) -> anyhow::Result<bool> {
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
    bench.materialise(model!("candidate"))?;
    let utilisation: Vec<Utilisation> = bench.select("select max(utilisation) as utilisation from tco")?;
    let utilisation = utilisation.first().and_then(|u| u.utilisation).unwrap_or(1.0);
    let decided = decisions::decisions(&bench.select("select * from candidate")?, &config, utilisation);
    bench.rows(&tables::DECISION, &decided)?;
    let found = findings::all(&bench)?;
    bench.rows(&tables::FINDING, &found)?;
    for path in &cli.write {
        bench.write(path)?;
    }
    let hard: Vec<&serde_json::Value> = found.iter().filter(|finding| finding["severity"] == "error").collect();
    if cli.strict {
        for finding in &hard {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_string();
            eprintln!("analyze: {}: {}, {}", text("code"), text("what"), text("place"));
        }
    }
    Ok(!cli.strict || hard.is_empty())
}
