//! `pipeline.toml` over the defaults: one table a stage. A stage reads its own table, strictly, and of the others only their names.

use crate::{
    error::{Error, Result},
    layers::Layers,
};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive, path::Path};
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Tables that `pipeline.toml` may hold.
pub const STAGES: [&str; 5] = ["collect", "join-telemetry", "derive-costs", "analyze", "render"];

/// The table of `stage` from the file at `path`. Unknown keys are refused with file and line.
pub fn load<T: for<'de> Deserialize<'de>>(path: &Path, stage: &'static str) -> Result<T> {
    parse(&read(path)?, path, stage)
}

pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(Error::io(path, "read"))
}

/// [`load`] on text; `path` is only named in errors.
pub fn parse<T: for<'de> Deserialize<'de>>(text: &str, path: &Path, stage: &'static str) -> Result<T> {
    let refuse = |at: usize, message: String| Error::Config { path: path.to_path_buf(), line: line(text, at), message };
    let wrong =
        |e: toml::de::Error| refuse(e.span().map_or(0, |span| span.start), e.message().trim().replace('\n', " "));
    let absent = || Error::ConfigTable { path: path.to_path_buf(), table: stage.into() };
    let layers = Layers::new(text);
    let mut tables = layers.document().map_err(wrong)?;
    let unknown = tables.get_ref().keys().filter(|table| !STAGES.contains(&table.get_ref().as_ref()));
    if let Some(table) = unknown.min_by_key(|table| table.span().start) {
        let known = STAGES.map(|s| format!("`{s}`")).join(", ");
        return Err(refuse(
            table.span().start,
            format!("unknown field `{}`, expected one of {known}", table.get_ref()),
        ));
    }
    let own = tables.get_mut().remove(stage).ok_or_else(absent)?;
    T::deserialize(ValueDeserializer::from(own)).map_err(|e| match e.span() {
        // What the defaults lack, the file has to say.
        Some(span) if layers.is_default(span.start) && !layers.has(stage) => absent(),
        _ => wrong(e),
    })
}

/// [`load`], and what no type can refuse: the first fault is told with file and line.
pub fn load_valid<T: for<'de> Deserialize<'de>>(
    path: &Path,
    stage: &'static str,
    fault: impl FnOnce(&T) -> Option<Fault>,
) -> Result<T> {
    let text = read(path)?;
    let config = parse(&text, path, stage)?;
    match fault(&config) {
        Some(fault) => Err(fault.at(&text, path, stage)),
        None => Ok(config),
    }
}

/// [`Fault::at`], for what only the machine or the data show, when the file was read before.
pub fn refusal(path: &Path, stage: &'static str, fault: &Fault) -> Error {
    read(path).map_or_else(|error| error, |text| fault.at(&text, path, stage))
}

/// A value that its type allows and its meaning does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    key: String,
    what: String,
    value: String,
    remedy: String,
}

impl Fault {
    /// `key` leads from the stage's table to the value: `warmup.max_cv_pct`, `scenario.1.batch` (elements count from 0); of a key that
    /// the file leaves out, the table is named. `what` is wrong with `value`.
    pub fn new(key: impl Into<String>, what: impl Into<String>, value: impl fmt::Display) -> Self {
        Fault { key: key.into(), what: what.into(), value: value.to_string(), remedy: "correct it".into() }
    }

    /// What to do, where that is not just to correct the value.
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Fault { remedy: remedy.into(), ..self }
    }

    /// The same fault of a value inside the table or array at `key`.
    pub fn inside(self, key: &str) -> Self {
        let key = if self.key.is_empty() { key.to_string() } else { format!("{key}.{}", self.key) };
        Fault { key, ..self }
    }

    /// The refusal of the file that holds it.
    pub fn at(&self, text: &str, path: &Path, stage: &str) -> Error {
        let keys: Vec<&str> = std::iter::once(stage).chain(self.key.split('.').filter(|k| !k.is_empty())).collect();
        let message = format!("{}, {}", self.what, self.value);
        Error::Value {
            path: path.to_path_buf(),
            line: line_of(text, &keys).unwrap_or(1),
            message,
            remedy: self.remedy.clone(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}, {}, {}", self.what, self.value, self.remedy)
    }
}

impl std::error::Error for Fault {}

/// The fault of a number outside its range; NaN is outside of every one.
pub fn outside<N: PartialOrd + fmt::Debug>(key: &str, value: N, range: RangeInclusive<N>) -> Option<Fault> {
    let told = || {
        Fault::new(key, format!("{key} must be from {:?} to {:?}", range.start(), range.end()), format!("{value:?}"))
    };
    (!range.contains(&value)).then(told)
}

/// The line at which the value of a path of keys begins, from 1; of a path that the text has only in part, the line of that
/// part. Elements of arrays are named by their numbers, from 0.
pub fn line_of(text: &str, keys: &[&str]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (mut at, mut inner): (_, Option<&DeValue>) = (None, None);
    let mut table = Some(document.get_ref());
    for key in keys {
        let found = match (table, inner) {
            (Some(table), _) => table.iter().find(|(k, _)| k.get_ref() == key).map(|(k, v)| (k.span(), v)),
            (None, Some(DeValue::Array(array))) => {
                key.parse().ok().and_then(|i: usize| array.get(i)).map(|v: &toml::Spanned<DeValue>| (v.span(), v))
            }
            _ => None,
        };
        let Some((span, value)) = found else { break };
        at = Some(span.start);
        (table, inner) = (value.get_ref().as_table(), Some(value.get_ref()));
    }
    at.map(|at| line(text, at))
}

/// The number of the line that holds a byte.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

/// A configuration as JSON, for provenance.
pub fn as_json<T: Serialize>(config: &T) -> serde_json::Value {
    serde_json::to_value(config).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a comment\n[collect]\nthreads = 2\nmode = [\n  { mode = \"prefill\" },\n  { mode = \"generate\" },\n]\n\
                        warmup = { max_cv_pct = 5.0 }\n\n[[collect.power]]\nsource = \"rapl\"\n\n[[collect.power]]\n\
                        sample_hz = 20.0\n\n[collect.parity]\ngreedy_tokens = 3\n";

    #[test]
    fn a_value_is_found_where_it_stands_and_a_missing_one_where_its_table_is() {
        for (keys, line) in [
            (&["collect", "threads"] as &[&str], 3),
            (&["collect", "mode"], 4),
            (&["collect", "mode", "0"], 5),
            (&["collect", "mode", "1", "mode"], 6),
            (&["collect", "mode", "1", "kv_cache"], 6),
            (&["collect", "warmup", "max_cv_pct"], 8),
            (&["collect", "power", "0", "source"], 11),
            (&["collect", "power", "0", "sample_hz"], 10),
            (&["collect", "power", "1", "sample_hz"], 14),
            (&["collect", "parity", "greedy_tokens"], 17),
            (&["collect", "parity", "max_relative_difference"], 16),
            (&["collect", "seed"], 2),
        ] {
            assert_eq!(line_of(TEXT, keys), Some(line), "{keys:?}");
        }
        assert_eq!(line_of(TEXT, &["analyze"]), None);
        assert_eq!(line_of("no toml", &["collect"]), None);
    }

    #[test]
    fn a_fault_tells_file_line_value_and_remedy() {
        let path = Path::new("p.toml");
        let refused = |fault: Fault| fault.at(TEXT, path, "collect").to_string();
        let outside = |key, value, range| outside(key, value, range).unwrap();
        assert_eq!(
            refused(outside("threads", 0.5, 1.0..=4.0)),
            "p.toml: line 3: threads must be from 1.0 to 4.0, 0.5, correct it"
        );
        assert_eq!(
            refused(outside("sample_hz", f64::NAN, 0.0..=1e3).inside("power.1").remedy("lower it")),
            "p.toml: line 14: sample_hz must be from 0.0 to 1000.0, NaN, lower it"
        );
        assert_eq!(super::outside("threads", 4, 1..=4), None);
    }
}
