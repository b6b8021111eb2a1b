//! Rows as Rust values: serde in, serde out, through Arrow's own JSON codec.

use crate::{
    contract::Contract,
    error::{Error, Result},
};
use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::{SortColumn, lexsort_to_indices, take_record_batch},
    json::{ReaderBuilder, writer::ArrayWriter},
};
use serde::{Serialize, de::DeserializeOwned};

/// Rows to one batch of the contract, sorted by its key. Field names are column names; a missing field is null.
pub fn to_batch<T: Serialize>(contract: &'static Contract, rows: &[T]) -> Result<RecordBatch> {
    sort(contract, &in_order(contract, rows)?)
}

/// Rows to one batch of the contract, in their own order.
pub fn in_order<T: Serialize>(contract: &'static Contract, rows: &[T]) -> Result<RecordBatch> {
    let fail = |cause: String| Error::Rows { table: contract.name, cause };
    let schema = contract.arrow();
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_strict_mode(true)
        .with_batch_size(rows.len().max(1))
        .build_decoder()
        .map_err(|e| fail(e.to_string()))?;
    decoder.serialize(rows).map_err(|e| fail(e.to_string()))?;
    Ok(decoder.flush().map_err(|e| fail(e.to_string()))?.unwrap_or_else(|| RecordBatch::new_empty(schema)))
}

/// The batch sorted by the contract's key.
pub fn sort(contract: &'static Contract, batch: &RecordBatch) -> Result<RecordBatch> {
    let fail = |e: arrow::error::ArrowError| Error::Rows { table: contract.name, cause: e.to_string() };
    if batch.num_rows() < 2 {
        return Ok(batch.clone());
    }
    let keys: Vec<SortColumn> =
        contract.key_indices().iter().map(|&i| SortColumn { values: batch.column(i).clone(), options: None }).collect();
    let order: UInt32Array = lexsort_to_indices(&keys, None).map_err(fail)?;
    take_record_batch(batch, &order).map_err(fail)
}

/// Batches to rows. Nulls are left out, so fields that may be absent are `Option`.
pub fn from_batches<T: DeserializeOwned>(table: &'static str, batches: &[RecordBatch]) -> Result<Vec<T>> {
    let fail = |cause: String| Error::Rows { table, cause };
    let mut json = ArrayWriter::new(Vec::new());
    json.write_batches(&batches.iter().collect::<Vec<_>>()).map_err(|e| fail(e.to_string()))?;
    json.finish().map_err(|e| fail(e.to_string()))?;
    match json.into_inner() {
        text if text.is_empty() => Ok(Vec::new()),
        text => serde_json::from_slice(&text).map_err(|e| fail(e.to_string())),
    }
}
