//! Delimited text as loggers, spreadsheets and killed processes leave it: words before the header, the header again in the middle,
//! rows that are cut or glued, names that occur twice, `;` with decimal commas.

use super::{
    decode::{Line, Lines},
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
    text: Cow<'a, str>,
    fields: &'a [Range<usize>],
}

impl Row<'_> {
    pub fn get(&self, at: usize) -> Cow<'_, str> {
        bare(self.fields.get(at).map_or("", |range| &self.text[range.clone()]))
    }
}

/// Splits at a delimiter outside of quotes.
pub fn split(line: &str, delimiter: u8, fields: &mut Vec<Range<usize>>) {
    fields.clear();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            fields.push(start..at);
            start = at + 1;
        }
    }
    fields.push(start..line.len());
}

/// A field without quotes and blanks around it; `""` inside quotes is one quote.
pub fn bare(field: &str) -> Cow<'_, str> {
    let field = field.trim();
    match field.strip_prefix('"').and_then(|f| f.strip_suffix('"')) {
        Some(inner) if inner.contains("\"\"") => Cow::Owned(inner.replace("\"\"", "\"").trim().to_string()),
        Some(inner) => Cow::Borrowed(inner.trim()),
        None => Cow::Borrowed(field),
    }
}

/// The fields of a line.
pub fn fields(line: &str, delimiter: u8) -> Vec<String> {
    let mut fields = Vec::new();
    split(line, delimiter, &mut fields);
    fields.iter().map(|f| bare(&line[f.clone()]).into_owned()).collect()
}

/// What the rows under a header look like.
#[derive(Debug)]
pub struct Layout {
    pub header: Header,
    pub delimiter: u8,
    pub decimal: Decimal,
    fields: Vec<Range<usize>>,
    /// How the last field of the row before looked.
    shape: Option<(String, usize)>,
    pub left_out: u64,
}

impl Layout {
    fn new(names: Vec<String>, line: u64, delimiter: u8) -> Self {
        let header = Header { names, line };
        let decimal = if delimiter == b';' { Decimal::Comma } else { Decimal::Point };
        Layout { header, delimiter, decimal, fields: Vec::new(), shape: None, left_out: 0 }
    }

    /// Reads on to the first line that is a header for `is_header`, split at a comma, semicolon or tab.
    pub fn find<R: Read>(lines: &mut Lines<R>, is_header: &dyn Fn(&[String]) -> bool, wanted: &str) -> Result<Self> {
        let mut first = None;
        for _ in 0..HEADER_WITHIN {
            let Some(line) = lines.next()? else { break };
            let found = [b',', b';', b'\t'].into_iter().map(|d| (d, fields(&line.text, d))).find(|(_, n)| is_header(n));
            if let Some((delimiter, names)) = found {
                return Ok(Layout::new(names, line.number, delimiter));
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

    /// The row of a line. The header again is passed over; what is no row is remarked on and left out.
    pub fn row<'a>(&'a mut self, line: Line<'a>, notes: &mut Notes) -> Option<Row<'a>> {
        let is_row = self.is_row(&line, notes);
        is_row.then(|| Row { line: line.number, text: line.text, fields: &self.fields })
    }

    fn is_row(&mut self, line: &Line, notes: &mut Notes) -> bool {
        if line.text.trim().is_empty() {
            return false;
        }
        let columns = self.header.names.len();
        split(&line.text, self.delimiter, &mut self.fields);
        let (number, text) = (line.number, &line.text);
        let field = |at: usize| self.fields.get(at).map_or("", |f| text[f.clone()].trim().trim_matches('"').trim());
        if self.fields.len() == columns && (0..columns.min(3)).all(|at| field(at) == self.header.names[at]) {
            return false;
        }
        let last = shape(self.fields.last().map_or("", |f| &text[f.clone()]));
        if !line.ended
            && (self.fields.len() != columns || self.shape.as_ref() != Some(&last) || last == Default::default())
        {
            self.left_out += 1;
            notes.line(number, CUT);
            return false;
        }
        if self.fields.len() != columns {
            self.left_out += 1;
            notes.line(number, COUNT);
            return false;
        }
        self.shape = Some(last);
        true
    }

    /// Says how the last field of a row looked that was read in another way.
    pub fn seen(&mut self, last_field: &str) {
        self.shape = Some(shape(last_field));
    }
}

/// Rows under a header.
#[derive(Debug)]
pub struct Table<R> {
    lines: Lines<R>,
    pub layout: Layout,
}

impl<R: Read> Table<R> {
    /// [`Layout::find`].
    pub fn find(mut lines: Lines<R>, is_header: &dyn Fn(&[String]) -> bool, wanted: &str) -> Result<Self> {
        let layout = Layout::find(&mut lines, is_header, wanted)?;
        Ok(Table { lines, layout })
    }

    /// The next whole row.
    pub fn next(&mut self, notes: &mut Notes) -> Result<Option<Row<'_>>> {
        // Owned: a row that lent from the buffer could not be tried and passed over.
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            let line = Line { number: line.number, text: Cow::Owned(line.text.into_owned()), ended: line.ended };
            if self.layout.is_row(&line, notes) {
                return Ok(Some(Row { line: line.number, text: line.text, fields: &self.layout.fields }));
            }
        }
    }
}

/// What follows a number, and its decimals: a cut field differs from the one above it.
fn shape(field: &str) -> (String, usize) {
    let field = field.trim().trim_matches('"');
    let end = field.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-')).unwrap_or(field.len());
    let decimals = field[..end].rfind(['.', ',']).map_or(0, |at| end - at);
    (field[end..].trim().to_string(), decimals)
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
