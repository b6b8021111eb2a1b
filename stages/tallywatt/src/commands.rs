//! What each command does.

use crate::{
    cli::{Cli, Command, Existing, Report, Setup},
    folder::{self, RunFolder},
    package, project,
    python::{self, Python},
    stages::{self, Loudness},
};
use anyhow::{Context, Result};
use clap::CommandFactory;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Runs a command that is no program of its own.
///
/// # Errors
///
/// What was refused; [`stages::Failed`] where a stage has said why.
pub fn run(command: Command, loudness: Loudness) -> Result<()> {
    match command {
        Command::Demo { run, report } => {
            let python = Python::find(report.python.as_deref())?;
            let folder = project::demo(&run, loudness)?;
            folder.report(&python, loudness)?;
            present(&folder, &report)
        }
        Command::Init { folder } => {
            project::init(&folder)?;
            let name = folder.display();
            println!(
                "{name}: ready. Next: `cd {name}`, then `make doctor` and `make all`, or `tallywatt import FILE...`"
            );
            Ok(())
        }
        Command::Doctor(setup) => {
            let scratch = tempfile::tempdir()?;
            let mut words = vec!["doctor".into()];
            words.extend(setup_words(&setup, &configuration(&setup, scratch.path())?)?);
            stages::run("collect", words, loudness)
        }
        Command::Measure { setup, run, dry_run, no_report, report } => {
            // Before minutes of measuring: what would fail after them.
            let python = if dry_run || no_report { None } else { Some(Python::find(report.python.as_deref())?) };
            let folder = RunFolder::open(&run, setup.config.as_deref(), "pipeline.toml")?;
            measure(&setup, &folder, dry_run, loudness)?;
            let Some(python) = python else { return Ok(()) };
            folder.report(&python, loudness)?;
            present(&folder, &report)
        }
        Command::Import { import, run, config, report } => {
            let python = Python::find(report.python.as_deref())?;
            import.import(&run, loudness)?;
            let folder = RunFolder::open(&run, config.as_deref(), "import.toml")?;
            folder.report(&python, loudness)?;
            present(&folder, &report)
        }
        Command::Report { existing, report } => {
            let python = Python::find(report.python.as_deref())?;
            let folder = open(&existing)?;
            folder.report(&python, loudness)?;
            present(&folder, &report)
        }
        Command::Reprice { existing, prices, grid, tariffs, report } => {
            let python = Python::find(report.python.as_deref())?;
            let mut folder = open(&existing)?;
            folder.given = vec![("prices", prices), ("grid", grid), ("tariffs", tariffs)];
            folder.price(&python, loudness)?;
            present(&folder, &report)
        }
        Command::Config { file, split } => config(file.as_deref(), split.as_deref()),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "tallywatt", &mut std::io::stdout());
            Ok(())
        }
        Command::Man { folder } => {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
            Ok(clap_mangen::generate_to(Cli::command(), &folder)?)
        }
        Command::Query(_) | Command::Diff(_) | Command::Stage { .. } => unreachable!("handled by the caller"),
    }
}

fn open(existing: &Existing) -> Result<RunFolder> {
    RunFolder::open_existing(&existing.run, existing.config.as_deref())
}

/// Opens the report if asked to.
fn present(folder: &RunFolder, report: &Report) -> Result<()> {
    if report.open {
        let page = folder.page();
        open::that(&page)
            .with_context(|| format!("{}: no browser could be started, open the file yourself", page.display()))?;
    }
    Ok(())
}

fn measure(setup: &Setup, folder: &RunFolder, dry_run: bool, loudness: Loudness) -> Result<()> {
    let mut words = vec!["run".into()];
    words.extend(setup_words(setup, &folder.config)?);
    words.extend(["--journal".into(), folder.path.join("journal")]);
    if dry_run {
        words.push("--dry-run".into());
    } else {
        words.push("--write".into());
        words.extend(folder.written_by("collect"));
    }
    stages::run("collect", words, loudness)
}

/// Options of `collect` for a configuration.
fn setup_words(setup: &Setup, config: &Path) -> Result<Vec<PathBuf>> {
    let mut words = vec!["--config".into(), config.into(), "--cache".into()];
    words.push(setup.cache.clone().map_or_else(python::cache, Ok)?);
    if let Some(folder) = setup.site_packages.clone().or_else(python::site_packages) {
        words.extend(["--site-packages".into(), folder]);
    }
    Ok(words)
}

/// The configuration that was asked for, or the project's, or the shipped one, written to a scratch folder.
fn configuration(setup: &Setup, scratch: &Path) -> Result<PathBuf> {
    match &setup.config {
        Some(config) => Ok(config.clone()),
        None if folder::is_project() => Ok("pipeline.toml".into()),
        None => {
            let path = scratch.join("pipeline.toml");
            package::write_new(&path, package::text("pipeline.toml")?)?;
            Ok(path)
        }
    }
}

fn config(file: Option<&Path>, split: Option<&Path>) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let file = match file {
        Some(file) => file.to_path_buf(),
        None => configuration(&Setup { config: None, site_packages: None, cache: None }, scratch.path())?,
    };
    match split {
        Some(folder) => Ok(schemas::own_config::split(&file, folder)?),
        None => {
            // A reader that goes away has seen enough.
            let _ = write!(std::io::stdout(), "{}", schemas::layers::effective(&file)?);
            Ok(())
        }
    }
}
