//! The stage's work: tables in, models, checks, tables out.

use crate::{config, speed, tariff};
use clap::Parser;
use recombine::{Model, Workbench, check, model};
use schemas::{
    Contract,
    config::Fault,
    io,
    sorted::{Aside, Sorter},
    tables, text,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Prices every cell of the matrix with every price that may run it
#[derive(Debug, Parser)]
#[command(version)]
pub struct Derive {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session.parquet, run.parquet, cell.parquet, run_fact.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Price files, CSV or Parquet in the columns of table `price`. Of a folder, here and below, all *.csv by name
    #[arg(long, value_name = "FILE OR DIR", num_args = 1.., required = true)]
    prices: Vec<PathBuf>,
    /// Grid files, CSV or Parquet in the columns of table `grid`
    #[arg(long, value_name = "FILE OR DIR", num_args = 1.., required = true)]
    grid: Vec<PathBuf>,
    /// Tariffs by the hour, CSV in the columns of table `tariff`
    #[arg(long, value_name = "FILE OR DIR", num_args = 0..)]
    tariffs: Vec<PathBuf>,
    /// Carbon of making instances, CSV in the columns of table `embodied`
    #[arg(long, value_name = "FILE OR DIR", num_args = 0..)]
    embodied: Vec<PathBuf>,
    /// What can no longer be rented, CSV in the columns of table `retirement`
    #[arg(long, value_name = "FILE OR DIR", num_args = 0..)]
    retired: Vec<PathBuf>,
    /// Leaves files of this name out; may be repeated
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Tables to write: price, grid, tariff, embodied, retirement, retired_price, price_match, cost, request_cost, api_cost,
    /// tco, break_even, utilisation_cost, tier_saving, region_carbon, hourly_cost, and on request run_cost
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    write: Vec<PathBuf>,
}

const MODELS: &[Model] = &[
    model!("ran_on"),
    model!("run_unit"),
    model!("serial_correlation"),
    model!("cell_unit"),
    model!("grid_year"),
    model!("grid_hour"),
    model!("retired_price"),
    model!("offer"),
    model!("model_size"),
    model!("mode_unit"),
    recombine::MEASURED_LENGTH,
    model!("request_unit"),
    model!("price_pair"),
    model!("price_mapped"),
    model!("price_match"),
    model!("hardware_offer"),
    model!("cell_offer"),
    model!("cost"),
    model!("request_offer"),
    model!("request_cost"),
    model!("api_cost"),
    model!("own_month"),
    model!("tco"),
    model!("break_even"),
    model!("utilisation_cost"),
    model!("tier_saving"),
    model!("region_carbon"),
    model!("hourly_cost"),
];

/// Large, so computed only when it is to be written.
const ON_REQUEST: &[Model] = &[model!("run_cost")];

pub fn run(cli: &Derive) -> anyhow::Result<()> {
    let config = schemas::config::load_valid(&cli.config, "derive-costs", config::Config::fault)?;
    let mut bench = Workbench::new("derive-costs", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    let beside = &cli.write[0];
    let files = |paths: &[PathBuf]| schemas::inputs::files(paths, &cli.without);
    let tariffs = files(&cli.tariffs)?;
    inputs(&mut bench, &tables::PRICE, &files(&cli.prices)?, beside)?;
    inputs(&mut bench, &tables::GRID, &files(&cli.grid)?, beside)?;
    inputs(&mut bench, &tables::TARIFF, &tariffs, beside)?;
    inputs(&mut bench, &tables::EMBODIED, &files(&cli.embodied)?, beside)?;
    inputs(&mut bench, &tables::RETIREMENT, &files(&cli.retired)?, beside)?;
    bench.values("config", &[&config.scalars()])?;
    bench.values("workload", &config.workloads())?;
    bench.values("utilisation", &config.utilisations())?;
    bench.values("owned", &[&config.owned])?;
    bench.rows(&speed::SPEED_FACTOR, &speed::rows(&config.speed_factor))?;
    bench.rows(&tariff::TARIFF_HOUR, &tariff::intervals(&tariffs)?)?;
    bench.check(check!("price_is_complete"))?;
    if let Some(fault) = unknown_home(&bench, &config.home_grid)? {
        return Err(schemas::config::refusal(&cli.config, "derive-costs", &fault).into());
    }
    bench.check(check!("grid_region_is_known"))?;
    bench.check(check!("tariff_region_is_known"))?;
    bench.check(check!("one_tariff_per_instant"))?;
    bench.check(check!("price_has_a_source"))?;
    bench.check(check!("price_is_in_its_range"))?;
    bench.check(check!("accelerator_is_counted"))?;
    bench.check(check!("one_basis_a_region"))?;
    bench.check(check!("own_machine_is_paid_for_once"))?;
    bench.check(check!("share_is_of_one"))?;
    for &model in MODELS {
        bench.materialise(model)?;
    }
    for &model in ON_REQUEST {
        bench.model(model)?;
    }
    bench.check(check!("cost_adds_up"))?;
    bench.check(check!("phases_sum_to_the_request"))?;
    bench.check(check!("energy_in_is_energy_out"))?;
    bench.check(check!("every_cell_is_priced"))?;
    bench.check(check!("other_hardware_is_mapped"))?;
    bench.check(check!("carbon_is_ranked_within_a_method"))?;
    bench.check(check!("evidence_is_the_weakest"))?;
    for path in &cli.write {
        bench.write(path)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Region {
    region: String,
}

/// The fault of a home region that no grid file has, where a price needs it.
fn unknown_home(bench: &Workbench, home_grid: &str) -> anyhow::Result<Option<Fault>> {
    let known: Vec<Region> = bench.select("select distinct region from grid order by region")?;
    let needs = "select region from price where grid_region is null and usd_per_hour is not null limit 1";
    if known.iter().any(|known| known.region == home_grid) || bench.select::<Region>(needs)?.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = known.iter().take(20).map(|known| known.region.as_str()).collect();
    let fault = Fault::new("home_grid", "home_grid is in no grid file", format!("{home_grid:?}"));
    Ok(Some(fault.remedy(format!("use one of {}", names.join(", ")))))
}

/// Registers the rows of several files as one table, which need not fit into memory. A key may occur once in all of them.
fn inputs(bench: &mut Workbench, contract: &'static Contract, files: &[PathBuf], beside: &Path) -> anyhow::Result<()> {
    let mut sorter = Sorter::<text::Row>::new(contract, Aside::beside(beside));
    for file in files {
        sorter.file(file);
        if file.extension().is_some_and(|e| e == "parquet") {
            let checked = io::scan_each(file, contract, &mut |batch| sorter.batch(&batch))?;
            bench.hashed(file, checked.seal);
        } else {
            text::scan_csv(file, contract, &mut |line, row| {
                if contract.name == tables::PRICE.name {
                    schemas::inputs::has_price(file, line, &row)?;
                }
                sorter.row(line, row)
            })?;
            bench.input(file)?;
        }
    }
    Ok(bench.sorted(sorter, Aside::beside(&beside.with_extension(contract.name)))?)
}
