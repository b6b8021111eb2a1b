//! Results as a table, CSV, JSON or Parquet.

use crate::Format;
use anyhow::Result;
use arrow::{
    array::RecordBatch,
    csv,
    datatypes::{DataType, Schema},
    json,
    util::pretty::pretty_format_batches,
};
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties, schema::types::ColumnPath};
use recombine::Workbench;
use std::{fs::File, io::Write, path::Path};

pub fn write(bench: &Workbench, sql: &str, format: Format, to: Option<&Path>) -> Result<()> {
    if let (Format::Parquet, Some(path)) = (format, to) {
        return write_parquet(bench, sql, path);
    }
    let mut batches = Vec::new();
    bench.read_only(sql, |batch| {
        batches.push(batch);
        anyhow::Ok(())
    })?;
    let bytes = encode(&batches, format)?;
    match to {
        Some(path) => Ok(schemas::io::write_whole(path, &bytes)?),
        None => match std::io::stdout().write_all(&bytes) {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        },
    }
}

/// Batch by batch: a result may be larger than memory.
fn write_parquet(bench: &Workbench, sql: &str, path: &Path) -> Result<()> {
    let mut failed = None;
    let written = schemas::io::whole(path, |file| {
        let mut writer: Option<ArrowWriter<&mut File>> = None;
        let mut file = Some(file);
        let done = bench.read_only(sql, |batch| {
            if let Some(file) = file.take() {
                let properties = properties(&batch.schema());
                writer = Some(ArrowWriter::try_new(file, batch.schema(), Some(properties))?);
            }
            writer.as_mut().map_or(Ok(()), |writer| writer.write(&batch))?;
            anyhow::Ok(())
        });
        let done = done.and_then(|()| Ok(writer.map(ArrowWriter::close).transpose().map(drop)?));
        done.map_err(|e| {
            let cause = std::io::Error::other(format!("{e:#}"));
            failed = Some(e);
            schemas::Error::Io { path: path.to_path_buf(), action: "write", cause }
        })
    });
    match failed {
        Some(e) => Err(e),
        None => Ok(written?),
    }
}

/// Measured numbers seldom repeat: a dictionary of them costs time and no less space.
fn properties(schema: &Schema) -> WriterProperties {
    let builder = WriterProperties::builder().set_compression(Compression::LZ4_RAW);
    let numbers = schema.fields().iter().filter(|f| f.data_type().is_numeric() || *f.data_type() == DataType::Boolean);
    let plain = |builder: parquet::file::properties::WriterPropertiesBuilder, name: &String| {
        builder.set_column_dictionary_enabled(ColumnPath::from(name.as_str()), false)
    };
    numbers.map(|f| f.name()).fold(builder, plain).build()
}

fn encode(batches: &[RecordBatch], format: Format) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        Format::Table => writeln!(bytes, "{}", pretty_format_batches(batches)?)?,
        Format::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut bytes);
            for batch in batches {
                writer.write(batch)?;
            }
        }
        Format::Json => {
            let mut writer = json::writer::WriterBuilder::new().build::<_, json::writer::JsonArray>(&mut bytes);
            writer.write_batches(&batches.iter().collect::<Vec<_>>())?;
            writer.finish()?;
            drop(writer);
            if bytes.is_empty() {
                bytes.extend_from_slice(b"[]");
            }
            bytes.push(b'\n');
        }
        Format::Parquet => anyhow::bail!("Parquet goes to a file, pass --output FILE"),
    }
    Ok(bytes)
}
