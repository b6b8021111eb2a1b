//! SQL functions that the models need and DataFusion does not have.

use crate::propagation::Known;
use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray},
        datatypes::{DataType, Float64Type, Int64Type},
    },
    common::{exec_datafusion_err, exec_err},
    error::Result,
    logical_expr::{ColumnarValue, Volatility, create_udf},
    prelude::SessionContext,
};
use schemas::tables::cell;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::{collections::HashMap, sync::Arc};

/// Of one Monte Carlo interval: 80 MB.
const MOST_DRAWS: i64 = 10_000_000;

pub(crate) fn register(context: &SessionContext) {
    let immutable = |name, arguments, returns, function: fn(&[ColumnarValue]) -> Result<ColumnarValue>| {
        context.register_udf(create_udf(name, arguments, returns, Volatility::Immutable, Arc::new(function)));
    };
    let double = DataType::Float64;
    immutable("student_t_quantile", vec![double.clone(); 2], double.clone(), student_t_quantile);
    immutable("student_t_p", vec![double.clone(); 2], double.clone(), student_t_p);
    let known = [vec![double.clone(); 7], vec![DataType::Int64; 2]].concat();
    immutable("interval_low", known.clone(), double.clone(), |args| interval(args, |(low, _)| low));
    immutable("interval_high", known, double, |args| interval(args, |(_, high)| high));
    immutable("cell_id", vec![DataType::Utf8; 7], DataType::Utf8, cell_id);
    immutable("local_hour", vec![DataType::Int64, DataType::Utf8], DataType::Int64, local_hour);
}

/// `student_t_quantile(p, df)`: inverse CDF of Student's t (Student 1908; statrs). Null unless 0 < p < 1 and df > 0.
fn student_t_quantile(args: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let (p, df) = (arrays[0].as_primitive::<Float64Type>(), arrays[1].as_primitive::<Float64Type>());
    let mut known = HashMap::new();
    let mut quantile = |p: f64, df: f64| {
        let inside = p > 0.0 && p < 1.0;
        let find = || StudentsT::new(0.0, 1.0, df).ok().filter(|_| inside).map(|t| t.inverse_cdf(p));
        *known.entry((p.to_bits(), df.to_bits())).or_insert_with(find)
    };
    let values = p.iter().zip(df.iter()).map(|(p, df)| quantile(p?, df?)).collect::<Float64Array>();
    Ok(ColumnarValue::Array(Arc::new(values) as ArrayRef))
}

/// `student_t_p(t, df)`: two-sided p-value of a t statistic (Student 1908; statrs). Null unless df > 0.
fn student_t_p(args: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let (t, df) = (arrays[0].as_primitive::<Float64Type>(), arrays[1].as_primitive::<Float64Type>());
    let p = |t: f64, df: f64| StudentsT::new(0.0, 1.0, df).ok().map(|known| 2.0 * known.sf(t.abs()));
    let values = t.iter().zip(df.iter()).map(|(t, df)| p(t?, df?)).collect::<Float64Array>();
    Ok(ColumnarValue::Array(Arc::new(values) as ArrayRef))
}

/// `interval_low(value, u_runs, df, u_common, below, above, level, draws, seed)` and `interval_high`: the ends of
/// [`Known::interval`], or of [`Known::monte_carlo`] where `draws` is not 0. Null where an argument is, and without a degree of
/// freedom.
///
/// Draws are kept until they are sorted, so their number is bounded.
fn interval(args: &[ColumnarValue], end: fn((f64, f64)) -> f64) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let doubles: Vec<&Float64Array> = arrays[..7].iter().map(|a| a.as_primitive::<Float64Type>()).collect();
    let (draws, seed) = (arrays[7].as_primitive::<Int64Type>(), arrays[8].as_primitive::<Int64Type>());
    if let Some(odd) = draws.iter().flatten().find(|n| !(0..=MOST_DRAWS).contains(n)) {
        return exec_err!("{odd} draws, give 0 for the delta method or at most {MOST_DRAWS}");
    }
    let values = (0..draws.len()).map(|row| {
        if arrays.iter().any(|a| a.is_null(row)) {
            return None;
        }
        let [value, u_runs, df, u_common, below, above, level] = std::array::from_fn(|i| doubles[i].value(row));
        let known = Known { value, u_runs, df, u_common, below, above };
        let found = match draws.value(row) {
            0 => known.interval(level),
            draws => known.monte_carlo(level, draws as usize, seed.value(row) as u64),
        };
        found.map(end)
    });
    Ok(ColumnarValue::Array(Arc::new(values.collect::<Float64Array>()) as ArrayRef))
}

/// `cell_id(backend, device, model, dtype, mode, kv_cache, scenario)`: [`cell::id`] of texts; null where one is.
fn cell_id(args: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let texts: [&StringArray; 7] = std::array::from_fn(|i| arrays[i].as_string::<i32>());
    let id = |row: usize| {
        let is_known = texts.iter().all(|text| text.is_valid(row));
        is_known.then(|| cell::id(texts.map(|text| text.value(row))))
    };
    Ok(ColumnarValue::Array(Arc::new((0..texts[0].len()).map(id).collect::<StringArray>()) as ArrayRef))
}

/// `local_hour(t_ns, zone)`: hour of the day, 0 to 23, of an instant (UTC nanoseconds) in a time zone of the IANA database.
fn local_hour(args: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let (t, zone) = (arrays[0].as_primitive::<Int64Type>(), arrays[1].as_string::<i32>());
    let hours = t.iter().zip(zone.iter()).map(|(t, zone)| match (t, zone) {
        (Some(t), Some(zone)) => {
            let zone: Tz = zone.parse().map_err(|_| exec_datafusion_err!("unknown time zone \"{zone}\""))?;
            Ok(Some(i64::from(DateTime::from_timestamp_nanos(t).with_timezone(&zone).hour())))
        }
        _ => Ok(None),
    });
    Ok(ColumnarValue::Array(Arc::new(hours.collect::<Result<Int64Array>>()?) as ArrayRef))
}
