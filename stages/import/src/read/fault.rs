//! What an import is refused for, and what it must say beside its tables.

use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
};

pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// `<file>: line <n>: <what>, <offending value>, <what to do>`; the stage puts its own name in front.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    pub fn of(self, file: &Path) -> Self {
        if self.file.as_os_str().is_empty() { Fault { file: file.to_path_buf(), ..self } } else { self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Fault { file, line, what, value, remedy } = self;
        if remedy.is_empty() {
            return f.write_str(what);
        }
        let line = line.map(|n| format!("line {n}: ")).unwrap_or_default();
        write!(f, "{}: {line}{what}, {value}, {remedy}", file.display())
    }
}

/// A contract's refusal, which says all of it already.
impl From<schemas::error::Error> for Fault {
    fn from(error: schemas::error::Error) -> Self {
        Fault::new(error.to_string(), "", "")
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        let error = match error.downcast::<Fault>() {
            Ok(fault) => return fault,
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::InvalidData => {
                Fault::new("not readable as text", error, "give the log as the tool wrote it")
            }
            _ => Fault::new("cannot be read", error, "check that the path exists and may be used"),
        }
    }
}

/// Longest value and example that are shown.
const MOST_CHARS: usize = 120;

/// A cell in quotes, cut where it is long.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        None => format!("\"{text}\""),
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
    }
}

/// Remarks on a file: each kind once, with how often, the first lines and an example, so that a long file has few.
#[derive(Debug, Default)]
pub struct Notes {
    kinds: HashMap<String, Kind>,
    order: Vec<String>,
}

#[derive(Debug, Default)]
struct Kind {
    count: u64,
    lines: Vec<u64>,
    example: String,
}

/// Kinds of notes that are told apart: a file of rubbish has no end of them.
const KINDS: usize = 64;
/// Lines that a note names.
const NAMED: usize = 5;

impl Notes {
    /// A remark on the whole file.
    pub fn say(&mut self, what: impl Into<String>) {
        self.kind(&what.into(), None, "");
    }

    /// A remark on one line.
    pub fn line(&mut self, line: u64, what: &str) {
        self.kind(what, Some(line), "");
    }

    /// A remark on one line, and what it is about.
    pub fn add(&mut self, what: &str, line: u64, example: &str) {
        self.kind(what, Some(line), example);
    }

    fn kind(&mut self, what: &str, line: Option<u64>, example: &str) {
        if let Some(kind) = self.kinds.get_mut(what) {
            kind.count += 1;
            kind.lines.extend(line.filter(|_| kind.lines.len() < NAMED));
            return;
        }
        let more = "remarks of more kinds";
        if self.order.len() >= KINDS && what != more {
            return self.kind(more, line, "");
        }
        let example = example.chars().take(MOST_CHARS).collect();
        self.kinds.insert(what.to_string(), Kind { count: 1, lines: line.into_iter().collect(), example });
        self.order.push(what.to_string());
    }

    /// All remarks of others behind its own.
    pub fn extend(&mut self, others: Notes) {
        for what in others.order {
            let Some(other) = others.kinds.get(&what) else { continue };
            self.kind(&what, None, &other.example);
            if let Some(kind) = self.kinds.get_mut(&what) {
                kind.count += other.count - 1;
                kind.lines.extend(other.lines.iter().take(NAMED.saturating_sub(kind.lines.len())));
            }
        }
    }

    /// One text a remark, in the order of their first appearance: `cut, left out: 2, first lines 7, 8 (example)`.
    pub fn texts(&self) -> Vec<String> {
        let text = |what: &String| {
            let Kind { count, lines, example } = &self.kinds[what];
            let example = if example.is_empty() { String::new() } else { format!(" ({example})") };
            let numbers = lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            match lines.len() {
                0 => what.clone(),
                1 => format!("{what}: {count}, first line {numbers}{example}"),
                _ => format!("{what}: {count}, first lines {numbers}{example}"),
            }
        };
        self.order.iter().map(text).collect()
    }

    /// All of them on stderr.
    pub fn print(&self, file: &Path) {
        self.texts().iter().for_each(|note| say(&format!("{}: {note}", file.display())));
    }
}

/// A line on stderr.
pub fn say(what: &str) {
    eprintln!("import: {}", schemas::terminal::escaped(what));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_file_line_value_and_remedy() {
        let fault = Fault::new("no time", quoted("x"), "give --tz").at(3);
        assert_eq!(fault.clone().of("a.csv".as_ref()).to_string(), "a.csv: line 3: no time, \"x\", give --tz");
        assert_eq!(fault.of("a.csv".as_ref()).of("b.csv".as_ref()).file, PathBuf::from("a.csv"));
        assert_eq!(quoted(&"ä".repeat(121)), format!("\"{}…\"", "ä".repeat(120)));
    }

    #[test]
    fn notes_count_and_name_the_first_lines() {
        let mut notes = Notes::default();
        notes.line(7, "cut, left out");
        notes.say("2 GPUs");
        notes.line(8, "cut, left out");
        assert_eq!(notes.texts(), ["cut, left out: 2, first lines 7, 8", "2 GPUs"]);
        notes.add("no price", 9, "x");
        assert_eq!(notes.texts()[2], "no price: 1, first line 9 (x)");
        (0..100).for_each(|n| notes.line(n, &n.to_string()));
        assert_eq!(
            (notes.texts().len(), notes.texts()[64].as_str()),
            (65, "remarks of more kinds: 39, first lines 61, 62, 63, 64, 65")
        );
    }
}
