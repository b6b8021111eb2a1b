//! The contract check, run on every batch before it is written and after it is read.

use crate::{
    column::{Kind, is_date},
    contract::Contract,
    error::{A_DATE, Error, Problem, Result},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::{max, min},
    datatypes::{DataType, Float64Type, Int64Type, Schema},
    row::{OwnedRow, RowConverter, SortField},
    util::display::array_value_to_string,
};
use std::path::{Path, PathBuf};

/// Streams batches of one table through its contract: columns, nulls, finiteness, bounds, choices, key order and
/// uniqueness. Memory is one batch and one key.
pub struct Checker {
    contract: &'static Contract,
    path: PathBuf,
    rows: usize,
    keys: RowConverter,
    last_key: Option<OwnedRow>,
}

impl Checker {
    pub fn new(contract: &'static Contract, path: &Path) -> Result<Self> {
        Ok(Checker { contract, path: path.to_path_buf(), rows: 0, keys: key_converter(contract)?, last_key: None })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        same_columns(self.contract, &batch.schema(), &self.path)?;
        let repeats: Vec<bool> = batch.columns().iter().map(is_one_text).collect();
        for ((column, array), repeats) in self.contract.columns.iter().zip(batch.columns()).zip(&repeats) {
            check_array(column, array, *repeats).map_err(|(row, problem)| Error::Row {
                path: self.path.clone(),
                row: self.rows + row + 1,
                problem,
            })?;
        }
        self.key_order(batch, &repeats)?;
        self.rows += batch.num_rows();
        Ok(())
    }

    fn key_order(&mut self, batch: &RecordBatch, repeats: &[bool]) -> Result<()> {
        let places = self.contract.key_indices();
        let columns: Vec<ArrayRef> = places.iter().map(|&i| batch.column(i).clone()).collect();
        let fail = |e: arrow::error::ArrowError| Error::Rows { table: self.contract.name, cause: e.to_string() };
        let is_series = places.split_last().is_some_and(|(_, texts)| texts.iter().all(|&i| repeats[i]));
        if batch.num_rows() > 2 && is_series && columns.last().is_some_and(rises) {
            // In order within itself: its ends tell the rest.
            let ends = |at: usize| columns.iter().map(|c| c.slice(at, 1)).collect::<Vec<_>>();
            let first = self.keys.convert_columns(&ends(0)).map_err(fail)?;
            if self.last_key.as_ref().is_none_or(|last| last.row() < first.row(0)) {
                let last = self.keys.convert_columns(&ends(batch.num_rows() - 1)).map_err(fail)?;
                self.last_key = Some(last.row(0).owned());
                return Ok(());
            }
        }
        let rows = self.keys.convert_columns(&columns).map_err(fail)?;
        for i in 0..batch.num_rows() {
            let before = match i {
                0 => self.last_key.as_ref().map(OwnedRow::row),
                _ => Some(rows.row(i - 1)),
            };
            if before.is_none_or(|b| b < rows.row(i)) {
                continue;
            }
            let key = columns
                .iter()
                .map(|c| array_value_to_string(c, i).unwrap_or_else(|e| e.to_string()))
                .collect::<Vec<_>>()
                .join(", ");
            let problem = if before == Some(rows.row(i)) {
                Problem::DuplicateKey { earlier: format!("row {}", self.rows + i), key }
            } else {
                Problem::NotSorted { key }
            };
            return Err(Error::Row { path: self.path.clone(), row: self.rows + i + 1, problem });
        }
        if batch.num_rows() > 0 {
            self.last_key = Some(rows.row(batch.num_rows() - 1).owned());
        }
        Ok(())
    }
}

/// What makes keys of a contract's rows comparable.
pub(crate) fn key_converter(contract: &Contract) -> Result<RowConverter> {
    let fields = contract.key.iter().filter_map(|k| contract.column(k)).map(|c| SortField::new(c.kind.arrow()));
    RowConverter::new(fields.collect()).map_err(Error::rows(contract.name))
}

/// Why a contract refuses a row, if it does: what would stop a whole table that holds it.
pub fn refusal<T: serde::Serialize>(contract: &'static Contract, row: &T) -> Option<String> {
    let checked = crate::rows::to_batch(contract, std::slice::from_ref(row))
        .and_then(|batch| Checker::new(contract, Path::new(contract.name))?.batch(&batch));
    match checked {
        Ok(()) => None,
        Err(Error::Row { problem, .. }) => Some(problem.to_string()),
        Err(Error::Rows { cause, .. }) => Some(cause),
        Err(other) => Some(other.to_string()),
    }
}

/// Whether numbers rise from row to row; behind texts that are one text each, they are the key of one series of readings.
fn rises(array: &ArrayRef) -> bool {
    let numbers = array.as_primitive_opt::<Int64Type>().filter(|n| n.null_count() == 0);
    numbers.is_some_and(|numbers| numbers.values().windows(2).all(|pair| pair[0] < pair[1]))
}

/// Whether a column of texts repeats one text: its bytes are then those of itself, one text later.
fn is_one_text(array: &ArrayRef) -> bool {
    let Some(texts) = array.as_string_opt::<i32>().filter(|t| t.null_count() == 0) else { return false };
    let offsets = texts.value_offsets();
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return false };
    let length = offsets.get(1).map_or(0, |next| next - first);
    let even = offsets.windows(2).all(|pair| pair[1] - pair[0] == length);
    let bytes = &texts.value_data()[*first as usize..*last as usize];
    even && bytes.get(length as usize..).is_none_or(|rest| rest == &bytes[..rest.len()])
}

/// Names, order and types; the first difference is named.
pub fn same_columns(contract: &'static Contract, found: &Schema, path: &Path) -> Result<()> {
    let difference = (0..contract.columns.len().max(found.fields().len())).find_map(|i| {
        match (contract.columns.get(i), found.fields().get(i)) {
            (Some(c), None) => Some(format!("`{}` is missing", c.name)),
            (None, Some(f)) => Some(format!("`{}` is not in the contract", f.name())),
            (Some(c), Some(f)) if c.name != f.name() => {
                Some(format!("`{}` stands where `{}` belongs", f.name(), c.name))
            }
            (Some(c), Some(f)) if !same_type(&c.kind.arrow(), f.data_type()) => {
                Some(format!("`{}` is {} and not {}", c.name, f.data_type(), c.kind.arrow()))
            }
            _ => None,
        }
    });
    match difference {
        None => Ok(()),
        Some(difference) => {
            Err(Error::Columns { path: path.to_path_buf(), table: contract.name, difference, stage: contract.stage })
        }
    }
}

/// Lists may name their item field differently (Parquet readers do).
fn same_type(a: &DataType, b: &DataType) -> bool {
    match (a, b) {
        (DataType::List(x), DataType::List(y)) => x.data_type() == y.data_type(),
        _ => a == b,
    }
}

fn check_array(
    column: &'static crate::Column,
    array: &ArrayRef,
    repeats: bool,
) -> std::result::Result<(), (usize, Problem)> {
    if column.null.is_none()
        && array.null_count() > 0
        && let Some(row) = (0..array.len()).find(|&i| array.is_null(i))
    {
        return Err((row, Problem::Empty { column: column.name }));
    }
    match column.kind {
        Kind::Float => check_floats(column, array),
        Kind::Int => check_ints(column, array),
        Kind::Choice(of) => check_choices(column, of, array, repeats),
        Kind::Date => check_dates(column, array),
        Kind::Floats => {
            let lists = array.as_list::<i32>();
            (0..lists.len()).filter(|&i| lists.is_valid(i)).try_for_each(|i| {
                let items = lists.value(i);
                if items.null_count() > 0 {
                    return Err((i, Problem::Empty { column: column.name }));
                }
                check_floats(column, &items).map_err(|(_, problem)| (i, problem))
            })
        }
        Kind::Text | Kind::Bool | Kind::Texts => Ok(()),
    }
}

fn check_floats(column: &'static crate::Column, array: &ArrayRef) -> std::result::Result<(), (usize, Problem)> {
    let values = array.as_primitive::<Float64Type>();
    let bound = column.at_least.unwrap_or(f64::NEG_INFINITY);
    let wrong = |v: &&f64| !(v.is_finite() && **v >= bound);
    if values.null_count() == values.len()
        || values.null_count() == 0 && values.values().iter().filter(wrong).count() == 0
    {
        return Ok(());
    }
    for (i, value) in values.iter().enumerate() {
        match value {
            Some(v) if !v.is_finite() => {
                return Err((i, Problem::NotFinite { column: column.name, value: v.to_string() }));
            }
            Some(v) if v < bound => {
                return Err((i, Problem::TooSmall { column: column.name, bound, value: v.to_string() }));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_ints(column: &'static crate::Column, array: &ArrayRef) -> std::result::Result<(), (usize, Problem)> {
    let values = array.as_primitive::<Int64Type>();
    let Some(bound) = column.at_least else { return Ok(()) };
    let fits = |v: Option<i64>| v.is_none_or(|v| v as f64 >= bound);
    if fits(min(values)) && fits(max(values)) {
        return Ok(());
    }
    let row = (0..values.len()).find(|&i| values.is_valid(i) && (values.value(i) as f64) < bound).unwrap_or(0);
    Err((row, Problem::TooSmall { column: column.name, bound, value: values.value(row).to_string() }))
}

fn check_dates(column: &'static crate::Column, array: &ArrayRef) -> std::result::Result<(), (usize, Problem)> {
    let values = array.as_string::<i32>();
    let fault = (0..values.len()).find(|&i| values.is_valid(i) && !is_date(values.value(i)));
    fault.map_or(Ok(()), |i| {
        Err((i, Problem::NotA { column: column.name, wanted: A_DATE, value: values.value(i).to_string() }))
    })
}

fn check_choices(
    column: &'static crate::Column,
    of: &'static [&'static str],
    array: &ArrayRef,
    repeats: bool,
) -> std::result::Result<(), (usize, Problem)> {
    let values = array.as_string::<i32>();
    let rows = if repeats { values.len().min(1) } else { values.len() };
    match (0..rows).find(|&i| values.is_valid(i) && !of.contains(&values.value(i))) {
        None => Ok(()),
        Some(i) => Err((
            i,
            Problem::NotAChoice { column: column.name, known: of.join(", "), value: values.value(i).to_string() },
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use std::sync::Arc;

    fn texts(of: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(of.to_vec()))
    }

    #[test]
    fn one_text_is_told_from_texts_of_one_length() {
        for (of, one) in
            [(&["ab", "ab", "ab"] as &[&str], true), (&["ab", "ba", "ab"], false), (&["ab", "a", "bab"], false)]
        {
            assert_eq!(is_one_text(&texts(of)), one, "{of:?}");
        }
        assert!(is_one_text(&texts(&["", ""])) && is_one_text(&texts(&["x"])) && is_one_text(&texts(&[])));
        let sliced = texts(&["x", "ab", "ab", "y"]).slice(1, 2);
        assert!(is_one_text(&sliced) && !is_one_text(&texts(&["x", "ab", "ab", "y"]).slice(0, 2)));
        assert!(!is_one_text(&(Arc::new(StringArray::from(vec![Some("a"), None])) as ArrayRef)));
    }

    #[test]
    fn only_rising_numbers_take_the_short_way() {
        let numbers = |of: &[i64]| Arc::new(Int64Array::from(of.to_vec())) as ArrayRef;
        assert!(rises(&numbers(&[1, 2, 3])) && rises(&numbers(&[])));
        assert!(!rises(&numbers(&[1, 2, 2])) && !rises(&numbers(&[2, 1])));
        assert!(!rises(&(Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef)));
        assert!(!rises(&texts(&["a", "b"])));
    }
}
