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
    /// Another Parquet file, or a folder of such, as a table; may be repeated. The run folder may then be empty
    #[arg(long, value_name = "NAME=PATH", value_parser = named)]
    table: Vec<(String, PathBuf)>,
    /// Threads to compute on; with more than one, rows without ORDER BY come in any order
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
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
    if tables.is_empty() && cli.table.is_empty() {
        anyhow::bail!(
            "{}: no table here, 0 Parquet files of the contracts, run `make all` or pass --run DIR",
            cli.run.display()
        );
    }
    let mut bench = Workbench::parallel("query", &(), usize::from(cli.threads))?;
    bench.read(tables.iter().map(PathBuf::as_path))?;
    for (name, path) in &cli.table {
        if !path.exists() {
            anyhow::bail!("{}: no such file or folder, {name}={}, correct --table", path.display(), path.display());
        }
        bench.parquet(name, path)?;
    }
    output::write(&bench, &sql, cli.format, cli.output.as_deref())
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err("not NAME=PATH".into()),
    }
}

/// The contract files of a folder, in the order of the pipeline.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let file = |c: &&schemas::Contract| folder.join(format!("{}.parquet", c.name));
    schemas::tables::ALL.iter().map(file).filter(|f| f.is_file()).collect()
}
