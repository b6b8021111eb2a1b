//! Where a row comes from: a query over the contract tables that `query` runs, made from a text with `{column}` in it.

use serde_json::Value;

/// The text with every `{column}` replaced by the row's value as an SQL literal.
pub fn filled(text: &str, row: &Value) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        out.push_str(&literal(row.get(&rest[start + 1..start + length]).unwrap_or(&Value::Null)));
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out
}

/// A literal of standard SQL: a quote in a text is written twice, so that no text can end it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_stay_literals() {
        let row = json!({"backend": "o'x' or 1 = 1 -- {mode}", "mode": "prefill", "kv_cache": true, "n": 4});
        assert_eq!(
            filled(
                "select 1 from t where a = {backend} and b = {kv_cache} and c = {n} and d is not distinct from {gone}",
                &row
            ),
            "select 1 from t where a = 'o''x'' or 1 = 1 -- {mode}' and b = true and c = 4 and d is not distinct from null"
        );
    }
}
