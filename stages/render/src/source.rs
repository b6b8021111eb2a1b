//! Where a row comes from: a query over the contract tables that `query` runs. A file of `sql/sources` holds `{column}` where the row's
//! value stands, and `{=a, b}` for `a = {a} and b = {b}`.

use recombine::Model;
use serde_json::Value;

/// A file of `sql/sources` on one line, without its comment.
pub struct Source(String);

impl Source {
    pub fn of(file: Model) -> Self {
        let lines = file.sql.lines().map(str::trim).filter(|line| !line.starts_with("--"));
        let line = lines.collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")");
        Source(each_brace(&line, |inside| match inside.strip_prefix('=') {
            Some(columns) => columns.split(", ").map(equality).collect::<Vec<_>>().join(" and "),
            None => format!("{{{inside}}}"),
        }))
    }

    /// Every `{column}` is replaced by the row's value as an SQL literal.
    pub fn filled(&self, row: &Value) -> String {
        each_brace(&self.0, |column| literal(row.get(column).unwrap_or(&Value::Null)))
    }
}

/// The row knows a column of a joined table by its last name.
fn equality(column: &str) -> String {
    format!("{column} = {{{}}}", column.rsplit('.').next().unwrap_or(column))
}

/// The text with what stands in each pair of braces replaced, which is not looked at again.
fn each_brace(text: &str, replaced: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (inside, after))) = rest.split_once('{').and_then(|(b, r)| Some((b, r.split_once('}')?))) {
        out.push_str(before);
        out.push_str(&replaced(inside));
        rest = after;
    }
    out + rest
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
        let file = "-- One row.\nt\nwhere {=r.backend, kv_cache} and (\n    c = {n}\n)\n    and d is not distinct from {gone}\n";
        let row = json!({"backend": "o'x' or 1 = 1 -- {mode}", "mode": "prefill", "kv_cache": true, "n": 4});
        assert_eq!(
            Source::of(Model { name: "t", sql: file }).filled(&row),
            "t where r.backend = 'o''x'' or 1 = 1 -- {mode}' and kv_cache = true and (c = 4) and d is not distinct from null"
        );
    }
}
