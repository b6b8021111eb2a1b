//! `query "SELECT ..."`: every contract table of a run folder, read-only.

mod output;

use clap::{Parser, ValueEnum};
use recombine::Workbench;
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// SQL over every table of a run folder. Only reads: no DDL, COPY or SET, and no file outside the folder
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The query; `-` reads it from standard input
    #[arg(value_name = "SQL", required_unless_present = "file")]
    sql: Option<String>,
    /// Read the query from a file
    #[arg(long, value_name = "FILE", conflicts_with = "sql")]
    file: Option<PathBuf>,
    /// Folder with the Parquet files
    #[arg(long, value_name = "DIR", default_value = "data/run")]
    run: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write here instead of to standard output (needed for Parquet)
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("query: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let sql = match (&cli.sql, &cli.file) {
        (Some(sql), _) if sql != "-" => sql.clone(),
        (_, Some(file)) => {
            std::fs::read_to_string(file).map_err(|e| anyhow::anyhow!("{}: cannot read, {e}", file.display()))?
        }
        _ => {
            let mut sql = String::new();
            std::io::stdin().read_to_string(&mut sql)?;
            sql
        }
    };
    let tables = tables(&cli.run);
    if tables.is_empty() {
        anyhow::bail!(
            "{}: no table here, 0 Parquet files of the contracts, run `make all` or pass --run DIR",
            cli.run.display()
        );
    }
    let mut bench = Workbench::new("query", &())?;
    bench.read(tables.iter().map(PathBuf::as_path))?;
    output::write(&bench.read_only(&sql)?, cli.format, cli.output.as_deref())
}

/// The contract files of a folder, in the order of the pipeline.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let file = |c: &&schemas::Contract| folder.join(format!("{}.parquet", c.name));
    schemas::tables::ALL.iter().map(file).filter(|f| f.is_file()).collect()
}
