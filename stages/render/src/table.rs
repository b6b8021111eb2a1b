//! Tables of the report: rows of a query, shown by a layout, each with the query that finds its source rows.

use crate::{number::Number, source::Source};
use anyhow::{Context, Result};
use recombine::{Model, Workbench};
use serde::Serialize;
use serde_json::Value;

/// A table as a section's file declares it.
pub struct Layout {
    /// Rows, over the relations of this stage; named like its CSV.
    pub rows: Model,
    pub caption: &'static str,
    /// How its numbers were computed; a row's own `method` goes before.
    pub method: &'static str,
    /// One row over the contract tables. Its columns are named like the numbers'.
    pub source: Model,
    pub evidence: Evidence,
    pub columns: &'static [(&'static str, Show)],
}

/// How the numbers of a row are known.
pub enum Evidence {
    /// A column says it.
    In(&'static str),
    All(&'static str),
    /// The table has no measured number.
    None,
}

/// How a column of a query's rows is shown.
pub enum Show {
    Text(&'static str),
    Number(&'static str),
    /// Value, low, high.
    Interval(&'static str, &'static str, &'static str),
    /// Several texts, joined.
    Joined(&'static [&'static str]),
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
    pub fn read(&self, bench: &Workbench) -> Result<Table> {
        let rows: Vec<Value> = bench.select(self.rows.sql).with_context(|| format!("table {}", self.rows.name))?;
        let source = Source::of(self.source);
        Ok(Table {
            id: self.rows.name.into(),
            caption: self.caption.into(),
            note: String::new(),
            method: self.method.into(),
            columns: self
                .columns
                .iter()
                .map(|(label, show)| Column { label: (*label).into(), number: show.is_number() })
                .collect(),
            known: !matches!(self.evidence, Evidence::None),
            sourced: true,
            rows: rows.iter().map(|row| self.row(row, &source)).collect(),
        })
    }

    fn row(&self, row: &Value, source: &Source) -> Row {
        let evidence = match self.evidence {
            Evidence::In(key) => text(row, key),
            Evidence::All(known) => known.into(),
            Evidence::None => String::new(),
        };
        let own = row.get("method").and_then(Value::as_str).unwrap_or_default();
        let method = [own, self.method].into_iter().filter(|m| !m.is_empty()).collect::<Vec<_>>().join(". ");
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
