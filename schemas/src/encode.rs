//! Rows as Parquet, one row group after another. A column that repeats one value through a whole row group (the names in a long series
//! of readings, what its sensor never says) is encoded once, and its pages are written again wherever the same is repeated.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array},
    compute::take,
    datatypes::{Field, Schema, SchemaRef},
};
use bytes::Bytes;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves},
    },
    column::writer::ColumnCloseResult,
    errors::{ParquetError, Result},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
};
use std::{
    collections::{HashMap, hash_map::Entry},
    io::Write,
    sync::Arc,
};

/// Rows of a repeated value that are made at once.
const PIECE: usize = 1024;

/// Columns and values whose pages are kept.
const KEPT: usize = 256;

/// Pages of a column in a row group that repeats one value.
struct Pages {
    bytes: Bytes,
    close: ColumnCloseResult,
}

/// What a column of the open row group has.
enum Held {
    /// The same in every row: an array of one row. None before the first row.
    One(Option<ArrayRef>),
    Several,
}

/// Writes batches of one schema.
pub struct Encoder<W: Write + Send> {
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    properties: WriterProperties,
    /// Rows of a full row group.
    group: usize,
    writers: Vec<ArrowColumnWriter>,
    held: Vec<Held>,
    rows: usize,
    /// By column and value.
    pages: HashMap<(usize, Option<String>), Pages>,
}

impl<W: Write + Send> Encoder<W> {
    /// `schema`: fields with one Parquet column each, as every kind of a contract has.
    pub fn new(out: W, schema: SchemaRef, properties: WriterProperties) -> Result<Self> {
        let (file, factory) =
            ArrowWriter::try_new(out, schema.clone(), Some(properties.clone()))?.into_serialized_writer()?;
        if file.schema_descr().num_columns() != schema.fields().len() {
            return Err(ParquetError::General("a field that is not one column".into()));
        }
        let group = properties.max_row_group_row_count().unwrap_or(usize::MAX);
        let (writers, held, pages) = (Vec::new(), Vec::new(), HashMap::new());
        Ok(Encoder { file, factory, schema, properties, group, writers, held, rows: 0, pages })
    }

    /// `repeats`: which columns have one text in all rows.
    pub fn write(&mut self, batch: &RecordBatch, repeats: &[bool]) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = (self.group - self.rows).min(batch.num_rows() - from);
            self.put(&batch.slice(from, rows), repeats)?;
            from += rows;
            if self.rows == self.group {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Rows that fit into the open row group.
    fn put(&mut self, batch: &RecordBatch, repeats: &[bool]) -> Result<()> {
        if self.writers.is_empty() {
            self.writers = self.factory.create_column_writers(self.file.flushed_row_groups().len())?;
            self.held = self.writers.iter().map(|_| Held::One(None)).collect();
        }
        for (column, (array, repeats)) in batch.columns().iter().zip(repeats).enumerate() {
            if let Held::One(held) = &mut self.held[column] {
                let value = array.slice(0, 1);
                match (*repeats || array.null_count() == array.len(), &held) {
                    (true, None) => *held = Some(value),
                    (true, Some(before)) if value.as_ref() == before.as_ref() => {}
                    _ => self.spread(column)?,
                }
            }
            if let Held::Several = self.held[column] {
                encode(&mut self.writers[column], self.schema.field(column), array)?;
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// A column goes row by row from here on.
    fn spread(&mut self, column: usize) -> Result<()> {
        if let Held::One(Some(value)) = std::mem::replace(&mut self.held[column], Held::Several) {
            let (writer, field) = (&mut self.writers[column], self.schema.field(column));
            repeated(&value, self.rows, |array| encode(writer, field, &array))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows < self.group {
            (0..self.writers.len()).try_for_each(|column| self.spread(column))?;
        }
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for (column, (writer, held)) in self.writers.drain(..).zip(self.held.drain(..)).enumerate() {
            let Held::One(Some(value)) = held else {
                writer.close()?.append_to_row_group(&mut group)?;
                continue;
            };
            let key = (column, value.as_string_opt::<i32>().filter(|t| t.is_valid(0)).map(|t| t.value(0).to_string()));
            if self.pages.len() >= KEPT && !self.pages.contains_key(&key) {
                self.pages.clear();
            }
            let pages = match self.pages.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(pages(self.schema.field(column), &value, self.rows, &self.properties)?)
                }
            };
            group.append_column(&pages.bytes, pages.close.clone())?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }

    /// Writes what is left and the footer.
    pub fn close(mut self) -> Result<()> {
        self.flush()?;
        self.file.close().map(drop)
    }
}

/// Calls `each` with a value as arrays that repeat it, `rows` times in all: long texts do not fill memory so.
fn repeated(value: &ArrayRef, rows: usize, mut each: impl FnMut(ArrayRef) -> Result<()>) -> Result<()> {
    let piece = take(value, &UInt32Array::from(vec![0; rows.min(PIECE)]), None)?;
    (0..rows).step_by(PIECE).try_for_each(|from| each(piece.slice(0, PIECE.min(rows - from))))
}

fn encode(writer: &mut ArrowColumnWriter, field: &Field, array: &ArrayRef) -> Result<()> {
    compute_leaves(field, array)?.iter().try_for_each(|leaf| writer.write(leaf))
}

/// Encodes a row group of one column, as a file of its own, and takes the column out of it.
fn pages(field: &Field, value: &ArrayRef, rows: usize, properties: &WriterProperties) -> Result<Pages> {
    let schema = Arc::new(Schema::new(vec![field.clone()]));
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema.clone(), Some(properties.clone()))?;
    repeated(value, rows, |array| writer.write(&RecordBatch::try_new(schema.clone(), vec![array])?))?;
    let file = writer.close()?;
    let metadata = file.row_group(0).column(0).clone();
    let column_index = file.column_index().map(|groups| groups[0][0].clone());
    let offset_index = file.offset_index().map(|groups| groups[0][0].clone());
    let (bytes_written, rows_written) = (metadata.compressed_size() as u64, rows as u64);
    let close =
        ColumnCloseResult { bytes_written, rows_written, metadata, bloom_filter: None, column_index, offset_index };
    Ok(Pages { bytes: bytes.into(), close })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::{
        array::{Float64Array, Int64Array, StringArray},
        compute::concat_batches,
        datatypes::DataType,
    };
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection};
    use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
    use proptest::prelude::*;

    const ROWS: usize = 10;

    fn schema() -> SchemaRef {
        let field = |name, kind| Field::new(name, kind, true);
        Arc::new(Schema::new(vec![
            field("device", DataType::Utf8),
            field("label", DataType::Utf8),
            field("t", DataType::Int64),
            field("power", DataType::Float64),
        ]))
    }

    fn properties() -> WriterProperties {
        let of_page = ROWS / 3;
        let builder = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS));
        builder.set_data_page_row_count_limit(of_page).set_write_batch_size(of_page).build()
    }

    /// Rows of one device with one label, both of which may be absent, and with or without power.
    fn batch(n: usize, device: Option<&str>, label: Option<&str>, power: bool) -> RecordBatch {
        let text = |text: Option<&str>| Arc::new(StringArray::from(vec![text; n])) as ArrayRef;
        let t = Int64Array::from_iter_values(0..n as i64);
        let power = Float64Array::from_iter((0..n).map(|i| power.then_some(i as f64)));
        RecordBatch::try_new(schema(), vec![text(device), text(label), Arc::new(t), Arc::new(power)]).unwrap()
    }

    fn open(bytes: &Bytes) -> ParquetRecordBatchReaderBuilder<Bytes> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        ParquetRecordBatchReaderBuilder::try_new_with_options(bytes.clone(), options).unwrap()
    }

    fn rows(bytes: &Bytes, selection: Option<RowSelection>) -> RecordBatch {
        let builder = open(bytes);
        let builder = match selection {
            Some(selection) => builder.with_row_selection(selection),
            None => builder,
        };
        concat_batches(&schema(), &builder.build().unwrap().map(Result::unwrap).collect::<Vec<_>>()).unwrap()
    }

    /// Values, nulls, smallest and largest of every column of every row group.
    fn told(metadata: &ParquetMetaData) -> Vec<String> {
        let chunks = metadata.row_groups().iter().flat_map(|group| group.columns().iter());
        chunks
            .map(|c| format!("{} {:?} {:?}", c.num_values(), c.statistics(), c.encodings().collect::<Vec<_>>()))
            .collect()
    }

    proptest! {
        /// What comes back is what a writer that knows of no repetition writes: rows, statistics, and rows by the index of pages.
        #[test]
        fn repeated_values_are_written_as_any_other(
            parts in proptest::collection::vec((1usize..25, 0usize..4, 0usize..3, any::<bool>()), 1..8),
            skipped in 0usize..30,
        ) {
            let texts = [None, Some("nvidia-smi:0"), Some("nvidia-smi:1"), Some("")];
            let batches: Vec<_> = parts.iter().map(|&(n, d, l, p)| batch(n, texts[d], texts[l], p)).collect();
            let (mut ours, mut plain) = (Vec::new(), Vec::new());
            let mut encoder = Encoder::new(&mut ours, schema(), properties()).unwrap();
            let mut writer = ArrowWriter::try_new(&mut plain, schema(), Some(properties())).unwrap();
            for batch in &batches {
                let repeats: Vec<bool> = batch.columns().iter().map(|c| c.data_type() == &DataType::Utf8 && c.null_count() == 0).collect();
                encoder.write(batch, &repeats).unwrap();
                writer.write(batch).unwrap();
            }
            encoder.close().unwrap();
            writer.close().unwrap();
            let (ours, plain) = (Bytes::from(ours), Bytes::from(plain));
            let all = concat_batches(&schema(), &batches).unwrap();
            prop_assert_eq!(rows(&ours, None), all.clone());
            prop_assert_eq!(told(open(&ours).metadata()), told(open(&plain).metadata()));
            let from = skipped.min(all.num_rows());
            let selection = RowSelection::from_consecutive_ranges(std::iter::once(from..all.num_rows()), all.num_rows());
            prop_assert_eq!(rows(&ours, Some(selection)), all.slice(from, all.num_rows() - from));
        }
    }

    #[test]
    fn a_repeated_value_takes_pages_that_were_encoded_before() {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, schema(), properties()).unwrap();
        for _ in 0..20 {
            encoder.write(&batch(ROWS, Some("a"), None, true), &[true, false, false, false]).unwrap();
        }
        assert_eq!(encoder.pages.len(), 2);
        for at in 0..2 * KEPT {
            encoder.write(&batch(ROWS, Some(&at.to_string()), None, true), &[true, false, false, false]).unwrap();
        }
        assert!(encoder.pages.len() <= KEPT);
        encoder.close().unwrap();
        assert_eq!(rows(&Bytes::from(bytes), None).num_rows(), (20 + 2 * KEPT) * ROWS);
    }
}
