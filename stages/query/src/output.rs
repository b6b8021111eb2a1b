//! Results as a table, CSV, JSON or Parquet, batch by batch: a result may be larger than memory.

use crate::{Format, printed::Printed};
use anyhow::Result;
use arrow::{
    array::{RecordBatch, StringArray},
    csv,
    datatypes::{DataType, Field, Schema},
    json::{self, writer::JsonArray},
};
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties, schema::types::ColumnPath};
use recombine::Workbench;
use std::{
    fs::File,
    io::{BufWriter, ErrorKind, Write},
    path::Path,
    sync::Arc,
};

pub fn write(bench: &Workbench, sql: &str, format: Format, to: Option<&Path>) -> Result<()> {
    let Some(path) = to else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let done = rows(bench, sql, format, &mut out).and_then(|()| Ok(out.flush()?));
        return match done {
            // Whoever reads has enough.
            Err(e) if is_broken_pipe(&e) => std::process::exit(0),
            Err(e) if !e.is::<recombine::Error>() => {
                let cause = cause(&e);
                anyhow::bail!("standard output: cannot write, {cause}, {}", schemas::error::remedy(&cause))
            }
            done => done,
        };
    };
    let mut failed = None;
    let written = schemas::io::whole(path, |file| {
        let done = match format {
            Format::Parquet => parquet(bench, sql, file),
            _ => {
                let mut out = BufWriter::new(file);
                rows(bench, sql, format, &mut out).and_then(|()| Ok(out.flush()?))
            }
        };
        done.map_err(|e| {
            let cause = std::io::Error::other(cause(&e));
            // An error of the query is told as such, one of the file with its name.
            let is_of_query = e.is::<recombine::Error>();
            failed = is_of_query.then_some(e);
            schemas::Error::Io { path: path.to_path_buf(), action: "write", cause }
        })
    });
    match failed {
        Some(e) => Err(e),
        None => Ok(written?),
    }
}

/// What the operating system said, without what encoders put around it.
fn cause(error: &anyhow::Error) -> String {
    let of_system = error.chain().find_map(|e| e.downcast_ref::<std::io::Error>());
    let text = of_system.map_or_else(|| format!("{error:#}"), ToString::to_string);
    // Arrow says it twice, in a text of its own.
    text.rsplit_once("Io error: ")
        .and_then(|(_, rest)| rest.split_once(": "))
        .map_or(text.clone(), |(one, _)| one.into())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is = |e: &(dyn std::error::Error + 'static)| {
        e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
    };
    error.chain().any(is) || format!("{error:#}").contains("Broken pipe")
}

fn rows(bench: &Workbench, sql: &str, format: Format, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Table => {
            let mut table = Printed::default();
            bench.read_only(sql, |batch| table.write(&batch, out))?;
            table.finish(out)
        }
        Format::Csv => {
            let mut writer = csv::WriterBuilder::new().with_header(true).build(out);
            bench.read_only(sql, |batch| Ok(writer.write(&flat(&batch)?)?))
        }
        Format::Json => {
            let mut any = false;
            let mut writer = json::writer::WriterBuilder::new().build::<_, JsonArray>(&mut *out);
            bench.read_only(sql, |batch| {
                any |= batch.num_rows() > 0;
                anyhow::Ok(writer.write(&batch)?)
            })?;
            if any {
                writer.finish()?;
            }
            drop(writer);
            Ok(out.write_all(if any { b"\n" } else { b"[]\n" })?)
        }
        Format::Parquet => anyhow::bail!("Parquet goes to a file, pass --output FILE"),
    }
}

/// CSV has no lists: they become JSON text.
fn flat(batch: &RecordBatch) -> Result<RecordBatch> {
    if !batch.schema().fields().iter().any(|f| f.data_type().is_nested()) {
        return Ok(batch.clone());
    }
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if !field.data_type().is_nested() {
            fields.push(field.clone());
            columns.push(column.clone());
            continue;
        }
        let mut bytes = Vec::new();
        let mut writer = json::LineDelimitedWriter::new(&mut bytes);
        writer.write(&RecordBatch::try_from_iter_with_nullable([("v", column.clone(), true)])?)?;
        writer.finish()?;
        drop(writer);
        let value =
            |line: &[u8]| Ok(serde_json::from_slice::<serde_json::Value>(line)?.get("v").map(ToString::to_string));
        let texts =
            bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(value).collect::<Result<StringArray>>()?;
        fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
        columns.push(Arc::new(texts));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn parquet(bench: &Workbench, sql: &str, file: &mut File) -> Result<()> {
    let mut writer: Option<ArrowWriter<&mut File>> = None;
    let mut file = Some(file);
    bench.read_only(sql, |batch| {
        if let Some(file) = file.take() {
            let properties = properties(&batch.schema());
            writer = Some(ArrowWriter::try_new(file, batch.schema(), Some(properties))?);
        }
        writer.as_mut().map_or(Ok(()), |writer| writer.write(&batch))?;
        anyhow::Ok(())
    })?;
    Ok(writer.map(ArrowWriter::close).transpose().map(drop)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::{array::ListArray, datatypes::Float64Type};

    #[test]
    fn lists_are_json_text_in_csv() {
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>([
            Some(vec![Some(1.5), None, Some(2.0)]),
            None,
            Some(vec![]),
        ]);
        let batch = RecordBatch::try_from_iter_with_nullable([("xs", Arc::new(lists) as _, true)]).unwrap();
        let mut out = Vec::new();
        csv::WriterBuilder::new().with_header(true).build(&mut out).write(&flat(&batch).unwrap()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "xs\n\"[1.5,null,2.0]\"\n\"\"\n[]\n");
    }
}
