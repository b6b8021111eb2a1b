//! `pipeline.toml`: one table a stage. A stage reads its own table, strictly, and of the others only their names.

use crate::error::{Error, Result};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use std::{fmt, marker::PhantomData, path::Path};

/// Tables that `pipeline.toml` may hold.
pub const STAGES: [&str; 5] = ["collect", "join-telemetry", "derive-costs", "analyze", "render"];

/// The table of `stage` from the file at `path`. Unknown keys are refused with file and line.
pub fn load<T: for<'de> Deserialize<'de>>(path: &Path, stage: &'static str) -> Result<T> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| Error::Io { path: path.to_path_buf(), action: "read", cause })?;
    parse(&text, path, stage)
}

/// [`load`] on text; `path` is only named in errors.
pub fn parse<T: for<'de> Deserialize<'de>>(text: &str, path: &Path, stage: &'static str) -> Result<T> {
    let refuse = |at: usize, message: String| Error::Config {
        path: path.to_path_buf(),
        line: text[..at.min(text.len())].matches('\n').count() + 1,
        message,
    };
    let found =
        toml::Deserializer::parse(text).and_then(|document| Own { stage, of: PhantomData }.deserialize(document));
    match found {
        Ok(Found::Own(config)) => Ok(config),
        Ok(Found::Absent) => Err(Error::ConfigTable { path: path.to_path_buf(), table: stage.into() }),
        Ok(Found::Unknown { table, at }) => {
            let known = STAGES.map(|s| format!("`{s}`")).join(", ");
            Err(refuse(at, format!("unknown field `{table}`, expected one of {known}")))
        }
        Err(e) => Err(refuse(e.span().map_or(0, |span| span.start), e.message().trim().replace('\n', " "))),
    }
}

/// A configuration as JSON, for provenance.
pub fn as_json<T: Serialize>(config: &T) -> serde_json::Value {
    serde_json::to_value(config).unwrap_or_default()
}

/// What the top level of a file holds for a stage.
enum Found<T> {
    Own(T),
    Absent,
    /// A table of no stage, and the byte at which its name stands.
    Unknown {
        table: String,
        at: usize,
    },
}

struct Own<T> {
    stage: &'static str,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Own<T> {
    type Value = Found<T>;
    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<Self::Value, D::Error> {
        document.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Own<T> {
    type Value = Found<T>;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "the tables {}", STAGES.join(", "))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut tables: A) -> Result<Self::Value, A::Error> {
        let mut found = Found::Absent;
        while let Some(name) = tables.next_key::<toml::Spanned<String>>()? {
            let (at, table) = (name.span().start, name.into_inner());
            if table == self.stage {
                found = Found::Own(tables.next_value()?);
            } else {
                tables.next_value::<IgnoredAny>()?;
                if !STAGES.contains(&table.as_str()) {
                    return Ok(Found::Unknown { table, at });
                }
            }
        }
        Ok(found)
    }
}
