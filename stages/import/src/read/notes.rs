//! What a reader left out or decided: counted by kind, each with its first example, so that a long file has few notes.

use std::{collections::BTreeMap, path::Path};

const MAX_KINDS: usize = 40;

#[derive(Debug, Default)]
pub struct Notes {
    kinds: BTreeMap<String, Kind>,
    more: u64,
}

#[derive(Debug)]
struct Kind {
    count: u64,
    line: u64,
    example: String,
}

impl Notes {
    pub fn add(&mut self, what: &str, line: u64, example: &str) {
        if let Some(kind) = self.kinds.get_mut(what) {
            kind.count += 1;
        } else if self.kinds.len() >= MAX_KINDS {
            self.more += 1;
        } else {
            let kind = Kind { count: 1, line, example: example.chars().take(120).collect() };
            self.kinds.insert(what.to_string(), kind);
        }
    }

    /// One line a kind, on stderr.
    pub fn print(&self, path: &Path) {
        for (what, Kind { count, line, example }) in &self.kinds {
            let note = format!("import: {}: {what}: {count}, first line {line} ({example})", path.display());
            eprintln!("{}", schemas::terminal::escaped(&note));
        }
        if self.more > 0 {
            eprintln!("import: {}: notes of other kinds: {}", path.display(), self.more);
        }
    }
}
