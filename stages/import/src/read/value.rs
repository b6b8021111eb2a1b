//! A value of JSON, and what readers ask of it.

use super::{
    fault::{Fault, Result, quoted},
    number::{Cell, Decimal, cell},
};

/// A value. Numbers that are written without a point stay exact.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    /// NaN or an infinity, which JSON does not have and Python and C++ write.
    NotFinite(f64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(pairs) => pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The names in an object.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let pairs = if let Value::Map(pairs) = self { pairs.as_slice() } else { &[] };
        pairs.iter().map(|(key, _)| key.as_str())
    }

    /// A finite number, or a text that is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Number(n) => Some(*n),
            Value::Text(text) => match cell(text, Decimal::Point) {
                Cell::Number(q) if q.unit.is_none() => Some(q.value),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64()
    }

    /// The first of these that is a number.
    pub fn any(&self, keys: &[&str]) -> Option<f64> {
        keys.iter().find_map(|key| self.number(key))
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    pub fn list(&self, key: &str) -> Option<&[Value]> {
        match self.get(key)? {
            Value::List(values) => Some(values),
            _ => None,
        }
    }

    /// A scalar as it would be written in a name.
    pub fn shown(&self) -> Option<String> {
        match self {
            Value::Bool(b) => Some(b.to_string()),
            Value::Int(n) => Some(n.to_string()),
            Value::Number(n) | Value::NotFinite(n) => Some(n.to_string()),
            Value::Text(text) => Some(text.trim().to_string()),
            _ => None,
        }
    }
}

/// A number of at least 0 in an entry; `None` where it is absent or null. Anything else is refused.
pub fn amount(line: u64, name: &str, entry: &Value, field: &str) -> Result<Option<f64>> {
    let number = match entry.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Int(n)) => *n as f64,
        Some(Value::Number(n)) => *n,
        Some(_) => f64::NAN,
    };
    let wrong = || {
        let value = entry.get(field).and_then(Value::shown).unwrap_or_default();
        Fault::new(format!("`{field}` of {name} is not a number of at least 0"), quoted(&value), "correct the entry")
    };
    if number >= 0.0 { Ok(Some(number)) } else { Err(wrong().at(line)) }
}
