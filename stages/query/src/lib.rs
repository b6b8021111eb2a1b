//! `query "SELECT ..."`: every contract table of a run folder, read-only.

mod guard;
mod meanings;
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
    /// The query; `-` reads it from standard input; `.tables` and `.schema TABLE` list tables and columns with their meaning
    #[arg(value_name = "SQL", required_unless_present = "file")]
    sql: Option<String>,
    /// Read the query from a file
    #[arg(long, visible_alias = "sql-file", value_name = "FILE", conflicts_with = "sql")]
    file: Option<PathBuf>,
    /// Folder with the Parquet files
    #[arg(long, value_name = "DIR", default_value = "data/run")]
    run: PathBuf,
    /// Another Parquet or CSV file, or a folder of Parquet files, as a table; may be repeated. The run folder may then be empty
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
    /// Format of the result; CSV has lists as JSON text [default: by the ending of --output, else a table]
    #[arg(long, value_enum)]
    format: Option<Format>,
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
    let format = format(cli.format, cli.output.as_deref())?;
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
    let sql = meanings::expand(&bench, &sql)?;
    output::write(&bench, &sql, format, cli.output.as_deref())
}

/// What was asked for, or what the name of the output ends in.
fn format(asked: Option<Format>, output: Option<&Path>) -> anyhow::Result<Format> {
    let Some((None, output)) = output.map(|output| (asked, output)) else { return Ok(asked.unwrap_or(Format::Table)) };
    let ending = output.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("csv") => Ok(Format::Csv),
        Some("json") => Ok(Format::Json),
        Some("parquet") => Ok(Format::Parquet),
        Some("txt") => Ok(Format::Table),
        _ => anyhow::bail!(
            "{}: cannot tell the format, the name, let it end in .csv, .json, .parquet or .txt, or pass --format",
            output.display()
        ),
    }
}

fn table(bench: &mut Workbench, name: &str, path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        anyhow::bail!("{}: no such file or folder, {name}={}, correct --table", path.display(), path.display());
    }
    if let Some(kind) = schemas::io::kind_but_file(path).filter(|_| !path.is_dir()) {
        anyhow::bail!("{}: not a file or folder, {kind}, correct --table", path.display());
    }
    let is_csv = path.is_file() && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    Ok(if is_csv { bench.csv(name, path) } else { bench.parquet(name, path) }?)
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err("not NAME=PATH".into()),
    }
}
