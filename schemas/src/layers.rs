//! `pipeline.toml` over `defaults.toml`: a file says what differs, and all else holds as compiled in.
//!
//! Tables are laid over each other key by key. Everything else is replaced whole: a list, and a table that says its `source`, whose other
//! keys belong to that source.

use crate::{
    config,
    error::{Error, Result},
};
use serde::Deserialize;
use std::path::Path;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

/// Every value that has one, with what it means.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The key that says what the others of its table are.
const TAG: &str = "source";

/// A file's text, and behind as many blanks the defaults: a place beyond the text is one in the defaults.
pub struct Layers<'t> {
    own: &'t str,
    defaults: String,
}

impl<'t> Layers<'t> {
    pub fn new(own: &'t str) -> Self {
        Layers { own, defaults: format!("{}{DEFAULTS}", " ".repeat(own.len())) }
    }

    /// What holds. Places in it are those of the file, or behind its end.
    ///
    /// # Errors
    ///
    /// A file that is no TOML.
    pub fn document(&self) -> std::result::Result<Spanned<DeTable<'_>>, toml::de::Error> {
        let mut own = DeTable::parse(self.own)?;
        fill(own.get_mut(), DeTable::parse(&self.defaults)?.into_inner());
        Ok(own)
    }

    /// Whether the file itself has this table.
    pub fn has(&self, table: &str) -> bool {
        DeTable::parse(self.own).is_ok_and(|own| own.get_ref().contains_key(table))
    }

    /// Whether a place in [`document`](Layers::document) is one of the defaults.
    pub fn is_default(&self, at: usize) -> bool {
        at >= self.own.len()
    }
}

fn fill<'t>(own: &mut DeTable<'t>, defaults: DeTable<'t>) {
    for (key, value) in defaults {
        match own.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut) {
            None => {
                own.insert(key, value);
            }
            Some(DeValue::Table(own)) if !own.contains_key(TAG) => {
                if let DeValue::Table(defaults) = value.into_inner() {
                    fill(own, defaults);
                }
            }
            Some(_) => (),
        }
    }
}

/// All that holds with the file at `path`, of every stage.
///
/// # Errors
///
/// A file that cannot be read or is no TOML.
pub fn effective(path: &Path) -> Result<toml::Table> {
    let text = config::read(path)?;
    let layers = Layers::new(&text);
    layers.document().and_then(|own| toml::Table::deserialize(Deserializer::from(own))).map_err(|e| Error::Config {
        path: path.to_path_buf(),
        line: config::line(&text, e.span().map_or(0, |span| span.start)),
        message: e.message().trim().replace('\n', " "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(own: &str) -> toml::Table {
        toml::Table::deserialize(Deserializer::from(Layers::new(own).document().unwrap())).unwrap()
    }

    #[test]
    fn what_a_file_says_holds_and_the_rest_is_the_default() {
        let defaults: toml::Table = toml::from_str(DEFAULTS).unwrap();
        assert_eq!(held(""), defaults);
        let own = "[collect]\nthreads = 1\nmode = [{ mode = \"prefill\", kv_cache = false }]\n[collect.warmup]\nmax_cv_pct = 1.0\n\
                   [analyze.decision.weights]\nkwh = 2.0\n[render]\ntitle = \"Mine\"\n";
        let mut wanted = defaults;
        let table = |t: &str| t.parse::<toml::Table>().unwrap();
        wanted["collect"]["threads"] = 1.into();
        wanted["collect"]["mode"] = table("mode = [{ mode = \"prefill\", kv_cache = false }]")["mode"].clone();
        wanted["collect"]["warmup"]["max_cv_pct"] = 1.0.into();
        wanted["analyze"]["decision"]["weights"]["kwh"] = 2.0.into();
        wanted["render"]["title"] = "Mine".into();
        assert_eq!(held(own), wanted);
    }

    #[test]
    fn a_table_of_another_source_is_taken_whole() {
        let mut own = DeTable::parse("m = { source = \"path\", path = \"x\" }\nn = { b = 2 }").unwrap().into_inner();
        fill(
            &mut own,
            DeTable::parse("m = { source = \"wheel\", wheel = \"w\" }\nn = { a = 1, b = 1 }").unwrap().into_inner(),
        );
        let keys =
            |table: &str| own[table].get_ref().as_table().unwrap().keys().map(|k| k.to_string()).collect::<Vec<_>>();
        assert_eq!((keys("m"), keys("n")), (vec!["path".into(), "source".into()], vec!["a".into(), "b".into()]));
    }
}
