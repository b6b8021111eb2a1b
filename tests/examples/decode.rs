//! What a join of power readings cannot do without: their five columns decoded, by the parquet crate, and nothing else.
//!
//!     decode FOLDER [THREADS]
//!
//! The baseline of `tests/bench/join`. Threads take row groups as they come; device_id is read as a dictionary.

use anyhow::Context;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::{
    fs::File,
    hint::black_box,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

const ROWS: usize = 8192;

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(rows) => {
            println!("{rows}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("decode: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> anyhow::Result<usize> {
    let folder = arguments.first().context("no folder was given: decode FOLDER [THREADS]")?;
    let threads: usize = arguments.get(1).map_or(Ok(2), |text| text.parse()).context("THREADS is not a number")?;
    let files = files(Path::new(folder)).with_context(|| format!("{folder}: cannot read"))?;
    let groups: Vec<(usize, usize)> = files
        .iter()
        .enumerate()
        .flat_map(|(file, (_, metadata))| (0..metadata.metadata().num_row_groups()).map(move |group| (file, group)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || -> anyhow::Result<usize> {
        let mut rows = 0;
        while let Some(&(file, group)) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (path, metadata) = &files[file];
            rows += decode(path, metadata, group).with_context(|| format!("{}: row group {group}", path.display()))?;
        }
        Ok(rows)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).sum()
    })
}

/// The files of a folder with their footers.
fn files(folder: &Path) -> anyhow::Result<Vec<(PathBuf, ArrowReaderMetadata)>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let schema = Arc::new(Schema::new(vec![
        Field::new("device_id", dictionary, true),
        Field::new("t_ns", DataType::Int64, true),
        Field::new("power_w", DataType::Float64, true),
        Field::new("temp_c", DataType::Float32, true),
        Field::new("mem_mb", DataType::Float32, true),
    ]));
    let open = |path: PathBuf| {
        let options = ArrowReaderOptions::new().with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::load(&File::open(&path)?, options)?;
        Ok((path, metadata))
    };
    paths.into_iter().map(open).collect()
}

fn decode(path: &Path, metadata: &ArrowReaderMetadata, group: usize) -> anyhow::Result<usize> {
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, metadata.clone());
    let mut rows = 0;
    for batch in builder.with_row_groups(vec![group]).with_batch_size(ROWS).build()? {
        rows += black_box(batch?).num_rows();
    }
    Ok(rows)
}
