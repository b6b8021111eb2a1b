//! Energy of every run: `run_energy` from `session`, `run`, `power_sample` and `sensor`.

use clap::Parser;
use recombine::{Model, Workbench, check, model};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, process::ExitCode};

/// Energy of every run, from counters and integrals, with its evidence
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// session.parquet, run.parquet, power_sample.parquet, sensor.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// run_energy.parquet
    #[arg(long, value_name = "FILE", required = true)]
    write: PathBuf,
}

/// `[join-telemetry]`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    min_updates: u32,
    max_gap_ms: f64,
    max_error_pct: f64,
}

/// What SQL sees of it.
#[derive(Serialize)]
struct ConfigRow {
    min_updates: u32,
    max_gap_ns: i64,
    max_error_pct: f64,
}

const MODELS: &[Model] = &[
    model!("timespan"),
    model!("span_energy"),
    model!("sensor_span"),
    model!("idle_power"),
    model!("sensor_energy"),
    model!("total_energy"),
    model!("decode_energy"),
    model!("reported_energy"),
    model!("run_energy"),
];

const CHECKS: &[Model] = &[
    check!("energy_of_every_run"),
    check!("evidence_is_the_weakest"),
    check!("null_energy_has_a_reason"),
    check!("power_within_readings"),
];

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("join-telemetry: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let config: Config = schemas::config::load(&cli.config, "join-telemetry")?;
    for table in ["session", "run", "power_sample", "sensor"] {
        if !cli.read.iter().any(|path| path.file_stem().is_some_and(|stem| stem == table)) {
            let given = cli.read.len();
            anyhow::bail!("table {table} is missing, {given} files were given, add {table}.parquet to --read");
        }
    }
    let mut bench = Workbench::new("join-telemetry", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    let max_gap_ns = (config.max_gap_ms * 1e6) as i64;
    let Config { min_updates, max_error_pct, .. } = config;
    bench.values("config", &[ConfigRow { min_updates, max_gap_ns, max_error_pct }])?;
    for &model in MODELS {
        bench.materialise(model)?;
    }
    for &check in CHECKS {
        bench.check(check)?;
    }
    Ok(bench.write(&cli.write)?)
}
