//! Rows of a contract in any number and order, brought into the order of its key in bounded memory.
//!
//! Chunks are sorted and put aside as Parquet files without a name; merging them (Knuth, TAOCP 3, section 5.4) holds a page
//! of each. Every row keeps its place in the input, so that two rows with one key are refused with both lines.

mod merge;

pub use merge::{Group, Kept, Pick, only};

use crate::{
    contract::Contract,
    error::{Error, Result},
    partial, rows,
};
use arrow::{
    array::{Array, Int64Array, RecordBatch},
    compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use merge::{Source, merge};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::Compression,
    file::properties::WriterProperties,
};
use serde::Serialize;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// Size of a chunk that is sorted in memory.
const CHUNK_BYTES: usize = 24 << 20;
/// Rows that become one batch at a time.
const STEP: usize = 1024;
/// Files are numbered above the bits of a line's number.
const LINE_BITS: u32 = 40;

/// A folder for what is put aside: removed when dropped.
#[derive(Debug)]
pub struct Aside {
    beside: PathBuf,
    folder: OnceLock<partial::Folder>,
}

impl Aside {
    /// A folder beside `path`, on the same disk.
    pub fn beside(path: &Path) -> Self {
        Aside { beside: path.to_path_buf(), folder: OnceLock::new() }
    }

    /// The place of a file in it; the folder is there.
    pub fn file(&self, name: &str) -> Result<PathBuf> {
        if self.folder.get().is_none() {
            let made = partial::Folder::beside(&self.beside, ".aside");
            let made = made.map_err(Error::io(&self.beside, "create a folder beside"))?;
            let _ = self.folder.set(made);
        }
        Ok(self.folder.get().map_or(self.beside.as_path(), |folder| folder.path()).join(name))
    }
}

/// Takes rows with their lines and gives them back in the order of the contract's key.
pub struct Sorter<T> {
    contract: &'static Contract,
    aside: Aside,
    files: Vec<PathBuf>,
    rows: Vec<T>,
    places: Vec<i64>,
    batches: Vec<RecordBatch>,
    bytes: usize,
    runs: Vec<File>,
    filled: Vec<bool>,
    count: usize,
    before_file: usize,
}

impl<T: Serialize> Sorter<T> {
    pub fn new(contract: &'static Contract, aside: Aside) -> Self {
        Sorter {
            contract,
            aside,
            files: Vec::new(),
            rows: Vec::new(),
            places: Vec::new(),
            batches: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
            filled: vec![false; contract.columns.len()],
            count: 0,
            before_file: 0,
        }
    }

    /// Names the file that the next rows come from.
    pub fn file(&mut self, path: &Path) {
        self.before_file = self.rows();
        self.files.push(path.to_path_buf());
    }

    fn place(&self, line: u64) -> i64 {
        ((self.files.len().max(1) as i64 - 1) << LINE_BITS) | line as i64
    }

    pub fn row(&mut self, line: u64, row: T) -> Result<()> {
        self.places.push(self.place(line));
        self.rows.push(row);
        if self.rows.len() >= STEP { self.decode() } else { Ok(()) }
    }

    /// Rows of a contract file; their numbers go on from those before.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.decode()?;
        let before = (self.count - self.before_file) as u64;
        let places = (1..=batch.num_rows() as u64).map(|i| self.place(before + i)).collect();
        self.hold(batch, places)
    }

    /// How many rows came in.
    pub fn rows(&self) -> usize {
        self.count + self.rows.len()
    }

    /// Whether everything is still in memory.
    pub fn is_small(&self) -> bool {
        self.runs.is_empty()
    }

    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// Columns that the contract demands or that hold a value.
    pub fn columns(&mut self) -> Result<Vec<&'static str>> {
        self.decode()?;
        let columns = self.contract.columns.iter().zip(&self.filled);
        Ok(columns.filter(|(c, filled)| c.null.is_none() || **filled).map(|(c, _)| c.name).collect())
    }

    /// Says that a merge will give numbers to a column.
    pub fn fill(&mut self, column: &str) {
        if let Some(place) = self.contract.index(column) {
            self.filled[place] = true;
        }
    }

    fn decode(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let batch = rows::in_order(self.contract, &std::mem::take(&mut self.rows))?;
        let places = std::mem::take(&mut self.places);
        self.hold(&batch, places)
    }

    fn hold(&mut self, batch: &RecordBatch, places: Vec<i64>) -> Result<()> {
        self.count += batch.num_rows();
        for (filled, array) in self.filled.iter_mut().zip(batch.columns()) {
            *filled |= array.null_count() < array.len();
        }
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(Int64Array::from(places)));
        let batch = RecordBatch::try_new(self.schema(), columns).map_err(Error::rows(self.contract.name))?;
        self.bytes += batch.get_array_memory_size();
        self.batches.push(batch);
        if self.bytes >= CHUNK_BYTES { self.put_aside() } else { Ok(()) }
    }

    fn schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> =
            self.contract.columns.iter().map(|c| c.field().with_nullable(true)).collect::<Vec<_>>();
        fields.push(Field::new("_place", DataType::Int64, false));
        Arc::new(Schema::new(fields))
    }

    /// What is in memory as one sorted batch.
    fn chunk(&mut self) -> Result<RecordBatch> {
        let batch = concat_batches(&self.schema(), &std::mem::take(&mut self.batches))
            .map_err(Error::rows(self.contract.name))?;
        self.bytes = 0;
        let by = self.contract.key_indices().into_iter().chain([batch.num_columns() - 1]);
        let by: Vec<SortColumn> = by.map(|i| SortColumn { values: batch.column(i).clone(), options: None }).collect();
        let order = lexsort_to_indices(&by, None).map_err(Error::rows(self.contract.name))?;
        take_record_batch(&batch, &order).map_err(Error::rows(self.contract.name))
    }

    fn put_aside(&mut self) -> Result<()> {
        let chunk = self.chunk()?;
        let path = self.aside.file(&format!("{}.parquet", self.runs.len()))?;
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(Error::io(&path, "create"))?;
        fs::remove_file(&path).map_err(Error::io(&path, "remove"))?;
        // Small pages without dictionaries: a merge holds one of every column of every file.
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_dictionary_enabled(false)
            .set_data_page_row_count_limit(STEP)
            .set_write_batch_size(STEP)
            .build();
        let written = ArrowWriter::try_new(&file, chunk.schema(), Some(properties)).and_then(|mut writer| {
            writer.write(&chunk)?;
            writer.close()
        });
        written.map_err(Error::rows(self.contract.name))?;
        self.runs.push(file);
        Ok(())
    }

    /// Gives the rows in the order of the key, of each key the one that `pick` keeps.
    pub fn merge(mut self, pick: Pick, each: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
        self.decode()?;
        let last = self.chunk()?;
        let mut sources: Vec<Source> = Vec::new();
        for file in std::mem::take(&mut self.runs) {
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .and_then(|r| r.with_batch_size(STEP).build())
                .map_err(Error::rows(self.contract.name))?;
            sources.push(Box::new(reader));
        }
        sources.push(Box::new(std::iter::once(Ok(last))));
        merge(self.contract, &self.files, sources, pick, each)
    }
}
