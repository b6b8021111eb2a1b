//! Results as a table, CSV, JSON or Parquet.

use crate::Format;
use anyhow::Result;
use arrow::{array::RecordBatch, csv, json, util::pretty::pretty_format_batches};
use parquet::arrow::ArrowWriter;
use std::{io::Write, path::Path};

pub fn write(batches: &[RecordBatch], format: Format, to: Option<&Path>) -> Result<()> {
    let bytes = encode(batches, format)?;
    match to {
        Some(path) => Ok(schemas::io::write_whole(path, &bytes)?),
        None => match std::io::stdout().write_all(&bytes) {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        },
    }
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
        Format::Parquet => {
            let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| anyhow::anyhow!("no result"))?;
            let mut writer = ArrowWriter::try_new(&mut bytes, schema, None)?;
            for batch in batches {
                writer.write(batch)?;
            }
            writer.close()?;
        }
    }
    Ok(bytes)
}
