//! Delimited text whose every row must be whole: a result is no log, so a row that does not fit its header is refused.

use crate::read::{
    fault::{Fault, Result, quoted},
    number::{Cell, Decimal, cell},
    table::split,
};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

/// One row: fields by the names of the header.
#[derive(Debug, Clone)]
pub struct Row {
    pub line: u64,
    pub decimal: Decimal,
    places: Rc<HashMap<String, usize>>,
    fields: Vec<String>,
}

impl Row {
    pub fn new(line: u64, names: Vec<String>, fields: Vec<String>, decimal: Decimal) -> Self {
        let places = names.into_iter().enumerate().map(|(at, name)| (name, at)).collect();
        Row { line, decimal, places: Rc::new(places), fields }
    }

    /// The names of the header, in its order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<(&usize, &str)> = self.places.iter().map(|(name, at)| (at, name.as_str())).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// The text of a column; empty is absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.places.get(name).and_then(|at| self.fields.get(*at)).map(|f| f.trim()).filter(|f| !f.is_empty())
    }

    /// The first of these columns.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// A number; `None` for an absent one. Units and marks of thousands are read, other words are refused.
    pub fn number(&self, name: &str) -> Result<Option<f64>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match cell(text, self.decimal) {
            Cell::Number(q) => Ok(Some(q.value)),
            Cell::Absent(_) => Ok(None),
            Cell::Rubbish => {
                let what = format!("column `{name}` is not a number");
                Err(Fault::new(what, quoted(text), "correct the field").at(self.line))
            }
        }
    }

    pub fn must(&self, name: &str) -> Result<f64> {
        let missing = || {
            Fault::new(format!("column `{name}` has no number"), quoted(self.text(name).unwrap_or("")), "fill it in")
        };
        self.number(name)?.ok_or_else(|| missing().at(self.line))
    }
}

/// The fields of a line, quotes taken off.
pub fn fields(line: &str, delimiter: u8) -> Vec<String> {
    let mut ranges = Vec::new();
    split(line, delimiter, &mut ranges);
    let clean = |raw: &str| match raw.trim().strip_prefix('"').and_then(|r| r.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\"").trim().to_string(),
        None => raw.trim().to_string(),
    };
    ranges.into_iter().map(|range| clean(&line[range])).collect()
}

/// The delimiter with which a header has most names.
pub fn delimiter(header: &str) -> u8 {
    let names = |d: &u8| fields(header, *d).len();
    [b'\t', b';', b','].into_iter().max_by_key(names).unwrap_or(b',')
}

/// Places by name, the names in order, and the delimiter.
type Header = (Rc<HashMap<String, usize>>, Vec<String>, u8);

/// Rows under a header that begins at `line` of a text. Blank lines end nothing; the header again is passed over.
pub fn rows(text: &str, is_header: &dyn Fn(&[String]) -> bool) -> Result<Vec<Row>> {
    let mut header: Option<Header> = None;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let delimiter = header.as_ref().map_or_else(|| delimiter(line), |h| h.2);
        let fields = fields(line, delimiter);
        let Some((places, names, _)) = &header else {
            if is_header(&fields) {
                let mut seen = HashSet::new();
                if let Some(name) = fields.iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
                    return Err(
                        Fault::new("two columns have the same name", quoted(name), "name them apart").at(number)
                    );
                }
                let places = fields.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect();
                header = Some((Rc::new(places), fields, delimiter));
            }
            continue;
        };
        if &fields == names {
            continue;
        }
        if fields.len() != names.len() {
            let what = format!("{} fields where the header has {}", fields.len(), names.len());
            let first = fields.first().map_or("", |f| f.as_str());
            let remedy = "a column has no name or a field is missing: give the file as the tool wrote it";
            return Err(Fault::new(what, quoted(first), remedy).at(number));
        }
        let decimal = if delimiter == b';' { Decimal::Comma } else { Decimal::Point };
        found.push(Row { line: number, decimal, places: places.clone(), fields });
    }
    match header {
        Some(_) => Ok(found),
        None => {
            let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
            Err(Fault::new("no header", quoted(first), "give the file as the tool wrote it").at(1))
        }
    }
}
