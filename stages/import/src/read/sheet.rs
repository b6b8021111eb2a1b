//! A CSV file of somebody else's, read line by line: fields by the header's names, faults with line and value.

use anyhow::{Result, anyhow, bail};
use csv::StringRecord;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// Lines in which a header is looked for.
const HEADER_WITHIN: usize = 50;

/// `<file>: line <n>: <what>, <offending value>, <what to do>`.
pub fn fault(path: &Path, line: u64, what: &str, value: &str, todo: &str) -> anyhow::Error {
    let value: String = value.chars().take(200).collect();
    anyhow!("{}: line {line}: {what}, \"{value}\", {todo}", path.display())
}

pub struct Sheet {
    path: PathBuf,
    reader: csv::Reader<File>,
    header: Vec<String>,
    /// Lines above the header.
    above: Vec<Vec<String>>,
}

/// One line below the header.
pub struct Line<'a> {
    pub number: u64,
    path: &'a Path,
    header: &'a [String],
    record: &'a StringRecord,
}

impl Sheet {
    /// The header is the first line.
    pub fn open(path: &Path) -> Result<Self> {
        Self::below(path, &[])
    }

    /// The header is the first line that has all these names; what stands above it is skipped.
    pub fn below(path: &Path, names: &[&str]) -> Result<Self> {
        let file = File::open(path)
            .map_err(|e| anyhow!("{}: cannot open, {e}, check that the path exists and may be used", path.display()))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(file);
        let mut record = StringRecord::new();
        let mut above = Vec::new();
        for _ in 0..HEADER_WITHIN {
            if !reader.read_record(&mut record).map_err(|e| broken(path, &e))? {
                break;
            }
            let header: Vec<String> = record.iter().map(|f| f.trim().to_string()).collect();
            if names.iter().all(|n| header.iter().any(|h| h == n)) {
                return Ok(Sheet { path: path.to_path_buf(), reader, header, above });
            }
            above.push(header);
        }
        bail!(
            "{}: no header line, {}, give the file as it was fetched",
            path.display(),
            match names {
                [] => "nothing".to_string(),
                names => format!("none of the first {HEADER_WITHIN} lines has {}", names.join(", ")),
            }
        )
    }

    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// What a line above the header says beside this name.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.above.iter().find(|line| line.first().is_some_and(|first| first == name))?.get(1).map(String::as_str)
    }

    /// The place of a column, if the file has it.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    /// The place of a column that the file must have.
    pub fn column(&self, name: &str) -> Result<usize> {
        self.find(name).ok_or_else(|| {
            anyhow!(
                "{}: missing column, \"{name}\", give the file as it was fetched or another --format (columns: {})",
                self.path.display(),
                self.header.join(", ").chars().take(400).collect::<String>()
            )
        })
    }

    pub fn each(mut self, each: &mut dyn FnMut(&Line) -> Result<()>) -> Result<()> {
        let mut record = StringRecord::new();
        while self.reader.read_record(&mut record).map_err(|e| broken(&self.path, &e))? {
            let number = record.position().map_or(0, csv::Position::line);
            let (found, wanted) = (record.len(), self.header.len());
            if found != wanted {
                let what = format!("{found} fields where the header has {wanted}");
                return Err(fault(&self.path, number, &what, record.get(0).unwrap_or_default(), "correct the line"));
            }
            each(&Line { number, path: &self.path, header: &self.header, record: &record })?;
        }
        Ok(())
    }
}

fn broken(path: &Path, cause: &csv::Error) -> anyhow::Error {
    let todo = "save it as UTF-8 comma-separated text with one header line";
    anyhow!("{}: not readable as CSV, {cause}, {todo}", path.display())
}

impl Line<'_> {
    /// The text of a field; empty where the file has no such column.
    pub fn text(&self, column: impl Into<Option<usize>>) -> &str {
        column.into().and_then(|c| self.record.get(c)).unwrap_or_default().trim()
    }

    /// The text of a field that must not be empty.
    pub fn filled(&self, column: usize) -> Result<&str> {
        match self.text(column) {
            "" => {
                Err(self.fault(&format!("column `{}` must not be empty", self.header[column]), "", "correct the line"))
            }
            text => Ok(text),
        }
    }

    /// A number of at least 0, or `None` where the field is empty. Anything else is refused.
    pub fn number(&self, column: impl Into<Option<usize>>) -> Result<Option<f64>> {
        let Some(column) = column.into() else { return Ok(None) };
        let field = self.text(column);
        let wrong =
            |what: &str| self.fault(&format!("column `{}` {what}", self.header[column]), field, "correct the line");
        match field.parse::<f64>() {
            _ if field.is_empty() => Ok(None),
            Err(_) => Err(wrong("is not a number")),
            Ok(v) if !v.is_finite() => Err(wrong("is not a finite number")),
            Ok(v) if v < 0.0 => Err(wrong("must be at least 0")),
            Ok(v) => Ok(Some(v)),
        }
    }

    pub fn fault(&self, what: &str, value: &str, todo: &str) -> anyhow::Error {
        fault(self.path, self.number, what, value, todo)
    }
}

/// A number of things, if it is whole.
pub fn whole(value: Option<f64>) -> Option<i64> {
    value.filter(|v| v.fract() == 0.0 && *v < 1e15).map(|v| v as i64)
}
