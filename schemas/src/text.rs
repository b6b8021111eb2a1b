//! Contract tables as CSV: what people edit (prices, grid) and what is committed (recorded inputs).
//!
//! UTF-8 (a byte-order mark is allowed), comma-separated (RFC 4180), one header line with column names of the contract.
//! An empty field is null. `_ns` columns also take RFC 3339 instants with a zone, under the column's name or the name
//! without `_ns`; lists are separated by `;`.

use crate::{
    column::{Column, Kind},
    contract::Contract,
    error::{Error, Problem, Result},
};
use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use serde_json::{Map, Value};
use std::{collections::HashMap, path::Path};

pub type Row = Map<String, Value>;

/// Reads a contract CSV; every fault names file, line, column and value.
pub fn read_csv(path: &Path, contract: &'static Contract) -> Result<Vec<Row>> {
    let bytes = std::fs::read(path).map_err(|cause| Error::Io { path: path.to_path_buf(), action: "read", cause })?;
    parse_csv(&bytes, path, contract)
}

/// [`read_csv`] on bytes; `path` is only named in errors.
pub fn parse_csv(bytes: &[u8], path: &Path, contract: &'static Contract) -> Result<Vec<Row>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let broken = |e: csv::Error| Error::Csv { path: path.to_path_buf(), cause: e.to_string() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(broken)?.clone();
    let columns = columns_of(&header, path, contract)?;
    let (mut rows, mut seen) = (Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let at = |problem| Error::Line { path: path.to_path_buf(), line, problem };
        if record.len() != columns.len() {
            return Err(at(Problem::FieldCount { found: record.len(), wanted: columns.len() }));
        }
        let mut row = Row::new();
        for (column, field) in columns.iter().zip(&record) {
            row.insert(column.name.into(), parse(column, field).map_err(at)?);
        }
        let key = contract.key.iter().map(|k| row.get(*k).map(show).unwrap_or_default()).collect::<Vec<_>>().join(", ");
        if let Some(earlier) = seen.insert(key.clone(), line) {
            return Err(at(Problem::DuplicateKey { earlier: format!("line {earlier}"), key }));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn columns_of(header: &csv::StringRecord, path: &Path, contract: &'static Contract) -> Result<Vec<&'static Column>> {
    let named = |name: &str| contract.column(name).or_else(|| contract.column(&format!("{name}_ns")));
    let columns = header
        .iter()
        .map(|name| {
            named(name).ok_or_else(|| Error::UnknownColumn {
                path: path.to_path_buf(),
                column: name.to_string(),
                known: contract.columns.iter().map(|c| c.name).collect::<Vec<_>>().join(", "),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    match contract.columns.iter().find(|c| c.null.is_none() && !columns.iter().any(|f| f.name == c.name)) {
        Some(c) => Err(Error::MissingColumn { path: path.to_path_buf(), column: c.name, doc: c.doc }),
        None => Ok(columns),
    }
}

fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn parse(column: &'static Column, field: &str) -> std::result::Result<Value, Problem> {
    let name = column.name;
    let not_a = |wanted| Problem::NotA { column: name, wanted, value: field.to_string() };
    if field.is_empty() {
        return match column.null {
            Some(_) => Ok(Value::Null),
            None => Err(Problem::Empty { column: name }),
        };
    }
    let value = match column.kind {
        Kind::Text => Value::from(field),
        Kind::Choice(of) if of.contains(&field) => Value::from(field),
        Kind::Choice(of) => {
            return Err(Problem::NotAChoice { column: name, known: of.join(", "), value: field.to_string() });
        }
        Kind::Bool => Value::from(field.parse::<bool>().map_err(|_| not_a("true or false"))?),
        Kind::Int => Value::from(int(column, field).ok_or_else(|| not_a("a whole number"))?),
        Kind::Float => Value::from(float(column, field)?),
        Kind::Floats => field.split(';').map(|f| float(column, f.trim()).map(Value::from)).collect::<Result<_, _>>()?,
        Kind::Texts => field.split(';').map(|f| Value::from(f.trim())).collect(),
    };
    match (column.at_least, value.as_f64()) {
        (Some(bound), Some(v)) if v < bound => Err(Problem::TooSmall { column: name, bound, value: field.to_string() }),
        _ => Ok(value),
    }
}

fn int(column: &Column, field: &str) -> Option<i64> {
    let instant = || {
        let zoned = field.ends_with('Z') || field.get(19..).is_some_and(|tail| tail.contains(['+', '-']));
        (column.name.ends_with("_ns") && zoned).then(|| string_to_timestamp_nanos(field).ok()).flatten()
    };
    field.parse().ok().or_else(instant)
}

fn float(column: &'static Column, field: &str) -> std::result::Result<f64, Problem> {
    match field.parse::<f64>() {
        Ok(v) if v.is_finite() => Ok(v),
        Ok(_) => Err(Problem::NotFinite { column: column.name, value: field.to_string() }),
        Err(_) => Err(Problem::NotA { column: column.name, wanted: "a number", value: field.to_string() }),
    }
}
