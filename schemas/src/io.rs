//! Contract tables on disk. Written beside the target, synced and renamed: a file appears whole or not at all.

use crate::{
    check::{Checker, same_columns},
    contract::Contract,
    error::{Error, Result},
    partial,
    provenance::{self, Provenance},
    rows,
    seal::{self, Sealing},
    tables,
};
use arrow::array::RecordBatch;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, Encoding},
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterVersion},
        reader::ChunkReader,
    },
    schema::types::ColumnPath,
};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::FileTypeExt,
    path::Path,
};

/// The contract a path speaks of: its file stem is the table's name.
pub fn contract_of(path: &Path) -> Result<&'static Contract> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    tables::find(&name).ok_or_else(|| Error::UnknownTable {
        path: path.to_path_buf(),
        name,
        known: tables::names().join(", "),
    })
}

/// Writes rows (any order) as the table of `contract`.
pub fn write_rows<T: Serialize>(path: &Path, contract: &'static Contract, rows: &[T], by: &Provenance) -> Result<()> {
    write(path, contract, &[rows::to_batch(contract, rows)?], by)
}

/// Checks batches (already sorted by the key) and writes them as the table of `contract`.
pub fn write(path: &Path, contract: &'static Contract, batches: &[RecordBatch], by: &Provenance) -> Result<()> {
    write_each(path, contract, by, &mut |write| batches.iter().try_for_each(write))
}

/// Calls its argument with one batch after the other.
pub type Feed<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()>;

/// Batches that wait for the encoder.
const WAITING: usize = 2;

/// [`write`] for tables that need not fit into memory. A thread of its own encodes, so that making and checking go on meanwhile.
pub fn write_each(path: &Path, contract: &'static Contract, by: &Provenance, feed: Feed) -> Result<()> {
    let mut checker = Checker::new(contract, path)?;
    let parquet =
        |e: parquet::errors::ParquetError| Error::NotParquet { path: path.to_path_buf(), cause: e.to_string() };
    whole(path, |file| {
        let mut sealing = Sealing::new(file);
        let properties = Some(properties(contract, by));
        let mut writer = ArrowWriter::try_new(&mut sealing, contract.arrow(), properties).map_err(parquet)?;
        std::thread::scope(|threads| {
            let (sender, batches) = std::sync::mpsc::sync_channel::<RecordBatch>(WAITING);
            let encoder = threads.spawn(move || {
                batches.iter().try_for_each(|batch| writer.write(&batch))?;
                writer.close()
            });
            let mut gone = false;
            let fed = feed(&mut |batch| {
                checker.batch(batch)?;
                let batch = RecordBatch::try_new(contract.arrow(), batch.columns().to_vec())
                    .map_err(|e| Error::Rows { table: contract.name, cause: e.to_string() })?;
                // An encoder that failed takes nothing more; what it failed of is told below.
                gone = gone || sender.send(batch).is_err();
                Ok(())
            });
            drop(sender);
            let encoded =
                encoder.join().map_err(|_| Error::Rows { table: contract.name, cause: "the encoder failed".into() })?;
            fed.and(encoded.map(drop).map_err(parquet))
        })?;
        sealing.close(path)
    })
}

/// LZ4_RAW everywhere; nanosecond columns DELTA_BINARY_PACKED (Apache Parquet format, Encodings): scanning costs less CPU
/// than with any other pair for a few per cent more bytes.
fn properties(contract: &Contract, by: &Provenance) -> WriterProperties {
    let footer = by.footer(contract).into_iter().map(|(k, v)| KeyValue::new(k.to_string(), v)).collect();
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(format!("tallywatt {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(131_072))
        .set_key_value_metadata(Some(footer));
    for column in contract.columns.iter().filter(|c| c.name.ends_with("_ns")) {
        let name = ColumnPath::from(column.name);
        properties = properties
            .set_column_dictionary_enabled(name.clone(), false)
            .set_column_encoding(name, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

/// Calls `fill` on a new file beside `path`; on success syncs it and renames it to `path`, else removes it. A link to a file gives
/// way, and what it led to stays; what is no plain file, such as a device, is refused.
pub fn whole(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let io = |action| move |cause| Error::Io { path: path.to_path_buf(), action, cause };
    if let Some(kind) = kind_but_file(path) {
        return Err(Error::NotPlain { path: path.to_path_buf(), kind });
    }
    let folder = partial::parent(path);
    partial::make(&folder).map_err(io("create the folder of"))?;
    let mut beside = partial::file(path).map_err(io("create"))?;
    fill(beside.as_file_mut()).map_err(|e| match e {
        // The encoder says of a full disk that the file is no Parquet.
        Error::NotParquet { path: of, cause } if of == path => Error::Write { path: of, cause },
        Error::Io { path: of, action: "write", cause } if of == path => {
            Error::Write { path: of, cause: cause.to_string() }
        }
        other => other,
    })?;
    beside.as_file().sync_all().map_err(io("sync"))?;
    beside.persist(path).map_err(|e| io("rename to")(e.error))?;
    File::open(&folder).and_then(|d| d.sync_all()).map_err(io("sync the folder of"))
}

/// Opens a plain file to read it; a pipe would be waited for, and a device may have no end.
pub(crate) fn plain(path: &Path) -> Result<File> {
    if let Some(kind) = kind_but_file(path).filter(|_| path.exists()) {
        return Err(Error::NotPlain { path: path.to_path_buf(), kind });
    }
    File::open(path).map_err(|cause| Error::Io { path: path.to_path_buf(), action: "open", cause })
}

/// What is at `path` instead of a file that may be replaced, or of nothing.
pub fn kind_but_file(path: &Path) -> Option<&'static str> {
    let entry = fs::symlink_metadata(path).ok()?;
    let Ok(found) = fs::metadata(path) else { return Some("a link to nothing") };
    let kind = found.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_dir() => Some("a folder"),
        () if kind.is_fifo() => Some("a pipe"),
        () if kind.is_socket() => Some("a socket"),
        () if entry.is_symlink() => Some("a link to a device"),
        () => Some("a device"),
    }
}

/// Writes bytes so that they appear whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    whole(path, |file| {
        file.write_all(bytes).map_err(|cause| Error::Io { path: path.to_path_buf(), action: "write", cause })
    })
}

/// Opens a contract file: footer, table, version and columns are checked, rows are not yet.
pub fn open(path: &Path, contract: &'static Contract) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = plain(path)?;
    open_chunks(file, path, contract)
}

fn open_chunks<R: ChunkReader + 'static>(
    file: R,
    path: &Path,
    contract: &'static Contract,
) -> Result<ParquetRecordBatchReaderBuilder<R>> {
    // The columns' types tell the schema: what else says it (`ARROW:schema`) need not be read.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(|e| Error::NotParquet { path: path.to_path_buf(), cause: e.to_string() })?;
    let value = |key: &'static str| {
        let found =
            reader.metadata().file_metadata().key_value_metadata().and_then(|m| m.iter().find(|k| k.key == key));
        found.and_then(|k| k.value.clone()).ok_or(Error::NoContract {
            path: path.to_path_buf(),
            missing: key,
            stage: contract.stage,
        })
    };
    let (table, version) = (value(provenance::CONTRACT)?, value(provenance::VERSION)?);
    if table != contract.name {
        return Err(Error::OtherTable { path: path.to_path_buf(), found: table, wanted: contract.name });
    }
    if version != contract.version.to_string() {
        return Err(Error::OtherVersion {
            path: path.to_path_buf(),
            found: version,
            wanted: contract.version,
            // Who wrote it writes it again: `import` writes tables of `collect`, too.
            stage: value(provenance::STAGE).unwrap_or_else(|_| contract.stage.to_string()),
        });
    }
    same_columns(contract, reader.schema(), path)?;
    Ok(reader)
}

/// What a file that was read and checked is.
#[derive(Debug, Clone)]
pub struct Checked {
    pub rows: usize,
    pub seal: String,
}

/// Reads and checks a whole contract file; `each` sees every batch.
pub fn scan(path: &Path, contract: &'static Contract, mut each: impl FnMut(RecordBatch)) -> Result<Checked> {
    scan_each(path, contract, &mut |batch| {
        each(batch);
        Ok(())
    })
}

/// [`scan`] whose `each` may refuse.
pub fn scan_each(
    path: &Path,
    contract: &'static Contract,
    each: &mut dyn FnMut(RecordBatch) -> Result<()>,
) -> Result<Checked> {
    let seal = seal::unbroken(path, contract)?;
    let mut checker = Checker::new(contract, path)?;
    let broken = |cause: String| Error::NotParquet { path: path.to_path_buf(), cause };
    let reader = open(path, contract)?;
    let stated = reader.metadata().file_metadata().num_rows();
    // The reader skips all groups of a file that states no row.
    let grouped: i64 = reader.metadata().row_groups().iter().map(|group| group.num_rows()).sum();
    if grouped != stated {
        return Err(broken(format!("{grouped} rows in its groups where its footer says {stated}")));
    }
    for batch in reader.build().map_err(|e| broken(e.to_string()))? {
        let batch = batch.map_err(|e| broken(e.to_string()))?;
        checker.batch(&batch)?;
        each(batch)?;
    }
    if i64::try_from(checker.rows()) != Ok(stated) {
        return Err(broken(format!("{} rows where its footer says {stated}", checker.rows())));
    }
    Ok(Checked { rows: checker.rows(), seal })
}

/// Reads and checks a whole contract file into memory.
pub fn read(path: &Path, contract: &'static Contract) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    scan(path, contract, |batch| batches.push(batch))?;
    Ok(batches)
}

/// The provenance in a contract file's footer.
pub fn provenance(path: &Path, contract: &'static Contract) -> Result<Provenance> {
    let reader = open(path, contract)?;
    let metadata = reader.metadata().file_metadata().key_value_metadata();
    let value = |key: &str| {
        metadata.and_then(|m| m.iter().find(|k| k.key == key)).and_then(|k| k.value.clone()).unwrap_or_default()
    };
    let broken = |e: serde_json::Error| Error::NotParquet { path: path.to_path_buf(), cause: e.to_string() };
    Ok(Provenance {
        stage: value(provenance::STAGE),
        commit: value(provenance::COMMIT),
        inputs: serde_json::from_str(&value(provenance::INPUTS)).map_err(broken)?,
        config: serde_json::from_str(&value(provenance::CONFIG)).map_err(broken)?,
    })
}
