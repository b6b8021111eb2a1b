//! `import prices` and `import grid`: other people's tables as rows of `price` and `grid`, ready for `--prices` and `--grid`.

use crate::{
    grid,
    grid::interval,
    prices,
    read::{
        fault::{self, Fault, quoted},
        format::{self, Format},
        number::Mark,
        sheet::Sheet,
        source::Source,
    },
};
use anyhow::{Result, bail};
use clap::{Args, builder::PossibleValuesParser};
use schemas::{
    Contract, Provenance,
    column::{Kind, is_date},
    error::{Error, Problem},
    io,
    sorted::{Aside, Pick, Sorter},
    tables::TIERS,
    text,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

#[derive(Debug, Clone, Args, Serialize)]
#[command(after_help = format::help(prices::ALL))]
pub struct Prices {
    /// Format of the file [default: recognised]
    #[arg(long, value_name = "NAME", value_parser = format::names(prices::ALL), hide_possible_values = true)]
    format: Option<String>,
    /// Seller: named by you where the file does not, else the only one to keep
    #[arg(long)]
    pub provider: Option<String>,
    /// Day on which the file was fetched, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub retrieved_on: Option<String>,
    /// Last day for which the source vouches for the prices, where the file does not say; left out when nobody knows
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// Where it was fetched
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,
    /// Keep this region; may be given again
    #[arg(long)]
    pub region: Vec<String>,
    /// Keep instances of this name; * stands for anything
    #[arg(long, value_name = "PATTERN")]
    pub instance: Vec<String>,
    /// Keep this accelerator, with or without its maker
    #[arg(long, value_name = "NAME")]
    pub accelerator: Vec<String>,
    /// Keep this tier
    #[arg(long, value_parser = PossibleValuesParser::new(TIERS))]
    pub tier: Vec<String>,
    /// skypilot: one row a zone (as its region) in place of the median of a region's zones
    #[arg(long)]
    pub per_zone: bool,
    /// skypilot, GCP: machine to attach accelerators to that are built into none
    #[arg(long, value_name = "INSTANCE")]
    pub host: Option<String>,
    /// Prices above it are left out
    #[arg(long, value_name = "USD", default_value_t = 1000.0)]
    pub max_usd_per_hour_per_accelerator: f64,
    /// Mark before the decimals of the file's numbers [default: what all numbers prove]
    #[arg(long, value_enum, value_name = "MARK")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Mark>,
    /// Table to write, .csv or .parquet
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub output: PathBuf,
    #[serde(skip)]
    pub input: PathBuf,
}

#[derive(Debug, Clone, Args, Serialize)]
#[command(after_help = format::help(grid::ALL))]
pub struct Grid {
    /// Format of the file [default: recognised]
    #[arg(long, value_name = "NAME", value_parser = format::names(grid::ALL), hide_possible_values = true)]
    format: Option<String>,
    /// Name of the region in the table, for a file with one region
    #[arg(long, value_name = "NAME")]
    pub zone: Option<String>,
    /// What the intensity counts: the only one to take, or what you know of a file that does not say
    #[arg(long, value_parser = PossibleValuesParser::new(["lifecycle", "direct"]))]
    pub basis: Option<String>,
    /// Whose accounting the intensity is, where the file does not say: regions are ranked within one alone
    #[arg(long, value_name = "NAME")]
    pub method: Option<String>,
    /// Take this year, or the year of a file that does not say
    #[arg(long)]
    pub year: Option<i64>,
    /// Where it was fetched
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,
    /// Keep this region of the file; may be given again. One without a value is refused
    #[arg(long)]
    pub region: Vec<String>,
    /// electricity-maps: length of a row's interval, where the file has too few to tell
    #[arg(long, value_parser = PossibleValuesParser::new(interval::NAMES))]
    pub interval: Option<String>,
    /// Mark before the decimals of the file's numbers [default: what all numbers prove]
    #[arg(long, value_enum, value_name = "MARK")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Mark>,
    /// Table to write, .csv or .parquet
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub output: PathBuf,
    #[serde(skip)]
    pub input: PathBuf,
}

pub fn import_prices(options: &Prices) -> Result<()> {
    options.check()?;
    let mut sink = prices::Sink::new(options, Aside::beside(&options.output));
    let source = Source::file(&options.input).with_decimal(options.decimal);
    let format = read(source, options.format.as_deref(), prices::ALL, &mut sink);
    let format = format.inspect_err(|_| sink.notes.print(&options.input))?;
    sink.finish(format)
}

pub fn import_grid(options: &Grid) -> Result<()> {
    writable(&options.output)?;
    let mut sink = grid::Sink::new(options, Aside::beside(&options.output));
    let source = Source::file(&options.input).with_decimal(options.decimal);
    let format = read(source, options.format.as_deref(), grid::ALL, &mut sink);
    let format = format.inspect_err(|_| sink.notes.print(&options.input))?;
    sink.finish(format)
}

/// Reads a list into a sink; the name of its format.
fn read<S>(
    source: Source,
    asked: Option<&str>,
    all: &'static [Format<S>],
    sink: &mut S,
) -> fault::Result<&'static str> {
    let format = format::of(source, asked, all);
    format.and_then(|f| (f.read)(source, sink).map(|()| f.name)).map_err(|fault| fault.of(source.path))
}

/// Refuses a list whose source nobody names.
pub fn sourced(source: Option<&str>) -> fault::Result<()> {
    let missing = || Fault::new("the file does not say where it was fetched", "no --source", "add --source URL");
    source.map(|_| ()).ok_or_else(missing)
}

/// Calls `each` with line and row of a table that has a contract's columns.
pub fn contract_rows(
    source: Source,
    contract: &'static Contract,
    each: &mut dyn FnMut(u64, text::Row) -> fault::Result<()>,
) -> fault::Result<()> {
    let sheet = Sheet::open(source)?;
    let columns = text::columns(sheet.header().iter().map(String::as_str), source.path, contract)?;
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, column) in columns.iter().enumerate() {
        if places.insert(column.name, at).is_some() {
            return Err(Fault::new("two columns have the same name", quoted(column.name), "remove one"));
        }
    }
    sheet.each(&mut |row| {
        let mut fields = text::Row::new();
        for (at, column) in columns.iter().enumerate() {
            let is_time = column.name.ends_with("_ns");
            let is_number = matches!(column.kind, Kind::Int | Kind::Float) && !is_time;
            let field = if is_number { row.plain(at)? } else { row.text(at).into() };
            let value = text::value(column, &field).map_err(|problem| match problem {
                Problem::NotA { .. } if is_time => {
                    let what = format!("column `{}` is not a time with its zone", column.name.trim_end_matches("_ns"));
                    row.fault(&what, &field, "write it as 2026-05-14T09:00:00Z")
                }
                _ => Error::Line { path: source.path.to_path_buf(), line: row.line, problem }.into(),
            })?;
            fields.insert(column.name.into(), value);
        }
        each(row.line, fields)
    })
}

/// A row of a contract as its struct.
pub fn row_of<T: DeserializeOwned>(row: text::Row) -> fault::Result<T> {
    serde_json::from_value(row.into()).map_err(|e| Fault::new("not a row of the contract", e, "correct the line"))
}

/// Refuses a name that says no format.
fn writable(output: &Path) -> Result<()> {
    match output.extension().and_then(|e| e.to_str()) {
        Some("csv" | "parquet") => Ok(()),
        _ => bail!("{}: cannot tell the format to write, the name, let it end in .csv or .parquet", output.display()),
    }
}

/// Writes what a sorter holds, by the ending of the name, and says how many rows there were.
pub fn save<T: Serialize, O: Serialize>(
    input: &Path,
    output: &Path,
    mut sorter: Sorter<T>,
    pick: Pick,
    options: &O,
) -> Result<usize> {
    let (contract, columns) = (sorter.contract(), sorter.columns()?);
    if sorter.rows() == 0 {
        bail!(
            "{}: no row of table `{}` is left, 0, widen what is kept or see the notes above",
            input.display(),
            contract.name
        );
    }
    let mut by = Provenance::new("import", schemas::config::as_json(options));
    by.input(input)?;
    let (mut sorter, mut rows) = (Some(sorter), 0);
    let feed: io::Feed = &mut |write| {
        sorter.take().map_or(Ok(()), |s| {
            s.merge(pick, &mut |batch| {
                rows += batch.num_rows();
                write(batch)
            })
        })
    };
    match output.extension().is_some_and(|e| e == "csv") {
        true => text::write_csv(output, contract, &columns, feed)?,
        false => io::write_each(output, contract, &by, feed)?,
    }
    Ok(rows)
}

/// What was done, on stderr.
pub fn said(input: &Path, output: &Path, format: &str, rows: usize, what: &str) -> Result<()> {
    fault::say(&format!("{}: read as {format}, {rows} {what} in {}", input.display(), output.display()));
    Ok(())
}

/// Whether a name fits a pattern in which * stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            rest.is_empty() || left.char_indices().map(|(i, _)| i).chain([left.len()]).any(|i| fits(rest, &left[i..]))
        }),
    }
}

impl Prices {
    fn check(&self) -> Result<()> {
        writable(&self.output)?;
        for (option, date) in [("--retrieved-on", &self.retrieved_on), ("--as-of", &self.as_of)] {
            if let Some(date) = date.as_ref().filter(|date| !is_date(date)) {
                bail!("{option}: not a date, \"{date}\", write YYYY-MM-DD");
            }
        }
        Ok(self.fetched_after(self.as_of.as_deref(), "--as-of").map_err(|fault| fault.of(&self.input))?)
    }

    /// Refuses a source that vouches for prices of after the day on which it was fetched.
    pub fn fetched_after(&self, as_of: Option<&str>, whose: &str) -> fault::Result<()> {
        match (as_of, self.retrieved_on.as_deref()) {
            (Some(as_of), Some(fetched)) if as_of > fetched => {
                let what = format!("{whose} is after the day on which the file was fetched");
                Err(Fault::new(what, quoted(as_of), "correct it or --retrieved-on"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to go on without source and day, which every format but `own` must be told.
    pub fn dated(&self) -> fault::Result<()> {
        sourced(self.source.as_deref())?;
        let what = "the file does not say when it was fetched";
        let missing = || Fault::new(what, "no --retrieved-on", "add --retrieved-on DATE");
        self.retrieved_on.as_ref().map(|_| ()).ok_or_else(missing)
    }

    /// Whether a price was asked for.
    pub fn wants(&self, price: &prices::Price) -> bool {
        let any = |wanted: &[String], fits: &dyn Fn(&String) -> bool| wanted.is_empty() || wanted.iter().any(fits);
        let accelerator = price.accelerator.as_deref().unwrap_or_default();
        any(&self.region, &|r| {
            *r == price.region || price.grid_region.as_deref().is_some_and(|g| g.ends_with(&format!(":{r}")))
        }) && any(&self.instance, &|pattern| fits(pattern, &price.instance))
            && any(&self.tier, &|tier| *tier == price.tier)
            && any(&self.accelerator, &|name| {
                let (name, accelerator) = (name.to_lowercase(), accelerator.to_lowercase());
                accelerator == name || accelerator.ends_with(&format!(" {name}"))
            })
    }
}

/// The options of a command that has these arguments.
#[cfg(test)]
pub fn parsed<T: Args + clap::FromArgMatches>(arguments: &[&str]) -> T {
    let command = T::augment_args(clap::Command::new("import"));
    let all = ["import", "--output", "out.csv", "FILE"].into_iter().chain(arguments.iter().copied());
    T::from_arg_matches(&command.get_matches_from(all)).unwrap_or_else(|e| panic!("{e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, fit) in [
            ("p5*", "p5.48xlarge", true),
            ("*xlarge", "p5.48xlarge", true),
            ("p*.48*", "p5.48xlarge", true),
            ("p5", "p5.48xlarge", false),
            ("*", "", true),
            ("a*b", "ab", true),
            ("a*b", "abc", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
