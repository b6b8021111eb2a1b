//! The command line of `collect`.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(version, about = "Measures runs and power into session, run and power_sample")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the matrix of pipeline.toml; continues where an earlier one was stopped
    Run(Run),
    /// Write contract tables from CSV files named after their tables
    Import(Import),
    /// List the backends of this build
    Backends,
    /// Serve one engine over standard input and output (started by `run`)
    #[command(hide = true)]
    Worker(Worker),
}

#[derive(Debug, Args)]
pub struct Run {
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Folder into which the pinned wheels were installed
    #[arg(long, value_name = "DIR")]
    pub site_packages: PathBuf,
    /// ONNX Runtime's shared library [default: the one in --site-packages]
    #[arg(long, value_name = "FILE")]
    pub onnxruntime: Option<PathBuf>,
    /// Folder for graphs built from the model
    #[arg(long, value_name = "DIR")]
    pub cache: PathBuf,
    /// Folder of what was measured, one folder a plan in it
    #[arg(long, value_name = "DIR")]
    pub journal: PathBuf,
    /// Tables to write: session.parquet, run.parquet, power_sample.parquet
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub write: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Import {
    /// CSV files: session.csv, run.csv, power_sample.csv
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Folder for the tables
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
}

#[derive(Debug, Args)]
pub struct Worker {
    #[arg(long)]
    pub backend: String,
    #[arg(long)]
    pub gguf: PathBuf,
    #[arg(long)]
    pub onnx: Option<PathBuf>,
    #[arg(long)]
    pub onnxruntime: Option<PathBuf>,
    #[arg(long)]
    pub threads: usize,
}
