//! Sorted sources as one: rows with one key meet, and one of them goes on.

use super::{LINE_BITS, STEP};
use crate::{
    contract::Contract,
    error::{Error, Problem, Result},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch},
    compute::interleave_record_batch,
    datatypes::{Float64Type, Int64Type, Schema},
    row::{OwnedRow, RowConverter, Rows, SortField},
    util::display::array_value_to_string,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows of one key that are compared: more are refused.
const MAX_GROUP: usize = 10_000;

/// Rows with one key, in the order of the input.
pub struct Group<'a> {
    contract: &'static Contract,
    files: &'a [PathBuf],
    rows: Vec<(&'a RecordBatch, usize)>,
}

impl Group<'_> {
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    fn column(&self, row: usize, name: &str) -> Option<(&ArrayRef, usize)> {
        let (batch, at) = self.rows[row];
        batch.column_by_name(name).filter(|c| c.is_valid(at)).map(|c| (c, at))
    }

    pub fn float(&self, row: usize, name: &str) -> Option<f64> {
        self.column(row, name).map(|(c, at)| c.as_primitive::<Float64Type>().value(at))
    }

    pub fn text(&self, row: usize, name: &str) -> String {
        self.column(row, name).and_then(|(c, at)| array_value_to_string(c, at).ok()).unwrap_or_default()
    }

    /// File and line of a row.
    pub fn place(&self, row: usize) -> (&Path, u64) {
        let (batch, at) = self.rows[row];
        let place = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>().value(at);
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

pub(super) type Source = Box<dyn Iterator<Item = std::result::Result<RecordBatch, arrow::error::ArrowError>>>;

/// Where a source stands: the batch that is being read, its keys and the next row.
struct Cursor {
    source: Source,
    batch: usize,
    keys: Option<Rows>,
    at: usize,
}

pub(super) struct Merge<'a> {
    contract: &'static Contract,
    files: &'a [PathBuf],
    converter: RowConverter,
    cursors: Vec<Cursor>,
    /// Batches that rows still refer to, by number.
    batches: BTreeMap<usize, RecordBatch>,
    next: usize,
    heap: BinaryHeap<Reverse<(OwnedRow, usize)>>,
    key: Option<OwnedRow>,
    group: Vec<(usize, usize)>,
    kept: Vec<(usize, usize)>,
    /// Column, place in `kept` and number that take the place of a value.
    numbers: Vec<(usize, usize, f64)>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(contract: &'static Contract, files: &'a [PathBuf], sources: Vec<Source>) -> Result<Self> {
        let fields = contract.key.iter().filter_map(|k| contract.column(k)).map(|c| SortField::new(c.kind.arrow()));
        let converter = RowConverter::new(fields.collect())
            .map_err(|e| Error::Rows { table: contract.name, cause: e.to_string() })?;
        let cursors =
            sources.into_iter().map(|source| Cursor { source, batch: usize::MAX, keys: None, at: 0 }).collect();
        let mut merge = Merge {
            contract,
            files,
            converter,
            cursors,
            batches: BTreeMap::new(),
            next: 0,
            heap: BinaryHeap::new(),
            key: None,
            group: Vec::new(),
            kept: Vec::new(),
            numbers: Vec::new(),
        };
        (0..merge.cursors.len()).try_for_each(|source| merge.push(source))?;
        Ok(merge)
    }

    /// Gives all rows, of each key the one that `pick` keeps.
    pub(super) fn run(mut self, pick: Pick, each: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        while let Some(Reverse((key, source))) = self.heap.pop() {
            if self.key.as_ref() != Some(&key) {
                self.close(pick, each)?;
                self.key = Some(key);
            }
            self.take(source)?;
            if self.group.len() > MAX_GROUP {
                return Err(self.group().duplicate());
            }
        }
        self.close(pick, each)?;
        self.give(each)
    }

    /// Puts the next row of a source on the heap, if there is one.
    fn push(&mut self, source: usize) -> Result<()> {
        let fail = |cause: String| Error::Rows { table: self.contract.name, cause };
        let cursor = &mut self.cursors[source];
        while cursor.keys.as_ref().is_none_or(|k| cursor.at >= k.num_rows()) {
            let Some(batch) = cursor.source.next() else {
                cursor.batch = usize::MAX;
                return Ok(());
            };
            let batch = batch.map_err(|e| fail(e.to_string()))?;
            let columns: Vec<ArrayRef> = self.contract.key_indices().iter().map(|&i| batch.column(i).clone()).collect();
            cursor.keys = Some(self.converter.convert_columns(&columns).map_err(|e| fail(e.to_string()))?);
            (cursor.at, cursor.batch) = (0, self.next);
            self.batches.insert(self.next, batch);
            self.next += 1;
        }
        if let Some(keys) = &cursor.keys {
            self.heap.push(Reverse((keys.row(cursor.at).owned(), source)));
        }
        Ok(())
    }

    /// Adds the row at which a source stands to the group and moves on.
    fn take(&mut self, source: usize) -> Result<()> {
        let cursor = &mut self.cursors[source];
        self.group.push((cursor.batch, cursor.at));
        cursor.at += 1;
        self.push(source)
    }

    fn group(&self) -> Group<'_> {
        let rows = self.group.iter().map(|(batch, at)| (&self.batches[batch], *at)).collect();
        Group { contract: self.contract, files: self.files, rows }
    }

    fn close(&mut self, pick: Pick, each: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        if let Some(kept) = pick(&self.group())? {
            let place = self.kept.len();
            let numbers = kept.numbers.iter();
            self.numbers.extend(numbers.filter_map(|(column, n)| Some((self.contract.index(column)?, place, *n))));
            self.kept.extend(self.group.get(kept.row));
        }
        self.group.clear();
        if self.kept.len() >= 8 * STEP || self.batches.len() > 2 * self.cursors.len() + 64 {
            self.give(each)
        } else {
            Ok(())
        }
    }

    /// Gives the rows that were kept, and lets go of the batches that nothing refers to.
    fn give(&mut self, each: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        if !self.kept.is_empty() {
            let numbers: Vec<usize> = self.batches.keys().copied().collect();
            let batches: Vec<&RecordBatch> = self.batches.values().collect();
            let rows: Vec<(usize, usize)> = self
                .kept
                .iter()
                .filter_map(|(batch, at)| numbers.binary_search(batch).ok().map(|place| (place, *at)))
                .collect();
            let fail = |cause: String| Error::Rows { table: self.contract.name, cause };
            let batch = interleave_record_batch(&batches, &rows).map_err(|e| fail(e.to_string()))?;
            let mut columns = batch.columns()[..self.contract.columns.len()].to_vec();
            // Stable: of two numbers for one value the later stays.
            self.numbers.sort_by_key(|(column, ..)| *column);
            for changes in self.numbers.chunk_by(|a, b| a.0 == b.0) {
                let column = changes[0].0;
                let mut values: Vec<Option<f64>> = columns[column].as_primitive::<Float64Type>().iter().collect();
                changes.iter().for_each(|(_, place, number)| values[*place] = Some(*number));
                columns[column] = Arc::new(Float64Array::from(values));
            }
            self.numbers.clear();
            let fields = self.contract.columns.iter().map(|c| c.field().with_nullable(true)).collect::<Vec<_>>();
            let schema = Arc::new(Schema::new(fields));
            each(&RecordBatch::try_new(schema, columns).map_err(|e| fail(e.to_string()))?)?;
            self.kept.clear();
        }
        let used: Vec<usize> = self.cursors.iter().map(|c| c.batch).chain(self.group.iter().map(|g| g.0)).collect();
        self.batches.retain(|number, _| used.contains(number));
        Ok(())
    }
}
