//! The report: one HTML page that opens offline, Markdown with SVG and PNG charts, JSON, and CSV of each table.

mod answer;
mod appendix;
mod charts;
mod draw;
mod format;
mod models;
mod number;
mod outline;
mod outputs;
mod page;
mod place;
mod report;
mod reproduce;
mod source;
mod sql;
mod table;
mod whatif;

use anyhow::Context;
use clap::Parser;
use recombine::Workbench;
use schemas::{
    config::{self, Fault},
    terminal::escaped,
};
use serde::{Deserialize, Serialize};
use std::{ffi::OsString, path::PathBuf, process::ExitCode};

/// Renders report.html, report.md, report.json, the tables as CSV and the charts
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
    /// Folder for report/, which holds report.html, report.md, report.json, csv/ and charts/, and for links to these five
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

/// `[render]`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    title: String,
}

impl Config {
    /// What no type can say: the title is the page's, a heading of Markdown and a line of JSON.
    fn fault(&self) -> Option<Fault> {
        let is_odd = self.title.trim().is_empty() || self.title.chars().any(char::is_control);
        let length = self.title.chars().count();
        is_odd
            .then(|| Fault::new("title", "title must have visible characters only", format!("{:?}", self.title)))
            .or_else(|| (length > 200).then(|| Fault::new("title", "title must have at most 200 characters", length)))
    }
}

/// What the binary `render` does with its command line, of which the first word is a name; a fault of the call ends the process with
/// status 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    match run(&Cli::parse_from(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("render: {}", escaped(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let config = config::load_valid(&cli.config, "render", Config::fault)?;
    let place = place::Place::beside(&cli.into)?;
    let mut drawing = draw::Drawing::start(&cli.python, &cli.draw, &place.charts()?)?;
    let mut bench = Workbench::new("render", &config)?;
    bench.read(cli.read.iter().map(PathBuf::as_path))?;
    // Costs of an older run have none.
    if !cli.read.iter().any(|path| path.file_stem().is_some_and(|stem| stem == schemas::tables::PRICE_MATCH.name)) {
        bench.empty(&schemas::tables::PRICE_MATCH)?;
    }
    if let Some(path) = &cli.beside {
        bench.read_as("beside", path)?;
    }
    let priced = reproduce::provenance_of("cost", &cli.read)?.map(|p| p.config).unwrap_or_default();
    let measured = reproduce::provenance_of("session", &cli.read)?.map(|p| p.config).unwrap_or_default();
    models::materialise(&mut bench, &priced, cli.beside.is_some())?;
    let outline = outline::Outline::read()?;
    let charts = charts::fill(&bench, outline.charts(), |chart| drawing.draw(chart))?;
    let with_another = cli.beside.is_some();
    let material = outline::Material { bench: &bench, charts: &charts, with_another, priced: &priced };
    let mut sections = outline.sections(&material)?;
    sections.push(reproduce::section(&cli.read)?);
    sections.extend(cli.appendix.section()?);
    let answer = answer::answer(&bench, &outline.answer, &priced, &measured)?;
    let report = report::Report { version: report::VERSION, title: config.title, answer, sections };
    let bundle = std::fs::read_to_string(&cli.bundle).with_context(|| {
        format!("{}: cannot read the browser bundle, {}", cli.bundle.display(), schemas::error::setup())
    })?;
    let svgs = drawing.finish(&charts)?;
    outputs::write(&report, &svgs, &bundle, place.path())?;
    place.publish()?;
    let said = [&report.answer.sentence, &report.answer.costs, &report.answer.subject];
    println!("Report: {}", escaped(&cli.into.join("report.html").to_string_lossy()));
    said.into_iter().chain(&report.answer.lines).for_each(|line| println!("{}", escaped(line)));
    Ok(())
}
