//! Sorted sources as one: rows with one key meet, and one of them goes on.

use super::{LINE_BITS, STEP};
use crate::{
    check::key_converter,
    contract::Contract,
    error::{Error, Problem, Result},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch},
    compute::interleave_record_batch,
    datatypes::{Float64Type, Int64Type, Schema},
    error::ArrowError,
    row::{OwnedRow, RowConverter},
    util::display::array_value_to_string,
};
use itertools::{Either, Itertools};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows of one key that are compared: more are refused.
const MAX_GROUP: usize = 10_000;

/// Rows with one key, in the order of the input.
pub struct Group<'a> {
    contract: &'static Contract,
    files: &'a [PathBuf],
    rows: &'a [Row],
}

impl Group<'_> {
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    fn column(&self, row: usize, name: &str) -> Option<(&ArrayRef, usize)> {
        let Row { batch, at, .. } = &self.rows[row];
        batch.column_by_name(name).filter(|c| c.is_valid(*at)).map(|c| (c, *at))
    }

    pub fn float(&self, row: usize, name: &str) -> Option<f64> {
        self.column(row, name).map(|(c, at)| c.as_primitive::<Float64Type>().value(at))
    }

    pub fn text(&self, row: usize, name: &str) -> String {
        self.column(row, name).and_then(|(c, at)| array_value_to_string(c, at).ok()).unwrap_or_default()
    }

    /// File and line of a row.
    pub fn place(&self, row: usize) -> (&Path, u64) {
        let Row { batch, at, .. } = &self.rows[row];
        let place = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>().value(*at);
        (&self.files[(place >> LINE_BITS) as usize], (place & ((1 << LINE_BITS) - 1)) as u64)
    }

    /// The refusal of a second row with the key.
    pub fn duplicate(&self) -> Error {
        let ((path, line), (first, earlier)) = (self.place(1.min(self.rows() - 1)), self.place(0));
        let unit = |path: &Path| if path.extension().is_some_and(|e| e == "parquet") { "row" } else { "line" };
        let earlier = match path == first {
            true => format!("{} {earlier}", unit(first)),
            false => format!("{} {earlier} of {}", unit(first), first.display()),
        };
        let key = self.contract.key.iter().map(|k| self.text(0, k)).collect::<Vec<_>>().join(", ");
        let (path, problem) = (path.to_path_buf(), Problem::DuplicateKey { earlier, key });
        match unit(&path) {
            "row" => Error::Row { path, row: line as usize, problem },
            _ => Error::Line { path, line, problem },
        }
    }
}

/// The row of a group that is kept, and numbers that it gets from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub row: usize,
    pub numbers: Vec<(&'static str, f64)>,
}

impl Kept {
    pub fn row(row: usize) -> Self {
        Kept { row, numbers: Vec::new() }
    }
}

/// What becomes of several rows with one key. `None` keeps none.
pub type Pick<'a> = &'a mut dyn FnMut(&Group) -> Result<Option<Kept>>;

/// Keeps the only row there is.
pub fn only(group: &Group) -> Result<Option<Kept>> {
    if group.rows() == 1 { Ok(Some(Kept::row(0))) } else { Err(group.duplicate()) }
}

pub(super) type Source = Box<dyn Iterator<Item = std::result::Result<RecordBatch, ArrowError>>>;

/// A row of a source, with its key.
struct Row {
    key: OwnedRow,
    source: usize,
    batch: Arc<RecordBatch>,
    at: usize,
}

/// Gives all rows of sorted sources, of each key the one that `pick` keeps.
pub(super) fn merge(
    contract: &'static Contract,
    files: &[PathBuf],
    sources: Vec<Source>,
    pick: Pick,
    each: &mut dyn FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let keys = key_converter(contract)?;
    let most_batches = 2 * sources.len() + 64;
    let rows = sources.into_iter().enumerate().map(|(source, batches)| rows(contract, &keys, source, batches));
    // Rows with one key in the order of the input; an error first of all.
    let rows = rows.kmerge_by(|a, b| match (a, b) {
        (Ok(a), Ok(b)) => (&a.key, a.source) < (&b.key, b.source),
        (a, _) => a.is_err(),
    });
    let mut kept = KeptRows { contract, batches: Vec::new(), rows: Vec::new(), numbers: Vec::new() };
    let mut group: Vec<Row> = Vec::new();
    for row in rows.map(|row| row.map(Some)).chain([Ok(None)]) {
        let row = row?;
        if row.as_ref().is_none_or(|row| group.first().is_some_and(|first| first.key != row.key)) {
            kept.push(pick, &Group { contract, files, rows: &group })?;
            group.clear();
            if kept.rows.len() >= 8 * STEP || kept.batches.len() > most_batches {
                kept.give(each)?;
            }
        }
        group.extend(row);
        if group.len() > MAX_GROUP {
            return Err(Group { contract, files, rows: &group }.duplicate());
        }
    }
    kept.give(each)
}

fn rows(
    contract: &'static Contract,
    keys: &RowConverter,
    source: usize,
    batches: Source,
) -> impl Iterator<Item = Result<Row>> {
    batches.flat_map(move |batch| {
        let keyed = batch.and_then(|batch| {
            let columns: Vec<ArrayRef> = contract.key_indices().iter().map(|&i| batch.column(i).clone()).collect();
            Ok((keys.convert_columns(&columns)?, Arc::new(batch)))
        });
        match keyed {
            Ok((keys, batch)) => Either::Left(
                (0..batch.num_rows())
                    .map(move |at| Ok(Row { key: keys.row(at).owned(), source, batch: batch.clone(), at })),
            ),
            Err(e) => Either::Right(std::iter::once(Err(Error::rows(contract.name)(e)))),
        }
    })
}

/// Rows that were kept and not yet given, with the batches that they lie in.
struct KeptRows {
    contract: &'static Contract,
    batches: Vec<Arc<RecordBatch>>,
    /// Place in `batches`, and row.
    rows: Vec<(usize, usize)>,
    /// Column, place in `rows` and number that take the place of a value.
    numbers: Vec<(usize, usize, f64)>,
}

impl KeptRows {
    fn push(&mut self, pick: Pick, group: &Group) -> Result<()> {
        if group.rows.is_empty() {
            return Ok(());
        }
        let Some(kept) = pick(group)? else { return Ok(()) };
        let numbers = kept.numbers.iter();
        let place = self.rows.len();
        self.numbers.extend(numbers.filter_map(|(column, n)| Some((self.contract.index(column)?, place, *n))));
        let row = &group.rows[kept.row];
        let known = self.batches.iter().rposition(|batch| Arc::ptr_eq(batch, &row.batch));
        let batch = known.unwrap_or_else(|| {
            self.batches.push(row.batch.clone());
            self.batches.len() - 1
        });
        self.rows.push((batch, row.at));
        Ok(())
    }

    fn give(&mut self, each: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let fail = Error::rows(self.contract.name);
        let batches: Vec<&RecordBatch> = self.batches.iter().map(|batch| &**batch).collect();
        let batch = interleave_record_batch(&batches, &self.rows).map_err(&fail)?;
        let mut columns = batch.columns()[..self.contract.columns.len()].to_vec();
        // Stable: of two numbers for one value the later stays.
        self.numbers.sort_by_key(|(column, ..)| *column);
        for changes in self.numbers.chunk_by(|a, b| a.0 == b.0) {
            let column = changes[0].0;
            let mut values: Vec<Option<f64>> = columns[column].as_primitive::<Float64Type>().iter().collect();
            changes.iter().for_each(|(_, place, number)| values[*place] = Some(*number));
            columns[column] = Arc::new(Float64Array::from(values));
        }
        let fields = self.contract.columns.iter().map(|c| c.field().with_nullable(true)).collect::<Vec<_>>();
        each(&RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(&fail)?)?;
        self.batches.clear();
        self.rows.clear();
        self.numbers.clear();
        Ok(())
    }
}
