//! Delimited text as loggers, spreadsheets and killed processes leave it: words before the header, the header again in the middle,
//! rows that are cut or glued, names that occur twice, `;` with decimal commas.

use super::{
    decode::Lines,
    fault::{Fault, Notes, Result, quoted},
    number::Decimal,
};
use std::{borrow::Cow, io::Read, ops::Range};

/// Lines in which a header is looked for.
const HEADER_WITHIN: usize = 200;

const CUT: &str = "the last row is cut, left out";
const COUNT: &str = "not as many fields as the header, left out";

/// The names of the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub names: Vec<String>,
    pub line: u64,
}

impl Header {
    /// Places of the columns of this name, case and blanks aside.
    pub fn all(&self, name: &str) -> Vec<usize> {
        let same = |n: &&String| n.trim().eq_ignore_ascii_case(name);
        self.names.iter().enumerate().filter(|(_, n)| same(n)).map(|(i, _)| i).collect()
    }

    /// The first column with one of these names, in their order.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.all(name).first().copied())
    }

    /// The only column of this name; twice is a question that the reader of the log must answer.
    pub fn one(&self, name: &str) -> Result<Option<usize>> {
        match self.all(name).as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            more => {
                let choices: Vec<String> = (1..=more.len()).map(|n| format!("\"{name}#{n}\"")).collect();
                let remedy = format!("say which: --select {}", choices.join(" or --select "));
                Err(Fault::new(format!("{} columns have the same name", more.len()), quoted(name), remedy)
                    .at(self.line))
            }
        }
    }

    /// [`Header::one`], demanded.
    pub fn must(&self, name: &str) -> Result<usize> {
        let missing = || {
            let known = self.names.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", ");
            Fault::new("no such column", quoted(name), format!("the header has {known}")).at(self.line)
        };
        self.one(name)?.ok_or_else(missing)
    }
}

/// One row whose number of fields is the header's.
#[derive(Debug)]
pub struct Row<'a> {
    pub line: u64,
    text: &'a str,
    fields: &'a [Range<usize>],
}

impl<'a> Row<'a> {
    pub fn get(&self, at: usize) -> Cow<'a, str> {
        self.fields.get(at).map_or(Cow::Borrowed(""), |range| bare(&self.text[range.clone()]))
    }
}

/// Where the fields of a row are.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub at: Vec<Range<usize>>,
    /// The text ended inside of quotes.
    pub is_open: bool,
    /// Quotes hold quotes.
    pub has_quotes: bool,
}

impl Fields {
    /// Splits at a delimiter outside of quotes, which open at the beginning of a field.
    pub fn split(&mut self, text: &str, delimiter: u8) {
        self.at.clear();
        (self.is_open, self.has_quotes) = (false, false);
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

/// Rows under a header.
pub struct Table<R> {
    lines: Lines<R>,
    pub header: Header,
    pub decimal: Decimal,
    delimiter: u8,
    text: String,
    fields: Fields,
    /// The last field of the row before.
    before: String,
    pub left_out: u64,
}

impl<R: Read> Table<R> {
    /// Reads on to the first line that is a header for `is_header`, split at a comma, semicolon or tab.
    pub fn find(mut lines: Lines<R>, is_header: &dyn Fn(&[String]) -> bool, wanted: &str) -> Result<Self> {
        let mut first = None;
        for _ in 0..HEADER_WITHIN {
            let Some(line) = lines.next()? else { break };
            let found = [b',', b';', b'\t'].into_iter().map(|d| (d, fields(&line.text, d))).find(|(_, n)| is_header(n));
            if let Some((delimiter, names)) = found {
                let header = Header { names, line: line.number };
                let decimal = if delimiter == b';' { Decimal::Comma } else { Decimal::Point };
                let (text, before) = (String::new(), String::new());
                return Ok(Table {
                    lines,
                    header,
                    decimal,
                    delimiter,
                    text,
                    fields: Fields::default(),
                    before,
                    left_out: 0,
                });
            }
            first.get_or_insert_with(|| line.text.chars().take(200).collect::<String>());
        }
        Err(match first {
            None => Fault::new("empty file", "0 lines", "give the log that the tool wrote"),
            Some(line) => {
                Fault::new("no header", quoted(&line), format!("give a file with the columns {wanted}")).at(1)
            }
        })
    }

    /// The next whole row. The header again is passed over; what is no row is remarked on and left out.
    pub fn next(&mut self, notes: &mut Notes) -> Result<Option<Row<'_>>> {
        let line = loop {
            let (line, ended) = {
                let Some(line) = self.lines.next()? else { return Ok(None) };
                self.text.clear();
                self.text.push_str(&line.text);
                (line.number, line.ended)
            };
            if self.is_row(line, ended, notes) {
                break line;
            }
        };
        Ok(Some(Row { line, text: &self.text, fields: &self.fields.at }))
    }

    fn is_row(&mut self, line: u64, ended: bool, notes: &mut Notes) -> bool {
        if self.text.chars().all(char::is_whitespace) {
            return false;
        }
        self.fields.split(&self.text, self.delimiter);
        let (text, fields, names) = (&self.text, &self.fields.at, &self.header.names);
        let is_whole = fields.len() == names.len();
        let is_name = |at: usize| bare(&text[fields[at].clone()]) == names[at].as_str();
        if is_whole && (0..names.len().min(3)).all(is_name) {
            return false;
        }
        let last = fields.last().map_or("", |f| &text[f.clone()]);
        let is_cut = || shape(last) != shape(&self.before) || shape(last) == Default::default();
        if !ended && (!is_whole || is_cut()) {
            self.left_out += 1;
            notes.line(line, CUT);
            return false;
        }
        if !is_whole {
            self.left_out += 1;
            notes.line(line, COUNT);
            return false;
        }
        self.before.clear();
        self.before.push_str(last);
        true
    }
}

/// What follows a number, and its decimals: a cut field differs from the one above it.
fn shape(field: &str) -> (&str, usize) {
    let field = field.trim().trim_matches('"');
    let end = field.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-')).unwrap_or(field.len());
    let decimals = field[..end].rfind(['.', ',']).map_or(0, |at| end - at);
    (field[end..].trim(), decimals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::decode::LONGEST;

    fn rows(text: &str) -> (Vec<(u64, Vec<String>)>, Vec<String>) {
        let lines = Lines::new(text.as_bytes(), LONGEST).unwrap();
        let mut table = Table::find(lines, &|names| names.iter().any(|n| n == "power"), "power").unwrap();
        let (mut notes, mut found) = (Notes::default(), Vec::new());
        while let Some(row) = table.next(&mut notes).unwrap() {
            found.push((row.line, (0..2).map(|i| row.get(i).into_owned()).collect()));
        }
        (found, notes.texts())
    }

    #[test]
    fn rows_under_headers_that_repeat() {
        let (found, notes) = rows("words\ntime, power\n1, \"a, \"\"b\"\"\"\ntime, power\n\n2, 5 W\n");
        assert_eq!(found, [(3, vec!["1".into(), "a, \"b\"".into()]), (6, vec!["2".into(), "5 W".into()])]);
        assert_eq!(notes, [""; 0]);
    }

    #[test]
    fn cut_and_glued_rows_are_left_out_with_their_lines() {
        let (found, notes) = rows("time, power\n1, 200.00 W\n2, 20021, 200.00 W\n3, 20");
        assert_eq!(found.iter().map(|r| r.0).collect::<Vec<_>>(), [2]);
        assert_eq!(
            notes,
            [
                "not as many fields as the header, left out: 1, first line 3",
                "the last row is cut, left out: 1, first line 4"
            ]
        );
        // A whole last row whose line end is missing stays, one that cannot be told from a cut one does not.
        assert_eq!(rows("time,power\n1,2.50\n2,3.50").0.len(), 2);
        assert_eq!(rows("time,power\n1,200\n2,20").0.len(), 1);
    }

    #[test]
    fn names_that_occur_twice_are_a_question() {
        let header = Header { names: vec!["GPU Power [W]".into(), "GPU Power [W]".into()], line: 4 };
        assert_eq!(
            header.one("gpu power [w]").unwrap_err().of("a.csv".as_ref()).to_string(),
            "a.csv: line 4: 2 columns have the same name, \"gpu power [w]\", \
             say which: --select \"gpu power [w]#1\" or --select \"gpu power [w]#2\""
        );
        assert!(
            header.must("CPU").unwrap_err().to_string().contains("no such column, \"CPU\", the header has \"GPU Power")
        );
    }
}
