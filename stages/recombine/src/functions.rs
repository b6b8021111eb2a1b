//! SQL functions that the models need and DataFusion does not have.

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray, Float64Array},
        datatypes::{DataType, Float64Type},
    },
    error::Result,
    logical_expr::{ColumnarValue, Volatility, create_udf},
    prelude::SessionContext,
};
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::sync::Arc;

pub(crate) fn register(context: &SessionContext) {
    context.register_udf(create_udf(
        "student_t_quantile",
        vec![DataType::Float64, DataType::Float64],
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(|args: &[ColumnarValue]| student_t_quantile(args)),
    ));
}

/// `student_t_quantile(p, df)`: inverse CDF of Student's t (Student 1908; statrs). Null unless 0 < p < 1 and df > 0.
fn student_t_quantile(args: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let (p, df) = (arrays[0].as_primitive::<Float64Type>(), arrays[1].as_primitive::<Float64Type>());
    let quantile = |p: f64, df: f64| {
        let inside = p > 0.0 && p < 1.0;
        StudentsT::new(0.0, 1.0, df).ok().filter(|_| inside).map(|t| t.inverse_cdf(p))
    };
    let values = p.iter().zip(df.iter()).map(|(p, df)| quantile(p?, df?)).collect::<Float64Array>();
    Ok(ColumnarValue::Array(Arc::new(values) as ArrayRef))
}
