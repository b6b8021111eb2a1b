//! Tables from files at the end of a report: a study's own beside ours from the same data, and why they differ.

use crate::{
    number::Number,
    report::Section,
    table::{Cell, Column, Row, Table},
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
        for (i, pair) in content.pair.iter().enumerate() {
            let named = |whose: &str| format!("{}: {whose}", pair.title);
            // A table of ours may rest on the study's own definitions.
            let file = format!("{}.csv", pair.ours);
            let (own, same) = (ours.join(&file), theirs.join(&file));
            let (there, here) = (theirs.join(format!("{}.csv", pair.theirs)), if own.exists() { own } else { same });
            tables.push(table(format!("appendix_{}_theirs", i + 1), &named("the study's definitions"), &there, "")?);
            tables.push(table(format!("appendix_{}_ours", i + 1), &named("ours"), &here, &pair.why)?);
        }
        Ok(Some(Section {
            id: "appendix".into(),
            title: content.title,
            texts: vec![content.text],
            tables,
            ..Section::default()
        }))
    }
}

/// A CSV file as it is; a column whose fields are all numbers or empty is one of numbers.
fn table(id: String, caption: &str, path: &Path, note: &str) -> anyhow::Result<Table> {
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
        .map(|(i, name)| Column { label: name.replace('_', " "), number: numeric(i) })
        .collect();
    let cell = |(field, column): (&str, &Column)| match column.number {
        true => Cell::Number(Number { value: field.parse().ok(), evidence: "derived".into(), ..Number::default() }),
        false if field.is_empty() => Cell::Text("not known".into()),
        false => Cell::Text(field.into()),
    };
    let row = |record: &csv::StringRecord| Row {
        cells: record.iter().zip(&columns).map(cell).collect(),
        evidence: String::new(),
        method: String::new(),
        sql: String::new(),
    };
    let rows = records.iter().map(row).collect();
    let (caption, note) = (caption.into(), note.into());
    Ok(Table { id, caption, note, method: String::new(), columns, known: false, sourced: false, rows })
}
