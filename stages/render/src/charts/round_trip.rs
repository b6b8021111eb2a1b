//! Charts through the types of `vega_lite_4`. That crate drops keys it does not know without a word, so what comes back is compared with
//! what went in.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use vega_lite_4::Vegalite;

/// The specification as `vega_lite_4` understands it.
pub fn checked(spec: &Value) -> Result<Value> {
    let back = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || round_trip(spec))?;
        worker.join().map_err(|_| anyhow::anyhow!("the reader of Vega-Lite 4 failed"))?
    })?;
    match lost(spec, &back, "$") {
        None => Ok(back),
        Some(path) => bail!("Vega-Lite 4 does not know {path}, correct the chart's file"),
    }
}

/// The crate's types nest deeper than a thread's usual stack holds.
const STACK_BYTES: usize = 64 << 20;

fn round_trip(spec: &Value) -> Result<Value> {
    let typed: Vegalite = serde_json::from_value(spec.clone()).context("not a Vega-Lite 4 specification")?;
    Ok(serde_json::to_value(&typed)?)
}

/// The first path of `before` that `after` does not have. Null is the same as absent.
fn lost(before: &Value, after: &Value, path: &str) -> Option<String> {
    match (before, after) {
        (Value::Object(b), Value::Object(a)) => b.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match a.get(key) {
                Some(found) => lost(value, found, &path),
                None if value.is_null() => None,
                None => Some(path),
            }
        }),
        (Value::Array(b), Value::Array(a)) if b.len() == a.len() => {
            b.iter().zip(a).enumerate().find_map(|(i, (b, a))| lost(b, a, &format!("{path}[{i}]")))
        }
        (Value::Number(b), Value::Number(a)) if b.as_f64() == a.as_f64() => None,
        (b, a) if b == a => None,
        _ => Some(path.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::shape::Shape;

    #[test]
    fn a_misspelt_key_is_named() {
        let mut spec: Value = serde_json::from_str(Shape::Bars.file()).unwrap();
        spec["spec"]["layer"][1]["mark"]["strokeWidht"] = 2.into();
        assert_eq!(
            checked(&spec).unwrap_err().to_string(),
            "Vega-Lite 4 does not know $.spec.layer[1].mark.strokeWidht, correct the chart's file"
        );
    }
}
