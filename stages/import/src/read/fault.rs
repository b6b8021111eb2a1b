//! What an import is refused for, and what it must say beside its tables.

use std::{collections::BTreeMap, fmt, io, path::PathBuf};

pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// `<file>: line <n>: <what>, <offending value>, <what to do>`; the stage puts its own name in front.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {}{what}, {value}, {remedy}", file.display(), line.map(|n| format!("line {n}: ")).unwrap_or_default())]
pub struct Fault {
    pub file: PathBuf,
    pub line: Option<u64>,
    pub what: String,
    pub value: String,
    pub remedy: String,
}

impl Fault {
    pub fn new(what: impl Into<String>, value: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Fault { file: PathBuf::new(), line: None, what: what.into(), value: value.to_string(), remedy: remedy.into() }
    }

    pub fn at(self, line: u64) -> Self {
        Fault { line: Some(line), ..self }
    }

    /// Names the file, unless that was done.
    pub fn of(self, file: &std::path::Path) -> Self {
        if self.file.as_os_str().is_empty() { Fault { file: file.to_path_buf(), ..self } } else { self }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => {
                Fault::new("not readable as text", error, "give the log as the tool wrote it")
            }
            _ => Fault::new("cannot be read", error, "check that the path exists and may be used"),
        }
    }
}

/// A cell in quotes, cut where it is long.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => format!("\"{text}\""),
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
    }
}

/// Remarks on a file: each kind once, with how often and the first lines.
#[derive(Debug, Default)]
pub struct Notes {
    kinds: BTreeMap<String, (u64, Vec<u64>)>,
    order: Vec<String>,
}

/// Kinds of notes that are told apart: a file of rubbish has no end of them.
const KINDS: usize = 64;
/// Lines that a note names.
const NAMED: usize = 5;

impl Notes {
    /// A remark on the whole file.
    pub fn say(&mut self, what: impl Into<String>) {
        self.add(what.into(), None);
    }

    /// A remark on one line: `what` once for all of them.
    pub fn line(&mut self, line: u64, what: &str) {
        self.add(what.into(), Some(line));
    }

    fn add(&mut self, mut what: String, line: Option<u64>) {
        if self.order.len() >= KINDS && !self.kinds.contains_key(&what) {
            what = "remarks of more kinds".into();
        }
        let (count, lines) = self.kinds.entry(what.clone()).or_insert_with(|| {
            self.order.push(what);
            Default::default()
        });
        *count += 1;
        lines.extend(line.filter(|_| lines.len() < NAMED));
    }

    /// One text a remark, in the order of their first appearance: `2 lines: cut, left out (lines 7, 8)`.
    pub fn texts(&self) -> Vec<String> {
        let text = |what: &String| {
            let (count, lines) = &self.kinds[what];
            let numbers = lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            match (count, lines.len()) {
                (_, 0) => what.clone(),
                (1, _) => format!("line {numbers}: {what}"),
                (n, named) if *n > named as u64 => format!("{n} lines: {what} (lines {numbers}, ..)"),
                (n, _) => format!("{n} lines: {what} (lines {numbers})"),
            }
        };
        self.order.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_file_line_value_and_remedy() {
        let fault = Fault::new("no time", quoted("x"), "give --tz").at(3);
        assert_eq!(fault.clone().of("a.csv".as_ref()).to_string(), "a.csv: line 3: no time, \"x\", give --tz");
        assert_eq!(fault.of("a.csv".as_ref()).of("b.csv".as_ref()).file, PathBuf::from("a.csv"));
        assert_eq!(quoted(&"ä".repeat(61)), format!("\"{}…\"", "ä".repeat(60)));
    }

    #[test]
    fn notes_count_and_name_the_first_lines() {
        let mut notes = Notes::default();
        notes.line(7, "cut, left out");
        notes.say("2 GPUs");
        notes.line(8, "cut, left out");
        assert_eq!(notes.texts(), ["2 lines: cut, left out (lines 7, 8)", "2 GPUs"]);
        (9..20).for_each(|n| notes.line(n, "cut, left out"));
        assert_eq!(notes.texts()[0], "13 lines: cut, left out (lines 7, 8, 9, 10, 11, ..)");
    }
}
