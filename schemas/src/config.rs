//! `pipeline.toml`: one table a stage. A stage reads its own table, strictly, and of the others only their names.

use crate::error::{Error, Result};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use std::{fmt, marker::PhantomData, path::Path};

/// Tables that `pipeline.toml` may hold.
pub const STAGES: &[&str] = &["collect", "join-telemetry", "derive-costs", "analyze", "render"];

/// The table of `stage` from the file at `path`. Unknown keys are refused with file and line.
pub fn load<T: for<'de> Deserialize<'de>>(path: &Path, stage: &'static str) -> Result<T> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| Error::Io { path: path.to_path_buf(), action: "read", cause })?;
    parse(&text, path, stage)
}

/// [`load`] on text; `path` is only named in errors.
pub fn parse<T: for<'de> Deserialize<'de>>(text: &str, path: &Path, stage: &'static str) -> Result<T> {
    let own = toml::Deserializer::parse(text).and_then(|document| Own { stage, of: PhantomData }.deserialize(document));
    match own {
        Ok(Some(config)) => Ok(config),
        Ok(None) => Err(Error::ConfigTable { path: path.to_path_buf(), table: stage.into() }),
        Err(e) => Err(Error::Config {
            path: path.to_path_buf(),
            line: e.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            message: e.message().trim().replace('\n', " "),
        }),
    }
}

/// A configuration as JSON, for provenance.
pub fn as_json<T: Serialize>(config: &T) -> serde_json::Value {
    serde_json::to_value(config).unwrap_or_default()
}

struct Own<T> {
    stage: &'static str,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Own<T> {
    type Value = Option<T>;
    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<Self::Value, D::Error> {
        document.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Own<T> {
    type Value = Option<T>;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "the tables {}", STAGES.join(", "))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut tables: A) -> Result<Self::Value, A::Error> {
        let mut own = None;
        while let Some(table) = tables.next_key::<String>()? {
            if table == self.stage {
                own = Some(tables.next_value()?);
            } else if STAGES.contains(&table.as_str()) {
                tables.next_value::<IgnoredAny>()?;
            } else {
                return Err(A::Error::unknown_field(&table, STAGES));
            }
        }
        Ok(own)
    }
}
