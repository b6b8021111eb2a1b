//! A table whose every row must be whole: results and prices are no log, so a row that does not fit its header is refused.

use super::{
    decode::{LONGEST, Lines},
    fault::{Fault, Result, quoted},
    number::{Cell, Decimal, cell},
    source::Source,
    table::{Fields, bare, fields, without_quotes},
};
use std::{borrow::Cow, collections::HashSet, io::Read, ops::Range, rc::Rc};

/// Lines in which a header is looked for.
const HEADER_WITHIN: usize = 50;

pub struct Sheet<'a> {
    lines: Lines<Box<dyn Read + 'a>>,
    header: Rc<Vec<String>>,
    delimiter: u8,
    /// Lines above the header.
    above: Vec<Vec<String>>,
}

/// One line below the header: fields by their place, or by the header's names.
#[derive(Debug, Clone)]
pub struct Row {
    pub line: u64,
    header: Rc<Vec<String>>,
    decimal: Decimal,
    text: String,
    fields: Fields,
}

/// The delimiter with which a header has most names.
pub fn delimiter(header: &str) -> u8 {
    let names = |d: &u8| fields(header, *d).len();
    [b'\t', b';', b','].into_iter().max_by_key(|d| names(d)).unwrap_or(b',')
}

impl<'a> Sheet<'a> {
    /// The header is the first line.
    pub fn open(source: Source<'a>) -> Result<Self> {
        Self::below(source, &[])
    }

    /// The header is the first line that has all these names; what stands above it is skipped.
    pub fn below(source: Source<'a>, names: &[&str]) -> Result<Self> {
        let missing = match names {
            [] => "nothing".to_string(),
            names => format!("none of the first {HEADER_WITHIN} lines has {}", names.join(", ")),
        };
        let has_all = |header: &[String]| names.iter().all(|n| header.iter().any(|h| h == n));
        let found = Self::find(source, &has_all, HEADER_WITHIN)?;
        found.ok_or_else(|| Fault::new("no header line", missing, "give the file as it was fetched"))
    }

    fn find(source: Source<'a>, is_header: &dyn Fn(&[String]) -> bool, within: usize) -> Result<Option<Self>> {
        let mut lines = source.lines()?;
        let mut above = Vec::new();
        while above.len() < within {
            let Some(line) = lines.next()? else { break };
            if line.text.trim().is_empty() {
                continue;
            }
            let delimiter = delimiter(&line.text);
            let header = fields(&line.text, delimiter);
            if is_header(&header) {
                return Ok(Some(Sheet { lines, header: Rc::new(header), delimiter, above }));
            }
            above.push(header);
        }
        Ok(None)
    }

    /// All rows under the first line that is a header for `is_header`; its names must differ.
    pub fn rows(source: Source<'a>, is_header: &dyn Fn(&[String]) -> bool) -> Result<Vec<Row>> {
        let Some(sheet) = Self::find(source, is_header, usize::MAX)? else {
            let head = source.head()?;
            let first = head.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
            return Err(Fault::new("no header", quoted(first), "give the file as the tool wrote it").at(1));
        };
        let mut seen = HashSet::new();
        if let Some(name) = sheet.header.iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
            let fault = Fault::new("two columns have the same name", quoted(name), "name them apart");
            return Err(fault.at(sheet.lines.number()));
        }
        let mut found = Vec::new();
        sheet.each(&mut |row| {
            found.push(row.clone());
            Ok(())
        })?;
        Ok(found)
    }

    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// What a line above the header says beside this name.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.above.iter().find(|line| line.first().is_some_and(|first| first == name))?.get(1).map(String::as_str)
    }

    /// The place of a column, if the file has it.
    pub fn find_column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    /// The place of a column that the file must have.
    pub fn column(&self, name: &str) -> Result<usize> {
        let remedy = || {
            let known = self.header.join(", ").chars().take(400).collect::<String>();
            format!("give the file as it was fetched or another --format (columns: {known})")
        };
        self.find_column(name).ok_or_else(|| Fault::new("missing column", quoted(name), remedy()))
    }

    /// Every row; blank lines end nothing, and the header again is passed over.
    pub fn each(mut self, each: &mut dyn FnMut(&Row) -> Result<()>) -> Result<()> {
        let mut row = Row::new(0, self.header.clone(), &[], self.delimiter);
        while self.next(&mut row)? {
            let (found, wanted) = (row.fields.at.len(), self.header.len());
            if found != wanted {
                let what = format!("{found} fields where the header has {wanted}");
                let remedy = "a column has no name or a field is missing: give the file as the tool wrote it";
                return Err(row.fault(&what, row.text(0), remedy));
            }
            if (0..wanted).any(|at| row.text(at) != self.header[at]) {
                each(&row)?;
            }
        }
        Ok(())
    }

    /// The next row that is not blank, over as many lines as its quotes enclose.
    fn next(&mut self, row: &mut Row) -> Result<bool> {
        row.text.clear();
        while row.text.trim().is_empty() {
            let Some(line) = self.lines.next()? else { return Ok(false) };
            row.text.clear();
            row.text.push_str(&line.text);
            row.line = line.number;
        }
        row.fields.split(&row.text, self.delimiter);
        while row.fields.is_open {
            let before = row.text.len();
            let line = if before > LONGEST { None } else { self.lines.next()? };
            let Some(line) = line else {
                return Err(row.fault("quotes that nothing closes", &row.text, "correct the line"));
            };
            row.text.push('\n');
            row.text.push_str(&line.text);
            row.fields.go_on(&row.text, before, self.delimiter);
        }
        if row.fields.has_quotes {
            row.unquote();
        }
        Ok(true)
    }
}

impl Row {
    pub fn new(line: u64, header: Rc<Vec<String>>, fields: &[String], delimiter: u8) -> Self {
        let decimal = if delimiter == b';' { Decimal::Comma } else { Decimal::Point };
        let mut row = Row { line, header, decimal, text: String::new(), fields: Fields::default() };
        fields.iter().for_each(|field| row.fields.at.push(put(&mut row.text, field)));
        row
    }

    /// A field with quotes in it stands again, as it is meant, behind the line.
    fn unquote(&mut self) {
        for field in &mut self.fields.at {
            if let Cow::Owned(plain) = bare(&self.text[field.clone()]) {
                *field = put(&mut self.text, &plain);
            }
        }
    }

    /// The names of the header, in its order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.iter().map(String::as_str)
    }

    /// The text of a field; empty where the file has no such column.
    pub fn text(&self, column: impl Into<Option<usize>>) -> &str {
        column
            .into()
            .and_then(|at| self.fields.at.get(at))
            .map_or("", |range| without_quotes(&self.text[range.clone()]))
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

    /// A plain number of at least 0, or `None` where the field is empty. Anything else is refused.
    pub fn amount(&self, column: impl Into<Option<usize>>) -> Result<Option<f64>> {
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

    /// The text of the column of this name; empty is absent.
    pub fn of(&self, name: &str) -> Option<&str> {
        let at = self.header.iter().position(|h| h == name)?;
        Some(self.text(at)).filter(|text| !text.is_empty())
    }

    /// The first of these columns.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.of(name))
    }

    /// A number; `None` for an absent one. Units and marks of thousands are read, other words are refused.
    pub fn number(&self, name: &str) -> Result<Option<f64>> {
        let Some(text) = self.of(name) else { return Ok(None) };
        match cell(text, self.decimal) {
            Cell::Number(q) => Ok(Some(q.value)),
            Cell::Absent(_) => Ok(None),
            Cell::Rubbish => Err(self.fault(&format!("column `{name}` is not a number"), text, "correct the field")),
        }
    }

    pub fn must(&self, name: &str) -> Result<f64> {
        let missing =
            || self.fault(&format!("column `{name}` has no number"), self.of(name).unwrap_or(""), "fill it in");
        self.number(name)?.ok_or_else(missing)
    }

    pub fn fault(&self, what: &str, value: &str, remedy: &str) -> Fault {
        Fault::new(what, quoted(value), remedy).at(self.line)
    }
}

/// Adds a field to a text, in quotes; where it is.
fn put(text: &mut String, field: &str) -> Range<usize> {
    let start = text.len();
    text.extend(["\"", field, "\""]);
    start..text.len()
}

/// A number of things, if it is whole.
pub fn whole(value: Option<f64>) -> Option<i64> {
    value.filter(|v| v.fract() == 0.0 && *v < 1e15).map(|v| v as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>> {
        let mut found = Vec::new();
        Sheet::open(Source::of(text.as_bytes()))?.each(&mut |row| {
            found.push((row.line, (0..row.header.len()).map(|at| row.text(at).to_string()).collect()));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_ends_of_lines() {
        let found = rows(
            "a,b,c\n1,\"x, \"\"y\"\"\",\"\"\n\n 2 , \" two\r\nlines\r\n\"\"more\"\"\" ,\"\"\"3\"\"\"\na,b,c\n4,5 \" disk,6\n",
        );
        let row = |line, fields: [&str; 3]| (line, fields.map(str::to_string).to_vec());
        let wanted = [
            row(2, ["1", "x, \"y\"", ""]),
            row(4, ["2", "two\nlines\n\"more\"", "\"3\""]),
            row(8, ["4", "5 \" disk", "6"]),
        ];
        assert_eq!(found, Ok(wanted.to_vec()));
    }

    #[test]
    fn rows_that_do_not_fit_are_refused_with_their_line() {
        let refusal = |text: &str| rows(text).unwrap_err().to_string();
        assert_eq!(
            refusal("a,b\n1,2\n3\n"),
            ": line 3: 1 fields where the header has 2, \"3\", \
             a column has no name or a field is missing: give the file as the tool wrote it"
        );
        assert_eq!(
            refusal("a,b\n1,\"2\n3,4\n"),
            ": line 2: quotes that nothing closes, \"1,\"2\n3,4\", correct the line"
        );
        let endless = format!("a,b\n1,\"{}", "2\n".repeat(LONGEST));
        assert!(refusal(&endless).starts_with(": line 2: quotes that nothing closes"));
    }
}
