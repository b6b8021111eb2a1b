//! Dollars, kWh and gCO2e: `cost`, `request_cost`, `tco` and `break_even` from runs, their energy, prices and grids.

mod config;

use clap::Parser;
use recombine::{Model, Workbench, check, model};
use schemas::{Contract, tables};
use std::{path::PathBuf, process::ExitCode};

/// Prices every cell of the matrix with every price that may run it
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session.parquet, run.parquet, run_energy.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Price files, CSV in the columns of table `price`
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    prices: Vec<PathBuf>,
    /// Grid files, CSV in the columns of table `grid`
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    grid: Vec<PathBuf>,
    /// Tables to write: price, grid, cost, request_cost, tco, break_even
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    write: Vec<PathBuf>,
}

const MODELS: &[Model] = &[
    model!("run_energy_used"),
    model!("run_unit"),
    model!("cell_unit"),
    model!("grid_latest"),
    model!("offer"),
    model!("hardware_offer"),
    model!("cell_offer"),
    model!("cost"),
    model!("mode_unit"),
    model!("request_unit"),
    model!("request_cost"),
    model!("tco"),
    model!("break_even"),
];

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("derive-costs: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let config: config::Config = schemas::config::load(&cli.config, "derive-costs")?;
    if let Some(fault) = config.fault() {
        anyhow::bail!("{}: [derive-costs]: {fault}, correct it", cli.config.display());
    }
    let mut bench = Workbench::new("derive-costs", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    csv(&mut bench, &tables::PRICE, &cli.prices)?;
    csv(&mut bench, &tables::GRID, &cli.grid)?;
    bench.values("config", &[&config])?;
    bench.values("workload", &config.workload)?;
    bench.values("owned", &[&config.owned])?;
    bench.check(check!("grid_region_is_known"))?;
    for &model in MODELS {
        bench.materialise(model)?;
    }
    bench.check(check!("cost_adds_up"))?;
    bench.check(check!("every_cell_is_priced"))?;
    for path in &cli.write {
        bench.write(path)?;
    }
    Ok(())
}

/// Registers the rows of several CSV files as one table; a key in two files is refused when the table is written.
fn csv(bench: &mut Workbench, contract: &'static Contract, files: &[PathBuf]) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for file in files {
        rows.extend(schemas::text::read_csv(file, contract)?);
        bench.input(file)?;
    }
    Ok(bench.rows(contract, &rows)?)
}
