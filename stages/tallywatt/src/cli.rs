//! The command line of `tallywatt`.

use crate::import::Import;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::{ffi::OsString, path::PathBuf};

/// Version with the commit that it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TALLYWATT_BUILT_FROM"), ")");

const AFTER_HELP: &str = "\
Examples:
  tallywatt demo                                        a report from recorded runs, in seconds
  tallywatt import vllm.json gpu.csv --tz Europe/Berlin your benchmark's results with a power log
  tallywatt init bench && cd bench && tallywatt measure measure on this machine
  tallywatt query \"select * from decision\"              SQL over the tables of data/run

Exit status:
  0  done
  1  refused or failed: the last line on standard error says what, where and what to do (of `diff`: worse)
  2  a command line that is wrong (of `diff`: broken input, too)
  3  `diff` alone: unclear

NO_COLOR turns colours off. TALLYWATT_PYTHON names the Python with vl-convert.";

/// What a million LLM tokens cost on your hardware, in dollars, kWh and gCO2e, with error bars
#[derive(Debug, Parser)]
#[command(name = "tallywatt", version = VERSION, after_help = AFTER_HELP, arg_required_else_help = true, propagate_version = true)]
pub struct Cli {
    /// Print errors and nothing else
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print each stage's command and its time
    #[arg(short, long, global = true)]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a report from recorded runs: no model, no network, seconds
    #[command(after_help = "Example:\n  tallywatt demo --open")]
    Demo {
        /// Folder for the run
        #[arg(long, value_name = "DIR", default_value = "tallywatt-demo")]
        run: PathBuf,
        #[command(flatten)]
        report: Report,
    },
    /// Write Makefile, pipeline.toml and data/inputs into an empty folder, in which `make all` and `tallywatt measure` work
    #[command(after_help = "Example:\n  tallywatt init bench && cd bench && make all")]
    Init {
        /// A folder that is empty or does not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Check engines, model, sensors, permissions, clock and disk, and name a remedy for each fault; changes nothing
    #[command(after_help = "Example:\n  tallywatt doctor --config pipeline.toml")]
    Doctor(Setup),
    /// Measure the matrix of pipeline.toml on this machine, and report; an interrupted measurement resumes
    #[command(after_help = "Example:\n  tallywatt measure --run data/run --open")]
    Measure {
        #[command(flatten)]
        setup: Setup,
        /// Folder for the run
        #[arg(long, value_name = "DIR", default_value = "data/run")]
        run: PathBuf,
        /// Print the matrix, the order and the expected time, and measure nothing
        #[arg(long)]
        dry_run: bool,
        /// Measure, and leave the report to `tallywatt report`
        #[arg(long)]
        no_report: bool,
        #[command(flatten)]
        report: Report,
    },
    /// Import results, power logs, price lists and grid tables, and report; formats are recognised
    #[command(after_help = "Examples:\n  tallywatt import vllm.json gpu.csv --tz Europe/Berlin\n  \
                      tallywatt import bench.md --usd-per-hour 0.06 --run data/run/mine")]
    Import {
        #[command(flatten)]
        import: Import,
        /// Folder for the run
        #[arg(long, value_name = "DIR", default_value = "data/run")]
        run: PathBuf,
        /// Configuration [default: that of the run, else of the project in this folder, else the shipped import.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        report: Report,
    },
    /// Compute and write the report of a run again
    #[command(after_help = "Example:\n  tallywatt report data/run --open")]
    Report {
        #[command(flatten)]
        existing: Existing,
        #[command(flatten)]
        report: Report,
    },
    /// Price a run again, with other prices, tariffs or carbon intensities; measures nothing
    #[command(after_help = "Example:\n  tallywatt reprice data/run --prices mine.csv --grid grid.csv")]
    Reprice {
        #[command(flatten)]
        existing: Existing,
        /// Price lists in place of the run's, CSV in the columns of table `price`
        #[arg(long, value_name = "FILE", num_args = 1..)]
        prices: Vec<PathBuf>,
        /// Grid tables in place of the run's
        #[arg(long, value_name = "FILE", num_args = 1..)]
        grid: Vec<PathBuf>,
        /// Tariffs by the hour in place of the run's
        #[arg(long, value_name = "FILE", num_args = 1..)]
        tariffs: Vec<PathBuf>,
        #[command(flatten)]
        report: Report,
    },
    /// Read the tables of a run with SQL
    #[command(
        after_help = "Example:\n  tallywatt query --format csv \"select backend, avg(latency_ms) as latency_ms from run group by backend\""
    )]
    Query(query::Cli),
    /// Compare two runs cell by cell, as a gate for continuous integration
    #[command(after_help = "Example:\n  tallywatt diff data/run/before data/run/after --max-regression-pct 5")]
    Diff(analyze::Diff),
    /// Print every value that holds with a pipeline.toml, the defaults included
    #[command(after_help = "Example:\n  tallywatt config pipeline.toml")]
    Config {
        /// Configuration [default: that of the project in this folder, else the shipped one]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Write each stage's own table into this folder instead, and touch only what changed
        #[arg(long, value_name = "DIR")]
        split: Option<PathBuf>,
    },
    /// Print the completions for a shell
    #[command(
        after_help = "Example:\n  tallywatt completions bash > ~/.local/share/bash-completion/completions/tallywatt"
    )]
    Completions { shell: Shell },
    /// Write the manual pages
    #[command(after_help = "Example:\n  tallywatt man ~/.local/share/man/man1")]
    Man {
        /// Folder for the pages
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Run one stage alone, as Makefiles do
    #[command(hide = true)]
    Stage {
        /// Name of the stage and its own command line
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        words: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
pub struct Report {
    /// Open the report in the browser
    #[arg(long)]
    pub open: bool,
    /// Python with vl-convert, which draws the charts [default: beside this program, then the active environment's, then PATH's]
    #[arg(long, value_name = "FILE")]
    pub python: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Existing {
    /// Run folder
    #[arg(value_name = "RUN", default_value = "data/run")]
    pub run: PathBuf,
    /// Configuration [default: that of the run, else of the project in this folder, else the shipped one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Setup {
    /// Configuration [default: pipeline.toml of the project in this folder, else the shipped one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of packages with ONNX Runtime and the model [default: that of the Python beside this program or on PATH]
    #[arg(long, value_name = "DIR")]
    pub site_packages: Option<PathBuf>,
    /// Folder for graphs built from the model [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}
