//! Tables from files at the end of a report: a study's own beside ours from the same data, and why they differ.

use crate::{
    format::significant,
    report::{Column, Section, Table},
};
use anyhow::{Context, ensure};
use clap::Args;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where the tables are.
#[derive(Debug, Args)]
#[group(multiple = true)]
pub struct Appendix {
    /// What to show at the end: pairs of tables and why they differ
    #[arg(long, value_name = "FILE", requires_all = ["theirs", "ours"])]
    appendix: Option<PathBuf>,
    /// Folder with the study's tables as CSV
    #[arg(long, value_name = "DIR")]
    theirs: Option<PathBuf>,
    /// Folder with ours
    #[arg(long, value_name = "DIR")]
    ours: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    title: String,
    text: String,
    #[serde(default)]
    pair: Vec<Pair>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    title: String,
    theirs: String,
    ours: String,
    why: String,
}

impl Appendix {
    pub fn section(&self) -> anyhow::Result<Option<Section>> {
        let (Some(file), Some(theirs), Some(ours)) = (&self.appendix, &self.theirs, &self.ours) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).with_context(|| format!("{}: cannot read", file.display()))?;
        let content: Content = toml::from_str(&text).with_context(|| format!("{}: not an appendix", file.display()))?;
        let mut tables = Vec::new();
        for pair in &content.pair {
            let named = |whose: &str| format!("{}: {whose}", pair.title);
            tables.push(table(&named("the study's definitions"), &theirs.join(format!("{}.csv", pair.theirs)), "")?);
            tables.push(table(&named("ours"), &ours.join(format!("{}.csv", pair.ours)), &pair.why)?);
        }
        Ok(Some(Section {
            id: "appendix",
            title: content.title.into(),
            texts: vec![content.text],
            charts: Vec::new(),
            tables,
        }))
    }
}

/// A CSV file as it is; a column whose fields are all numbers or empty is one of numbers.
fn table(caption: &str, path: &Path, note: &str) -> anyhow::Result<Table> {
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("{}: cannot read", path.display()))?;
    let header = reader.headers()?.clone();
    let records =
        reader.records().collect::<Result<Vec<_>, _>>().with_context(|| format!("{}: not CSV", path.display()))?;
    ensure!(!header.is_empty(), "{}: no column, run `make tr119`", path.display());
    let numeric = |column: usize| {
        let fields = || records.iter().filter_map(|r| r.get(column)).filter(|f| !f.is_empty());
        fields().count() > 0 && fields().all(|f| f.parse::<f64>().is_ok())
    };
    let columns: Vec<Column> = header
        .iter()
        .enumerate()
        .map(|(i, name)| Column { label: name.replace('_', " ").into(), number: numeric(i) })
        .collect();
    let show = |(field, column): (&str, &Column)| match field.parse::<f64>() {
        _ if field.is_empty() => "not known".to_string(),
        Ok(number) if column.number => significant(number),
        _ => field.to_string(),
    };
    let rows = records.iter().map(|record| record.iter().zip(&columns).map(show).collect()).collect();
    Ok(Table { caption: caption.into(), note: note.into(), columns, rows })
}
