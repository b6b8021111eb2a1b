//! Names of hardware in SQL: what [`schemas::hardware`] makes of what was printed.
//!
//! `hardware_name(text)`, `hardware_is_exact`, `hardware_is_slice`, `hardware_count` of what ran; `sold_name(provider, instance,
//! accelerator, cpu)`, `sold_is_exact` and `sold_memory_gb` of what a price is of, which is the accelerator where there is one.

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray},
        datatypes::DataType,
    },
    error::Result,
    logical_expr::{ColumnarValue, Volatility, create_udf},
    prelude::SessionContext,
};
use schemas::hardware::{Hardware, recognise, sold};
use std::{collections::HashMap, sync::Arc};

pub(crate) fn register(context: &SessionContext) {
    let function = |name, arguments: usize, returns, function: fn(&[ColumnarValue]) -> Result<ColumnarValue>| {
        let texts = vec![DataType::Utf8; arguments];
        context.register_udf(create_udf(name, texts, returns, Volatility::Immutable, Arc::new(function)));
    };
    let (text, whole, truth) = (DataType::Utf8, DataType::Int64, DataType::Boolean);
    function("hardware_name", 1, text.clone(), |args| names(&found(args, ran)?));
    function("hardware_count", 1, whole, |args| {
        let counts = found(args, ran)?.iter().map(|h| h.as_ref().map(|h| h.count)).collect::<Int64Array>();
        Ok(column(counts))
    });
    function("hardware_is_exact", 1, truth.clone(), |args| exact(&found(args, ran)?));
    function("hardware_is_slice", 1, truth.clone(), |args| {
        let slices = found(args, ran)?.iter().map(|h| h.as_ref().map(|h| h.slice.is_some())).collect::<BooleanArray>();
        Ok(column(slices))
    });
    function("sold_name", 4, text, |args| names(&found(args, priced)?));
    function("sold_is_exact", 4, truth, |args| exact(&found(args, priced)?));
    function("sold_memory_gb", 4, DataType::Float64, |args| {
        let sizes = found(args, priced)?.iter().map(|h| h.as_ref()?.memory_gb).collect::<Float64Array>();
        Ok(column(sizes))
    });
}

fn column(array: impl Array + 'static) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(array) as ArrayRef)
}

fn names(found: &[Option<Hardware>]) -> Result<ColumnarValue> {
    Ok(column(found.iter().map(|h| h.as_ref().map(|h| h.name.as_str())).collect::<StringArray>()))
}

fn exact(found: &[Option<Hardware>]) -> Result<ColumnarValue> {
    Ok(column(found.iter().map(|h| h.as_ref().map(|h| h.is_exact)).collect::<BooleanArray>()))
}

fn ran(texts: &[Option<&str>]) -> Option<Hardware> {
    texts[0].map(recognise)
}

fn priced(texts: &[Option<&str>]) -> Option<Hardware> {
    let [provider, instance, accelerator, cpu] = texts else { return None };
    match (accelerator, cpu) {
        (Some(accelerator), _) => Some(sold((*provider)?, (*instance)?, accelerator)),
        (None, cpu) => cpu.map(recognise),
    }
}

/// What each row's texts stand for. Rows of prices repeat a few names.
fn found(args: &[ColumnarValue], of: fn(&[Option<&str>]) -> Option<Hardware>) -> Result<Vec<Option<Hardware>>> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let texts: Vec<&StringArray> = arrays.iter().map(|a| a.as_string::<i32>()).collect();
    let mut known: HashMap<Vec<Option<&str>>, Option<Hardware>> = HashMap::new();
    let rows = (0..texts.first().map_or(0, |t| t.len())).map(|row| {
        let key: Vec<Option<&str>> = texts.iter().map(|t| t.is_valid(row).then(|| t.value(row))).collect();
        known.entry(key.clone()).or_insert_with(|| of(&key)).clone()
    });
    Ok(rows.collect())
}
