//! Energy and facts of every run: `run_energy`, `cell` and `run_fact` from `session`, `run`, `power_sample` and `sensor`.

mod alignment;
mod config;

use clap::Parser;
use config::{Config, EnergyScope};
use recombine::{Model, Workbench, check, model};
use serde::Serialize;
use std::{ffi::OsString, path::PathBuf, process::ExitCode};

/// Energy of every run, from counters and integrals, with its evidence, and the facts that later stages go by
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session.parquet, run.parquet, power_sample.parquet, sensor.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// run_energy.parquet, alignment.parquet, cell.parquet, run_fact.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    write: Vec<PathBuf>,
}

/// What SQL sees of the configuration.
#[derive(Serialize)]
struct ConfigRow {
    min_updates: u32,
    max_gap_ns: i64,
    max_error_pct: f64,
    clock_error_ns: f64,
    energy_scope: EnergyScope,
}

/// Windows of runs, spans of time and what each series of readings gives for them, from which clocks are aligned.
const SPANS: &[Model] = &[model!("run_window"), model!("timespan"), model!("span_energy")];

const MODELS: &[Model] = &[
    model!("sensor_trait"),
    model!("shifted_span"),
    model!("shifted_energy"),
    model!("sensor_span"),
    model!("idle_power"),
    model!("sensor_energy"),
    model!("total_energy"),
    model!("decode_energy"),
    model!("reported_energy"),
    model!("run_energy"),
    model!("cell"),
    model!("run_fact"),
];

const CHECKS: &[Model] = &[
    check!("energy_of_every_run"),
    check!("evidence_is_the_weakest"),
    check!("null_energy_has_a_reason"),
    check!("power_within_readings"),
    check!("every_run_has_its_facts"),
    check!("unusable_has_a_reason"),
    check!("energy_counts_once"),
];

/// What the binary `join-telemetry` does with its command line, of which the first word is a name; a fault of the call ends the process
/// with status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match run(&Cli::parse_from(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("join-telemetry: {}", schemas::terminal::escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let config = schemas::config::load_valid(&cli.config, "join-telemetry", Config::fault)?;
    for table in ["session", "run", "power_sample", "sensor"] {
        if !cli.read.iter().any(|path| path.file_stem().is_some_and(|stem| stem == table)) {
            let given = cli.read.len();
            anyhow::bail!("table {table} is missing, {given} files were given, add {table}.parquet to --read");
        }
    }
    let mut bench = Workbench::new("join-telemetry", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    let max_gap_ns = (config.max_gap_ms * 1e6) as i64;
    let Config { min_updates, max_error_pct, energy_scope, .. } = config;
    let clock_error_ns = config.clock_error_ms * 1e6;
    bench.check(check!("session_is_known"))?;
    bench.values("config", &[ConfigRow { min_updates, max_gap_ns, max_error_pct, clock_error_ns, energy_scope }])?;
    for &model in SPANS {
        bench.materialise(model)?;
    }
    alignment::align(&bench, &config)?;
    for &model in MODELS {
        bench.materialise(model)?;
    }
    for &check in CHECKS {
        bench.check(check)?;
    }
    for path in &cli.write {
        bench.write(path)?;
    }
    Ok(())
}
