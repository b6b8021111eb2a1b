//! Tables of the report: rows of a query, shown by a layout, each with the query that finds its source rows.

use crate::{number::Number, source::Source, sql};
use anyhow::{Context, Result};
use recombine::{Model, Workbench};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A table as `report.toml` declares it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Of its rows in `sql/tables`, over the relations of this stage, and of its CSV.
    name: String,
    /// One row over the contract tables, in `sql/sources`; unless given, of the same name. Its columns are named like the numbers'.
    source: Option<String>,
    caption: String,
    /// How its numbers were computed; a row's own `method` goes before.
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    evidence: Evidence,
    #[serde(default)]
    pub shown: Shown,
    /// Title, and what stands below it.
    columns: Vec<(String, Show)>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    #[default]
    Always,
    WithRows,
    /// Beside another run's estimates.
    WithAnotherRun,
}

/// How the numbers of a row are known.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Evidence {
    /// A column says it.
    Column(String),
    All(String),
    /// The table has no measured number.
    None,
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence::Column("evidence".into())
    }
}

/// How a column of a query's rows is shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Show {
    Text(String),
    Number(String),
    /// Value, low, high.
    Interval(String, String, String),
    /// Several texts, joined.
    Joined(Vec<String>),
}

#[derive(Debug, Clone, Serialize)]
pub struct Table {
    pub id: String,
    pub caption: String,
    /// What a reader needs beside it; may be empty.
    pub note: String,
    pub method: String,
    pub columns: Vec<Column>,
    /// Whether rows say how they are known.
    pub known: bool,
    /// Whether rows have a query that finds their source.
    pub sourced: bool,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Column {
    pub label: String,
    pub number: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub evidence: String,
    /// Where it is the row's own and not the table's.
    pub method: String,
    /// Its source rows.
    pub sql: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Cell {
    Number(Number),
    Text(String),
}

pub fn number(row: &Value, key: &str) -> Option<f64> {
    row.get(key).and_then(Value::as_f64)
}

pub fn text(row: &Value, key: &str) -> String {
    match row.get(key) {
        None | Some(Value::Null) => "not known".into(),
        Some(Value::String(s)) => s.clone(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

impl Show {
    fn is_number(&self) -> bool {
        matches!(self, Show::Number(_) | Show::Interval(..))
    }

    fn cell(&self, row: &Value, known: &Number) -> Cell {
        let of = |value: &str, ends: Option<(&str, &str)>| {
            let end = |key: Option<&str>| key.and_then(|k| number(row, k));
            let (low, high) = (end(ends.map(|e| e.0)), end(ends.map(|e| e.1)));
            let level = known.level.filter(|_| low.is_some());
            // A row's numbers may be known in different ways: then a column named like the number says how this one is.
            let own = row.get(format!("{value}_evidence")).and_then(Value::as_str);
            let evidence = own.map_or_else(|| known.evidence.clone(), str::to_string);
            Cell::Number(Number {
                value: number(row, value),
                low,
                high,
                level,
                evidence,
                column: value.into(),
                ..known.clone()
            })
        };
        match self {
            Show::Text(key) => Cell::Text(text(row, key)),
            Show::Joined(keys) => Cell::Text(keys.iter().map(|k| text(row, k)).collect::<Vec<_>>().join(" ")),
            Show::Number(key) => of(key, None),
            Show::Interval(value, low, high) => of(value, Some((low, high))),
        }
    }
}

impl Layout {
    /// The queries of its rows and of a row's source.
    pub fn files(&self) -> Result<(Model, Model)> {
        let source = self.source.as_ref().unwrap_or(&self.name);
        Ok((sql::find(sql::tables::ALL, &self.name)?, sql::find(sql::sources::ALL, source)?))
    }

    pub fn read(&self, bench: &Workbench) -> Result<Table> {
        let (rows, source) = self.files()?;
        let rows: Vec<Value> = bench.select(rows.sql).with_context(|| format!("table {}", self.name))?;
        let source = Source::of(source);
        let column = |(label, show): &(String, Show)| Column { label: label.clone(), number: show.is_number() };
        Ok(Table {
            id: self.name.clone(),
            caption: self.caption.clone(),
            note: String::new(),
            method: self.method.clone(),
            columns: self.columns.iter().map(column).collect(),
            known: !matches!(self.evidence, Evidence::None),
            sourced: true,
            rows: rows.iter().map(|row| self.row(row, &source)).collect(),
        })
    }

    fn row(&self, row: &Value, source: &Source) -> Row {
        let evidence = match &self.evidence {
            Evidence::Column(key) => text(row, key),
            Evidence::All(known) => known.clone(),
            Evidence::None => String::new(),
        };
        let own = row.get("method").and_then(Value::as_str).unwrap_or_default();
        let method = [own, &self.method].into_iter().filter(|m| !m.is_empty()).collect::<Vec<_>>().join(". ");
        let own_method = if own.is_empty() { String::new() } else { method.clone() };
        let known = Number {
            level: number(row, "ci_level"),
            n: row.get("n").and_then(Value::as_i64),
            method,
            evidence: evidence.clone(),
            ..Number::default()
        };
        Row {
            cells: self.columns.iter().map(|(_, show)| show.cell(row, &known)).collect(),
            evidence,
            method: own_method,
            sql: source.filled(row),
        }
    }
}
