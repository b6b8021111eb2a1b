//! What a file is, before anybody says so: results, a power log, prices or carbon intensities.

use crate::{
    grid, lists, power, prices,
    read::{
        fault::{Fault, Result, quoted},
        format::Format,
        source::Source,
    },
    runs,
};
use clap::{Args, Command};
use std::path::Path;

/// What a file holds, in the order in which files are imported: power must cover the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Runs,
    Power,
    Prices,
    Grid,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Runs, Kind::Power, Kind::Prices, Kind::Grid];

    /// The command of `import` that reads it.
    pub fn command(self) -> &'static str {
        match self {
            Kind::Runs => "runs",
            Kind::Power => "power",
            Kind::Prices => "prices",
            Kind::Grid => "grid",
        }
    }

    /// That command with its options.
    pub fn options(self) -> Command {
        let command = Command::new(self.command());
        match self {
            Kind::Runs => runs::Options::augment_args(command),
            Kind::Power => power::Options::augment_args(command),
            Kind::Prices => lists::Prices::augment_args(command),
            Kind::Grid => lists::Grid::augment_args(command),
        }
    }

    /// Names of the formats of this kind that know a file by this beginning, or of all.
    pub fn formats(self, head: Option<&str>) -> Vec<&'static str> {
        fn names<S>(all: &'static [Format<S>], head: Option<&str>) -> Vec<&'static str> {
            all.iter().filter(|f| head.is_none_or(|head| (f.recognises)(head))).map(|f| f.name).collect()
        }
        match self {
            Kind::Runs => names(runs::ALL, head),
            Kind::Power => names(power::ALL, head),
            Kind::Prices => names(prices::ALL, head),
            Kind::Grid => names(grid::ALL, head),
        }
    }

    /// The kind of a file, by its beginning, or by the name of its format.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or that formats of no kind or of several know.
    pub fn of(path: &Path, format: Option<&str>) -> anyhow::Result<Kind> {
        Ok(kind(Source::file(path), format).map_err(|fault| fault.of(path))?)
    }
}

fn kind(source: Source, format: Option<&str>) -> Result<Kind> {
    let head = source.head()?;
    let fits = |kind: &Kind| match format {
        Some(name) => kind.formats(None).contains(&name),
        None => !kind.formats(Some(&head)).is_empty(),
    };
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(fits).collect();
    match (kinds.as_slice(), format) {
        ([kind], _) => Ok(*kind),
        ([], Some(name)) => {
            Err(Fault::new("no format of this name", quoted(name), format!("use one of {}", all_formats())))
        }
        ([], None) => {
            let first = head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let remedy = format!("say which it is with --format, one of {}", all_formats());
            Err(Fault::new("not recognised", quoted(first), remedy).at(1))
        }
        (several, _) => {
            let names: Vec<_> = several.iter().map(|kind| kind.command()).collect();
            let remedy = "import it alone, with `import` and one of these words";
            Err(Fault::new("can be of several kinds", names.join(", "), remedy))
        }
    }
}

fn all_formats() -> String {
    Kind::ALL.into_iter().flat_map(|kind| kind.formats(None)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_what_they_hold() {
        let of = |text: &str, format| kind(Source::of(text.as_bytes()), format);
        let log = "timestamp, index, power.draw [W]\n2026/01/01 00:00:00.000, 0, 70.00 W\n";
        assert_eq!(of(log, None).unwrap(), Kind::Power);
        assert_eq!(of("x", Some("vllm")).unwrap(), Kind::Runs);
        assert_eq!(of("x", Some("skypilot")).unwrap(), Kind::Prices);
        let refusal = of("x", None).unwrap_err().to_string();
        assert!(
            refusal.starts_with(": line 1: not recognised, \"x\", say which it is with --format, one of llama-bench, "),
            "{refusal}"
        );
        let refusal = of("x", Some("word")).unwrap_err().to_string();
        assert!(refusal.starts_with(": no format of this name, \"word\", use one of llama-bench, "), "{refusal}");
    }
}
