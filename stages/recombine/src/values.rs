//! Plain values as tables, and query results as contract tables.

use crate::error::{Error, Result};
use datafusion::arrow::{
    array::RecordBatch,
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, Schema},
    json::{ReaderBuilder, reader::infer_json_schema_from_iterator},
};
use schemas::Contract;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// One row a value; its scalar fields and lists of scalars are columns. A field that is null in every value is Float64.
pub(crate) fn to_batch<T: Serialize>(name: &str, values: &[T]) -> Result<RecordBatch> {
    let fail = |cause: String| Error::Sql { model: name.into(), cause };
    let rows: Vec<Value> = values
        .iter()
        .map(|v| serde_json::to_value(v).map(scalars))
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| fail(e.to_string()))?;
    let schema = infer_json_schema_from_iterator(rows.iter().map(Ok)).map_err(|e| fail(e.to_string()))?;
    let fields = schema.fields().iter().map(|f| match f.data_type() {
        DataType::Null => Field::new(f.name(), DataType::Float64, true),
        _ => f.as_ref().clone(),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_batch_size(rows.len().max(1))
        .build_decoder()
        .map_err(|e| fail(e.to_string()))?;
    decoder.serialize(&rows).map_err(|e| fail(e.to_string()))?;
    let batch = decoder.flush().map_err(|e| fail(e.to_string()))?;
    Ok(batch.unwrap_or_else(|| RecordBatch::new_empty(schema)))
}

fn scalars(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, v)| match v {
                Value::Object(_) => false,
                Value::Array(items) => items.iter().all(|i| !i.is_object() && !i.is_array()),
                _ => true,
            })
            .collect(),
        other => other,
    }
}

/// The contract's columns, by name, in its types.
pub(crate) fn fit(contract: &'static Contract, batch: &RecordBatch) -> Result<RecordBatch> {
    let strict = CastOptions { safe: false, ..Default::default() };
    let arrays = contract.columns.iter().map(|column| {
        let fail = |cause: String| Error::Fit { table: contract.name, column: column.name, cause };
        let array = batch.column_by_name(column.name).ok_or_else(|| fail("the model does not select it".into()))?;
        cast_with_options(array, &column.kind.arrow(), &strict).map_err(|e| fail(e.to_string()))
    });
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    let nullable = contract.arrow().fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
    RecordBatch::try_new(Arc::new(Schema::new(nullable)), arrays).map_err(|e| Error::Runtime { cause: e.to_string() })
}
