//! The fields of a line of delimited text.

use std::{borrow::Cow, ops::Range};

/// Where the fields of a row are.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub at: Vec<Range<usize>>,
    /// The text ended inside of quotes.
    pub is_open: bool,
    /// Quotes hold quotes.
    pub has_quotes: bool,
    /// A field is quoted.
    pub is_quoted: bool,
}

impl Fields {
    /// Splits at a delimiter outside of quotes, which open at the beginning of a field.
    pub fn split(&mut self, text: &str, delimiter: u8) {
        self.at.clear();
        (self.is_open, self.has_quotes, self.is_quoted) = (false, false, false);
        self.go_on(text, 0, delimiter);
    }

    /// [`Fields::split`] of a text that ended inside of quotes at `from` and has grown since.
    pub fn go_on(&mut self, text: &str, from: usize, delimiter: u8) {
        let bytes = text.as_bytes();
        let (mut start, mut at) = (self.at.pop().map_or(from, |open| open.start), from);
        loop {
            if !self.is_open && at == start {
                let blanks = bytes[at..].iter().take_while(|b| **b == b' ').count();
                self.is_open = bytes.get(at + blanks) == Some(&b'"');
                at += if self.is_open { blanks + 1 } else { 0 };
                self.is_quoted |= self.is_open;
            }
            let end = if self.is_open { b'"' } else { delimiter };
            let found = if bytes.get(at) == Some(&end) { Some(0) } else { memchr::memchr(end, &bytes[at..]) };
            let Some(found) = found else {
                return self.at.push(start..bytes.len());
            };
            at += found + 1;
            if !self.is_open {
                self.at.push(start..at - 1);
                start = at;
            } else if bytes.get(at) == Some(&b'"') {
                self.has_quotes = true;
                at += 1;
            } else {
                self.is_open = false;
            }
        }
    }
}

/// A field without quotes and blanks around it; `""` inside quotes is one quote.
pub fn bare(field: &str) -> Cow<'_, str> {
    match without_quotes(field) {
        inner if inner.contains('"') && field.trim().starts_with('"') => {
            Cow::Owned(inner.replace("\"\"", "\"").trim().to_string())
        }
        inner => Cow::Borrowed(inner),
    }
}

/// A field without quotes and blanks around it.
pub fn without_quotes(field: &str) -> &str {
    let field = field.trim();
    if let [b'"', .., b'"'] = field.as_bytes() { field[1..field.len() - 1].trim() } else { field }
}

/// The fields of a line.
pub fn fields(line: &str, delimiter: u8) -> Vec<String> {
    let mut fields = Fields::default();
    fields.split(line, delimiter);
    fields.at.iter().map(|f| bare(&line[f.clone()]).into_owned()).collect()
}

/// Marks that separate fields.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The separator of a header and its names: the one that the file states, else of those with which it is a header the one that gives
/// most names.
pub fn split_header(
    line: &str,
    stated: Option<u8>,
    is_header: &dyn Fn(&[String]) -> bool,
) -> Option<(u8, Vec<String>)> {
    let line = line.trim_start_matches('\u{feff}');
    let tried = SEPARATORS
        .into_iter()
        .filter(|d| stated.is_none_or(|s| s == *d))
        .chain(stated.filter(|s| !SEPARATORS.contains(s)));
    let split = tried.map(|d| (d, fields(line, d))).filter(|(_, names)| is_header(names));
    // The first of several that give as many.
    split.reduce(|best, other| if other.1.len() > best.1.len() { other } else { best })
}
