//! The command line of `collect`.

use crate::installed::Installed;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(version, about = "Measures runs and power into session, run, power_sample and sensor")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the matrix of pipeline.toml; continues where an earlier one was stopped
    Run(Run),
    /// List all backends, and which can run on this machine
    Backends(Installed),
    /// Check engines, model, sensors, permissions, clock and disk, each with a remedy
    Doctor(Setup),
    /// Read the power sources for a while and print what they gave and what reading them cost
    Sample(Sample),
    /// Measure what an NVIDIA GPU's power readings are, and which CUDA backends run; writes a record (docs/hardware)
    GpuCheck(GpuCheck),
    /// Build a backend's form of the model and print the first request for its worker
    Prepare(Prepare),
}

/// The configuration, and where what it names is installed and built.
#[derive(Debug, Args)]
pub struct Setup {
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    #[command(flatten)]
    pub here: Installed,
    /// Folder for graphs built from the model
    #[arg(long, value_name = "DIR")]
    pub cache: PathBuf,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub setup: Setup,
    /// Folder of what was measured, one folder a plan in it
    #[arg(long, value_name = "DIR")]
    pub journal: PathBuf,
    /// Print the matrix, the order and the expected time, and measure nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Tables to write: session.parquet, run.parquet, power_sample.parquet, sensor.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "dry_run")]
    pub write: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Prepare {
    #[command(flatten)]
    pub setup: Setup,
    /// Name of the backend
    #[arg(long)]
    pub backend: String,
}

#[derive(Debug, Args)]
pub struct Sample {
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// How long
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    pub seconds: f64,
    /// Readings a second of every source [default: each source's own sample_hz]
    #[arg(long, value_name = "HZ")]
    pub hz: Option<f64>,
    /// Tables to write: power_sample.parquet, sensor.parquet [default: none, what was read is thrown away]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub write: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct GpuCheck {
    #[command(flatten)]
    pub setup: Setup,
    /// Folder for the record: DATE-GPU.md and DATE-GPU.parquet
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Backend that loads the GPU [default: the first CUDA backend that passes the gate]
    #[arg(long, value_name = "NAME")]
    pub load: Option<String>,
    /// Length of the square wave
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    pub seconds: f64,
    /// Seed of the square wave
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Tables of a matrix that was measured here, to be told in the record: run.parquet, run_energy.parquet
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub matrix: Vec<PathBuf>,
    /// Name the GPU and what it offers, and measure nothing
    #[arg(long)]
    pub dry_run: bool,
}
