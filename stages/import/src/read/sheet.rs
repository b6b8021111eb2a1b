//! A table whose every row must be whole: results and prices are no log, so a row that does not fit its header is refused.

use super::{
    decimal::{Choice, Survey, counts},
    decode::{LONGEST, Lines},
    fault::{Fault, Result, quoted},
    fields::{Fields, bare, split_header, without_quotes},
    header::{NOWHERE, Names, Witnesses, are_names, follow},
    number::{Cell, Decimal, cell, unit_of_name},
    source::Source,
};
use std::{borrow::Cow, collections::HashSet, ops::Range, rc::Rc};

/// Lines in which a header is looked for.
const HEADER_WITHIN: usize = 50;

pub struct Sheet<'a> {
    source: Source<'a>,
    lines: Lines<'a>,
    header: Rc<Vec<String>>,
    header_line: u64,
    /// Names of the header that holds.
    names: Vec<String>,
    delimiter: u8,
    choice: Choice,
    witnesses: Witnesses,
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
    /// Where the columns of the first header are; none where they are in their places.
    places: Option<Rc<Vec<usize>>>,
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
            let (number, text) = (line.number, line.text.into_owned());
            if text.trim().is_empty() {
                continue;
            }
            if let Some((delimiter, names)) = split_header(&text, lines.separator(), is_header) {
                let header = Rc::new(names.clone());
                let choice = Choice::make(source.decimal, delimiter, &|most, survey| {
                    look(source, number, &header, delimiter, most, survey)
                })?;
                let witnesses = Witnesses::default();
                return Ok(Some(Sheet {
                    source,
                    lines,
                    header,
                    header_line: number,
                    names,
                    delimiter,
                    choice,
                    witnesses,
                    above,
                }));
            }
            above.extend(split_header(&text, lines.separator(), &|_| true).map(|(_, fields)| fields));
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
            return Err(fault.at(sheet.header_line));
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

    /// Every row; blank lines end nothing, the header again is passed over, and one with other places moves the columns.
    pub fn each(mut self, each: &mut dyn FnMut(&Row) -> Result<()>) -> Result<()> {
        let mut row = Row::new(0, self.header.clone(), &[]);
        row.decimal = self.choice.decimal;
        while self.next(&mut row)? {
            if !self.is_data(&row) {
                if self.is_names(&mut row)? {
                    continue;
                }
                let width = row.fields.at.len();
                self.witnesses.learn(|at| row.raw(at), width);
            }
            let (found, wanted) = (row.fields.at.len(), self.names.len());
            if found != wanted {
                let what = format!("{found} fields where the header has {wanted}");
                let remedy = "a column has no name or a field is missing: give the file as the tool wrote it";
                return Err(row.fault(&what, row.field(0), remedy));
            }
            if self.choice.is_watching() && (self.delimiter != b',' || row.fields.is_quoted) {
                self.watch(&row)?;
            }
            each(&row)?;
        }
        Ok(())
    }

    fn is_data(&self, row: &Row) -> bool {
        row.fields.at.len() == self.names.len() && self.witnesses.hold(|at| row.raw(at), &self.names)
    }

    /// Whether the row is a header. One with other columns is refused: results and prices are no log.
    fn is_names(&mut self, row: &mut Row) -> Result<bool> {
        let here: Vec<String> = (0..row.fields.at.len()).map(|at| row.field(at).to_string()).collect();
        if here == self.names {
            return Ok(true);
        }
        let known = Names::of(&self.names);
        // Words with a comma in a row of another separator are no header of two names.
        let is_header = |names: &[String]| 2 * names.len() > self.names.len() && are_names(names, &known, &|_| false);
        let Some((delimiter, names)) = split_header(&row.text, None, &is_header) else { return Ok(false) };
        let moved = follow(&self.header, self.header_line, &names, row.line)?;
        if !moved.differences.is_empty() {
            let remedy = "import each part by itself";
            return Err(row.fault(&format!("another header ({})", moved.differences), row.field(0), remedy));
        }
        (self.delimiter, self.names) = (delimiter, names);
        row.places = Some(Rc::new(moved.places));
        self.witnesses.forget();
        Ok(true)
    }

    fn watch(&mut self, row: &Row) -> Result<()> {
        let (source, line, delimiter) = (self.source, self.header_line, self.delimiter);
        for (at, range) in row.fields.at.iter().enumerate() {
            let text = without_quotes(&row.text[range.clone()]);
            if text.contains(',') && self.names.get(at).is_some_and(|name| counts(name)) {
                let header = &self.header;
                self.choice.see(row.line, text, delimiter, &|most, survey| {
                    look(source, line, header, delimiter, most, survey)
                })?;
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
        row.split(&mut self.lines, self.delimiter)?;
        Ok(true)
    }
}

/// Gives rows under a header to a survey; whether there were no more.
fn look(
    source: Source,
    header_line: u64,
    header: &Rc<Vec<String>>,
    delimiter: u8,
    most: u64,
    survey: &mut Survey,
) -> Result<bool> {
    let mut lines = source.lines()?;
    while let Some(line) = lines.next()? {
        if line.number >= header_line {
            break;
        }
    }
    let numbers: Vec<usize> = (0..header.len()).filter(|at| counts(&header[*at])).collect();
    let (names, choice, witnesses) = (header.to_vec(), Choice::default(), Witnesses::default());
    let mut sheet = Sheet {
        source,
        lines,
        header: header.clone(),
        header_line,
        names,
        delimiter,
        choice,
        witnesses,
        above: Vec::new(),
    };
    let mut row = Row::new(0, header.clone(), &[]);
    for _ in 0..most {
        // What stops here stops the reading too, which says so.
        let Ok(true) = sheet.next(&mut row) else { return Ok(true) };
        if !sheet.is_data(&row) {
            match sheet.is_names(&mut row) {
                Ok(true) => continue,
                Ok(false) => sheet.witnesses.learn(|at| row.raw(at), row.fields.at.len()),
                Err(_) => return Ok(true),
            }
        }
        numbers.iter().for_each(|at| survey.see(row.line, row.text(*at)));
    }
    Ok(false)
}

impl Row {
    /// A field as it is written; empty where the row has none.
    fn raw(&self, at: usize) -> &str {
        self.fields.at.get(at).map_or("", |range| &self.text[range.clone()])
    }

    pub fn new(line: u64, header: Rc<Vec<String>>, fields: &[String]) -> Self {
        let (decimal, text, places) = (Decimal::default(), String::new(), None);
        let mut row = Row { line, header, decimal, text, fields: Fields::default(), places };
        fields.iter().for_each(|field| row.fields.at.push(put(&mut row.text, field)));
        row
    }

    /// Splits the line, and those that its quotes enclose.
    fn split(&mut self, lines: &mut Lines, delimiter: u8) -> Result<()> {
        self.fields.split(&self.text, delimiter);
        while self.fields.is_open {
            let before = self.text.len();
            let line = if before > LONGEST { None } else { lines.next()? };
            let Some(line) = line else {
                return Err(self.fault("quotes that nothing closes", &self.text, "correct the line"));
            };
            self.text.push('\n');
            self.text.push_str(&line.text);
            self.fields.go_on(&self.text, before, delimiter);
        }
        if self.fields.has_quotes {
            self.unquote();
        }
        Ok(())
    }

    /// The text of a field by its place in the line.
    fn field(&self, at: usize) -> &str {
        self.fields.at.get(at).map_or("", |range| without_quotes(&self.text[range.clone()]))
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
        let place = |at: usize| self.places.as_ref().map_or(at, |places| places.get(at).copied().unwrap_or(NOWHERE));
        column.into().map_or("", |at| self.field(place(at)))
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
        match cell(field, self.decimal) {
            _ if field.is_empty() => Ok(None),
            Cell::Number(q) if q.unit.is_some() => Err(wrong("is not a number")),
            Cell::Number(q) if q.value < 0.0 => Err(wrong("must be at least 0")),
            Cell::Number(q) => Ok(Some(q.value)),
            _ if field.parse::<f64>().is_ok_and(|v| !v.is_finite()) => Err(wrong("is not a finite number")),
            _ => Err(wrong("is not a number")),
        }
    }

    /// A field with the number that it has, written with a point and without marks of thousands; other words as they are.
    pub fn plain(&self, column: usize) -> Result<Cow<'_, str>> {
        let field = self.text(column);
        match cell(field, self.decimal) {
            Cell::Number(q) if q.unit.is_none() => Ok(q.value.to_string().into()),
            Cell::Absent(_) => Ok(field.into()),
            _ => {
                Err(self.fault(&format!("column `{}` is not a number", self.header[column]), field, "correct the line"))
            }
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

    /// A number in the unit of the column's name; `None` for an absent one. Marks of thousands are read, other words are refused.
    pub fn number(&self, name: &str) -> Result<Option<f64>> {
        let Some(text) = self.of(name) else { return Ok(None) };
        match cell(text, self.decimal) {
            Cell::Number(q) => match (q.unit, unit_of_name(name)) {
                (None, _) => Ok(Some(q.value)),
                (Some(unit), Some(own)) if unit.of == own.of => Ok(Some(q.value * unit.factor / own.factor)),
                _ => Err(self.fault(&format!("column `{name}` is not in this unit"), text, "correct the field")),
            },
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
mod tests;
