//! Contract tables as CSV: what people edit (prices, grid) and what is committed (recorded inputs).
//!
//! UTF-8 (a byte-order mark is allowed), comma-separated (RFC 4180), one header line with column names of the contract.
//! An empty field is null. `_ns` columns also take RFC 3339 instants with a zone, under the column's name or the name
//! without `_ns`; lists are separated by `;`.

use crate::{
    column::{Column, Kind, is_date},
    contract::Contract,
    error::{A_DATE, Error, Problem, Result},
    io::{self, Feed},
};
use arrow::{
    array::{Array, ArrayRef, AsArray},
    compute::kernels::cast_utils::string_to_timestamp_nanos,
    datatypes::{Float64Type, Int64Type},
    temporal_conversions::timestamp_ns_to_datetime,
};
use serde_json::{Map, Value};
use std::{collections::HashMap, fs::File, io::Read, path::Path};

pub type Row = Map<String, Value>;

/// Reads a contract CSV; every fault names file, line, column and value.
pub fn read_csv(path: &Path, contract: &'static Contract) -> Result<Vec<Row>> {
    let bytes = std::fs::read(path).map_err(Error::io(path, "read"))?;
    parse_csv(&bytes, path, contract)
}

/// [`read_csv`] on bytes; `path` is only named in errors.
pub fn parse_csv(bytes: &[u8], path: &Path, contract: &'static Contract) -> Result<Vec<Row>> {
    let (mut rows, mut seen) = (Vec::new(), HashMap::new());
    scan_from(bytes, path, contract, &mut |line, row| {
        let key = contract.key.iter().map(|k| row.get(*k).map(show).unwrap_or_default()).collect::<Vec<_>>().join(", ");
        if let Some(earlier) = seen.insert(key.clone(), line) {
            let problem = Problem::DuplicateKey { earlier: format!("line {earlier}"), key };
            return Err(Error::Line { path: path.to_path_buf(), line, problem });
        }
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Reads a contract CSV of any length row by row, each with its line. Keys are not compared.
pub fn scan_csv(path: &Path, contract: &'static Contract, each: &mut dyn FnMut(u64, Row) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    scan_from(file, path, contract, each)
}

/// [`scan_csv`] of what a file holds; `path` is only named in errors.
pub fn scan_from(
    input: impl Read,
    path: &Path,
    contract: &'static Contract,
    each: &mut dyn FnMut(u64, Row) -> Result<()>,
) -> Result<()> {
    let broken = |e: csv::Error| Error::Csv { path: path.to_path_buf(), cause: e.to_string() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(input);
    let header = reader.headers().map_err(broken)?.clone();
    let columns = columns(header.iter(), path, contract)?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        let at = |problem| Error::Line { path: path.to_path_buf(), line, problem };
        if record.len() != columns.len() {
            return Err(at(Problem::FieldCount { found: record.len(), wanted: columns.len() }));
        }
        let mut row = Row::new();
        for (column, field) in columns.iter().zip(&record) {
            row.insert(column.name.into(), value(column, field).map_err(at)?);
        }
        each(line, row)?;
    }
    Ok(())
}

/// Writes batches of the contract as CSV in the given columns; it appears whole or not at all.
pub fn write_csv(path: &Path, contract: &'static Contract, columns: &[&'static str], feed: Feed) -> Result<()> {
    let fail = |cause: csv::Error| Error::Io { path: path.to_path_buf(), action: "write", cause: cause.into() };
    let places: Vec<usize> = columns.iter().filter_map(|c| contract.index(c)).collect();
    io::whole(path, |file| {
        let mut out = csv::Writer::from_writer(file);
        out.write_record(columns.iter().map(|c| c.strip_suffix("_ns").unwrap_or(c))).map_err(fail)?;
        feed(&mut |batch| {
            for row in 0..batch.num_rows() {
                out.write_record(places.iter().map(|&i| cell(&contract.columns[i], batch.column(i), row)))
                    .map_err(fail)?;
            }
            Ok(())
        })?;
        out.flush().map_err(Error::io(path, "write"))
    })
}

/// One value as text. Floats are the shortest text that reads back as the same number.
fn cell(column: &Column, array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return String::new();
    }
    match column.kind {
        Kind::Text | Kind::Date | Kind::Choice(_) => array.as_string::<i32>().value(row).to_string(),
        Kind::Bool => array.as_boolean().value(row).to_string(),
        Kind::Float => array.as_primitive::<Float64Type>().value(row).to_string(),
        Kind::Int => {
            let value = array.as_primitive::<Int64Type>().value(row);
            match timestamp_ns_to_datetime(value) {
                Some(t) if column.name.ends_with("_ns") && value % 1_000_000_000 == 0 => {
                    t.format("%Y-%m-%dT%H:%M:%SZ").to_string()
                }
                _ => value.to_string(),
            }
        }
        Kind::Floats => {
            let items = array.as_list::<i32>().value(row);
            let items = items.as_primitive::<Float64Type>();
            items.values().iter().map(f64::to_string).collect::<Vec<_>>().join(";")
        }
        Kind::Texts => {
            let items = array.as_list::<i32>().value(row);
            items.as_string::<i32>().iter().flatten().collect::<Vec<_>>().join(";")
        }
    }
}

/// The columns that the names of a header mean: each is known, and none that must be there is missing.
pub fn columns<'a>(
    header: impl Iterator<Item = &'a str>,
    path: &Path,
    contract: &'static Contract,
) -> Result<Vec<&'static Column>> {
    let named = |name: &str| contract.column(name).or_else(|| contract.column(&format!("{name}_ns")));
    let columns = header
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

/// What a field of a column says.
pub fn value(column: &'static Column, field: &str) -> std::result::Result<Value, Problem> {
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
        Kind::Date if is_date(field) => Value::from(field),
        Kind::Date => return Err(not_a(A_DATE)),
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
    let zoned = || {
        let zoned = field.ends_with('Z') || field.get(19..).is_some_and(|tail| tail.contains(['+', '-']));
        (column.name.ends_with("_ns") && zoned).then(|| instant(field)).flatten()
    };
    field.parse().ok().or_else(zoned)
}

/// UTC nanoseconds of an RFC 3339 instant; one without a zone is taken for UTC.
pub fn instant(text: &str) -> Option<i64> {
    string_to_timestamp_nanos(text).ok()
}

fn float(column: &'static Column, field: &str) -> std::result::Result<f64, Problem> {
    match field.parse::<f64>() {
        Ok(v) if v.is_finite() => Ok(v),
        Ok(_) => Err(Problem::NotFinite { column: column.name, value: field.to_string() }),
        Err(_) => Err(Problem::NotA { column: column.name, wanted: "a number", value: field.to_string() }),
    }
}
