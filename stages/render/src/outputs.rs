//! The report's files: HTML, Markdown, JSON, and each table as CSV.

use crate::{
    page,
    report::Report,
    table::{Cell, Table},
};
use anyhow::{Context, Result};
use schemas::{
    io,
    terminal::{escaped, escaped_json},
};
use std::{borrow::Cow, collections::BTreeMap, fs, path::Path};

/// Writes all but the charts into a folder that nobody looks at yet.
pub fn write(report: &Report, svgs: &BTreeMap<String, String>, bundle: &str, into: &Path) -> Result<()> {
    let folder = into.join("csv");
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot create", folder.display()))?;
    for table in report.tables() {
        io::write_whole(&folder.join(format!("{}.csv", table.id)), &csv(table)?)?;
    }
    io::write_whole(&into.join("report.json"), escaped_json(&serde_json::to_string(report)?).as_bytes())?;
    io::write_whole(&into.join("report.md"), page::markdown(report)?.as_bytes())?;
    Ok(io::write_whole(&into.join("report.html"), page::html(report, svgs, bundle)?.as_bytes())?)
}

/// What a spreadsheet, in some languages also in full width, would compute instead of showing it (OWASP, CSV Injection).
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Such a text with `'` before it, and without what a terminal obeys; numbers are no texts and stay numbers.
fn inert(text: &str) -> Cow<'_, str> {
    let is_formula = text.starts_with(FORMULA) && text.chars().nth(1).is_some();
    let shown = escaped(text);
    if is_formula && text.parse::<f64>().is_err() { format!("'{shown}").into() } else { shown }
}

/// A number has columns for its interval; a row's evidence and source come last.
fn csv(table: &Table) -> Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let has_interval =
        |i: usize| table.rows.iter().any(|row| matches!(&row.cells[i], Cell::Number(number) if number.low.is_some()));
    let intervals: Vec<bool> = (0..table.columns.len()).map(has_interval).collect();
    let mut header = Vec::new();
    for (column, interval) in table.columns.iter().zip(&intervals) {
        let label = column.label.trim_end_matches(" [interval]").trim_end_matches(" [range]");
        header.push(label.to_string());
        if *interval {
            header.extend([format!("{label}, low"), format!("{label}, high")]);
        }
    }
    header.extend(table.known.then(|| "evidence".to_string()));
    header.extend(table.sourced.then(|| "source".to_string()));
    out.write_record(header.iter().map(|label| inert(label).into_owned()))?;
    let full = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    for row in &table.rows {
        let mut fields = Vec::new();
        for (cell, interval) in row.cells.iter().zip(&intervals) {
            match cell {
                Cell::Text(text) => fields.push(inert(text).into_owned()),
                Cell::Number(number) => {
                    fields.push(full(number.value));
                    if *interval {
                        fields.extend([full(number.low), full(number.high)]);
                    }
                }
            }
        }
        fields.extend(table.known.then(|| inert(&row.evidence).into_owned()));
        fields.extend(table.sourced.then(|| inert(&row.sql).into_owned()));
        out.write_record(&fields)?;
    }
    out.into_inner().map_err(|e| anyhow::anyhow!("table {}: {e}", table.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        number::Number,
        table::{Column, Row},
    };

    #[test]
    fn no_spreadsheet_computes_a_name() {
        for name in ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "-x", "＝1+1"] {
            assert_eq!(inert(name), format!("'{name}"));
        }
        assert_eq!(["\t=1+1", "\r=1"].map(inert), ["'\\t=1+1", "'\\r=1"]);
        for plain in ["-5", "+0.5e3", "-", "a=b", "", "mean", "-inf"] {
            assert_eq!(inert(plain), plain);
        }
    }

    #[test]
    fn a_table_as_csv() {
        let number = Number { value: Some(0.1), low: Some(0.05), high: Some(0.2), ..Number::default() };
        let column = |label: &str, number| Column { label: label.into(), number };
        let table = Table {
            id: "t".into(),
            caption: String::new(),
            note: String::new(),
            method: String::new(),
            columns: vec![column("a, \"b\"", false), column("USD [interval]", true)],
            known: true,
            sourced: true,
            rows: vec![Row {
                cells: vec![Cell::Text("x,y".into()), Cell::Number(number)],
                evidence: "measured".into(),
                method: String::new(),
                sql: "values (1)".into(),
            }],
        };
        assert_eq!(
            String::from_utf8(csv(&table).unwrap()).unwrap(),
            "\"a, \"\"b\"\"\",USD,\"USD, low\",\"USD, high\",evidence,source\n\"x,y\",0.1,0.05,0.2,measured,values (1)\n"
        );
    }
}
