//! The report: one HTML page that opens offline, Markdown with SVG and PNG charts, and the three lines a reader wants.

mod appendix;
mod charts;
mod draw;
mod format;
mod headline;
mod money;
mod page;
mod report;

use anyhow::Context;
use clap::Parser;
use recombine::{Workbench, model};
use schemas::io;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, process::ExitCode};

/// Renders report.html, report.md and the charts
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Tables of the run (.parquet)
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    read: Vec<PathBuf>,
    /// Python with vl-convert
    #[arg(long, value_name = "FILE")]
    python: PathBuf,
    /// draw.py
    #[arg(long, value_name = "FILE")]
    draw: PathBuf,
    /// Vega's browser bundle, made by `draw.py bundle`
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// estimate.parquet of another run, whose cells are shown beside this run's
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
    #[command(flatten)]
    appendix: appendix::Appendix,
    /// Folder for report.html, report.md and charts/
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

/// `[render]`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    title: String,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("render: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let config: Config = schemas::config::load(&cli.config, "render")?;
    let mut bench = Workbench::new("render", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    for model in [
        model!("mode_label"),
        model!("cell_estimate"),
        model!("backend_estimate"),
        model!("backend_cost"),
        model!("tier_cost"),
        model!("energy_table"),
    ] {
        bench.materialise(model)?;
    }
    if let Some(path) = &cli.beside {
        bench.read_as("beside", path)?;
        bench.materialise(model!("beside_cell"))?;
    }
    for &model in money::MODELS {
        bench.materialise(model)?;
    }
    let charts = charts::fill(&bench)?;
    let svgs = draw::draw(&charts, &cli.python, &cli.draw, &cli.into.join("charts"))?;
    let report = report::build(
        &bench,
        &config.title,
        charts,
        reproduce(&cli.read)?,
        cli.beside.is_some(),
        cli.appendix.section()?,
    )?;
    let bundle = std::fs::read_to_string(&cli.bundle)
        .with_context(|| format!("{}: cannot read the browser bundle, run `make setup`", cli.bundle.display()))?;
    io::write_whole(&cli.into.join("report.md"), page::markdown(&report)?.as_bytes())?;
    let html = cli.into.join("report.html");
    io::write_whole(&html, page::html(&report, &svgs, &bundle)?.as_bytes())?;
    println!("Report: {}", html.display());
    report.headline.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// Where every table came from.
fn reproduce(tables: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut lines = vec![
        "`make all` runs the pipeline; a stage runs again when its inputs or its own table of `pipeline.toml` change."
            .to_string(),
    ];
    for path in tables {
        let from = io::provenance(path, io::contract_of(path)?)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let inputs: Vec<String> = from.inputs.iter().map(|i| format!("{} {}", i.file, &i.sha256[..12])).collect();
        let inputs = if inputs.is_empty() { "measured here".into() } else { format!("from {}", inputs.join(", ")) };
        lines.push(format!("`{name}`: by `{}` at commit {}, {inputs}.", from.stage, short(&from.commit)));
    }
    Ok(lines)
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
