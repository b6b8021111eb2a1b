//! `query "SELECT ..."`: every contract table of a run folder, read-only.

mod guard;
mod output;
mod place;
mod printed;

use clap::{Parser, ValueEnum};
use recombine::Workbench;
use std::{
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// SQL over every table of a run folder. Only reads: no DDL, COPY or SET, and no file outside the folder
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
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
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Memory for the query in MiB; sorts, joins and groups that need more use temporary files. Half of what is free, at most 2048,
    /// unless given
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(64..=1 << 30))]
    memory: Option<u64>,
    /// Ends a query that takes longer; 0 waits for ever
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// CSV has lists as JSON text
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

/// What the binary `query` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    execute(&Cli::parse_from(arguments))
}

/// Runs the query in a second process, which is this program with the same command line.
pub fn execute(cli: &Cli) -> ExitCode {
    let memory = cli.memory.unwrap_or_else(guard::share_of_memory);
    let done = if guard::is_inside() {
        guard::bind(memory, u64::from(cli.threads)).and_then(|()| run(cli, memory)).map(|()| ExitCode::SUCCESS)
    } else {
        guard::watch(memory, cli.timeout, cli.output.as_deref())
    };
    done.unwrap_or_else(|error| {
        eprintln!("query: {}", schemas::terminal::escaped(&format!("{error:#}")));
        ExitCode::FAILURE
    })
}

fn run(cli: &Cli, memory: u64) -> anyhow::Result<()> {
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
    if let Some(output) = &cli.output {
        place::refuse_own(output, &cli.run)?;
    }
    let tables = place::tables(&cli.run)?;
    if tables.is_empty() && cli.table.is_empty() {
        anyhow::bail!(
            "{}: no table here, 0 Parquet files of the contracts, run `make all` or pass --run DIR",
            cli.run.display()
        );
    }
    let mut bench = Workbench::bounded("query", &(), usize::from(cli.threads), guard::pool(memory))?;
    bench.read(tables.iter().map(PathBuf::as_path))?;
    for (name, path) in &cli.table {
        table(&mut bench, name, path)?;
    }
    output::write(&bench, &sql, cli.format, cli.output.as_deref())
}

fn table(bench: &mut Workbench, name: &str, path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        anyhow::bail!("{}: no such file or folder, {name}={}, correct --table", path.display(), path.display());
    }
    if let Some(kind) = schemas::io::kind_but_file(path).filter(|_| !path.is_dir()) {
        anyhow::bail!("{}: not a file or folder, {kind}, correct --table", path.display());
    }
    Ok(bench.parquet(name, path)?)
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err("not NAME=PATH".into()),
    }
}
