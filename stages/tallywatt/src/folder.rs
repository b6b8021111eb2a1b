//! A run folder: its tables, the configuration and the inputs that hold for it, and the stages over it.

use crate::{
    package,
    python::Python,
    stages::{self, Loudness},
};
use anyhow::{Result, bail};
use schemas::tables;
use std::{
    path::{Path, PathBuf},
    slice,
};

/// Kinds of input files: folder, and the option of `derive-costs`.
pub const INPUTS: [(&str, &str); 5] = [
    ("prices", "--prices"),
    ("grid", "--grid"),
    ("tariffs", "--tariffs"),
    ("embodied", "--embodied"),
    ("retired", "--retired"),
];

/// The price that `import runs --usd-per-hour` writes; it takes the place of the shipped own machine.
const IMPORTED_PRICE: &str = "imported-price.csv";

/// Whether the current folder is a project, as `tallywatt init` makes it.
pub fn is_project() -> bool {
    Path::new("pipeline.toml").is_file() && Path::new("data/inputs/prices").is_dir()
}

/// Folder of a run for imported lists of a kind.
pub fn imported(kind: &str) -> String {
    format!("imported-{kind}")
}

/// Removes the price of an earlier import.
pub fn forget_imported_price(run: &Path) -> Result<()> {
    match std::fs::remove_file(run.join(IMPORTED_PRICE)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

pub struct RunFolder {
    pub path: PathBuf,
    /// `pipeline.toml` of the run.
    pub config: PathBuf,
    /// Folder with `prices`, `grid` and the other kinds.
    inputs: PathBuf,
    /// Files named by the caller, by kind, in place of those in `inputs`.
    pub given: Vec<(&'static str, Vec<PathBuf>)>,
}

impl RunFolder {
    /// The configuration is `asked`, or the run's own, or that of the project around it (a folder with `pipeline.toml` and
    /// `data/inputs`), or the shipped one, which is copied into the run. The inputs likewise.
    ///
    /// # Errors
    ///
    /// A folder that cannot be written.
    pub fn open(path: &Path, asked: Option<&Path>, shipped: &str) -> Result<Self> {
        let (own, inputs) = (path.join("pipeline.toml"), path.join("inputs"));
        let is_project = is_project();
        let config = match asked {
            Some(config) => config.to_path_buf(),
            None if is_project && !own.exists() => {
                let of_project = Path::new(shipped);
                if of_project.is_file() { of_project.into() } else { "pipeline.toml".into() }
            }
            None => {
                package::write_new(&own, package::text(shipped)?)?;
                own
            }
        };
        let inputs = if is_project && !inputs.exists() {
            PathBuf::from("data/inputs")
        } else {
            for (kind, _) in INPUTS {
                package::unpack(&format!("data/inputs/{kind}"), &inputs.join(kind), &[])?;
            }
            inputs
        };
        Ok(RunFolder { path: path.into(), config, inputs, given: Vec::new() })
    }

    /// Opens a folder that holds a run, measured or imported.
    ///
    /// # Errors
    ///
    /// A folder without runs.
    pub fn open_existing(path: &Path, asked: Option<&Path>) -> Result<Self> {
        if !path.join("run.parquet").is_file() {
            let remedy =
                "name a run folder, or make one with `tallywatt measure`, `tallywatt import FILE` or `tallywatt demo`";
            bail!("{}: no runs here, run.parquet is missing, {remedy}", path.display());
        }
        let shipped = if path.join("journal").is_dir() { "pipeline.toml" } else { "import.toml" };
        Self::open(path, asked, shipped)
    }

    fn table(&self, name: &str) -> PathBuf {
        self.path.join(name).with_extension("parquet")
    }

    /// Tables that a stage writes; `run_cost`, which is large, is made on request alone.
    pub fn written_by(&self, stage: &str) -> Vec<PathBuf> {
        let own = tables::ALL.iter().filter(|table| table.stage == stage && table.name != tables::RUN_COST.name);
        own.map(|table| self.table(table.name)).collect()
    }

    /// From the measured tables to the report.
    pub fn report(&self, python: &Python, loudness: Loudness) -> Result<()> {
        let mut join = Words::new(&self.config);
        join.list("--read", &self.written_by("collect"));
        join.list("--write", &self.written_by("join-telemetry"));
        stages::run("join-telemetry", join.0, loudness)?;
        self.price(python, loudness)
    }

    /// From the energy of the runs to the report.
    pub fn price(&self, python: &Python, loudness: Loudness) -> Result<()> {
        let runs = ["session", "run", "cell", "run_fact"].map(|name| self.table(name));
        let mut derive = Words::new(&self.config);
        derive.list("--read", &runs);
        for (kind, option) in INPUTS {
            derive.list(option, &self.input_files(kind));
        }
        if self.has_imported_price() {
            derive.list("--without", &["own.csv".into()]);
        }
        derive.list("--write", &self.written_by("derive-costs"));
        stages::run("derive-costs", derive.0, loudness)?;

        let before: Vec<_> =
            ["collect", "join-telemetry", "derive-costs"].iter().flat_map(|stage| self.written_by(stage)).collect();
        let analyzed = self.written_by("analyze");
        let mut analyze = Words::new(&self.config);
        analyze.list("--read", &before);
        analyze.list("--write", &analyzed);
        stages::run("analyze", analyze.0, loudness)?;

        let mut render = Words::new(&self.config);
        render.list("--read", &[before, analyzed].concat());
        render.list("--python", slice::from_ref(&python.program));
        render.list("--draw", slice::from_ref(&python.script));
        render.list("--bundle", slice::from_ref(&python.bundle));
        render.list("--into", slice::from_ref(&self.path));
        stages::run("render", render.0, loudness)
    }

    pub fn page(&self) -> PathBuf {
        self.path.join("report.html")
    }

    fn has_imported_price(&self) -> bool {
        self.path.join(IMPORTED_PRICE).is_file()
    }

    fn input_files(&self, kind: &str) -> Vec<PathBuf> {
        let given = self.given.iter().find(|(known, files)| *known == kind && !files.is_empty());
        let folder = self.inputs.join(kind);
        let mut files = match given {
            Some((_, files)) => files.clone(),
            None if folder.is_dir() => vec![folder],
            None => Vec::new(),
        };
        let imported = self.path.join(imported(kind));
        if imported.is_dir() {
            files.push(imported);
        }
        if kind == "prices" && self.has_imported_price() {
            files.push(self.path.join(IMPORTED_PRICE));
        }
        files
    }
}

/// The words of a stage's command line.
struct Words(Vec<PathBuf>);

impl Words {
    fn new(config: &Path) -> Self {
        Words(vec!["--config".into(), config.into()])
    }

    /// An option and its values; without values neither is there.
    fn list(&mut self, option: &str, values: &[PathBuf]) {
        if !values.is_empty() {
            self.0.push(option.into());
            self.0.extend_from_slice(values);
        }
    }
}
