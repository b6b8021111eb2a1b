//! Delimited text as loggers, spreadsheets and killed processes leave it: words before the header, the header again in the middle or
//! another one, a row of units below it, rows that are cut or glued, names that occur twice, decimal commas.

use super::{
    decimal::{Choice, Survey, counts},
    decode::Lines,
    fault::{Fault, Notes, Result, quoted},
    fields::{Fields, bare, split_header},
    header::{NOWHERE, Names, Witnesses, are_names, are_words, follow, units, with_units},
    number::Decimal,
    source::Source,
};
pub use super::{fields::fields, header::Header};
use std::{borrow::Cow, ops::Range};

/// Lines in which a header is looked for.
const HEADER_WITHIN: usize = 200;

const CUT: &str = "the last row is cut, left out";
/// Places at which a header behind a row may begin.
const TRIED: usize = 4;

const COUNT: &str = "not as many fields as the header, left out";
const GLUED: &str = "a row that was cut, with a header behind it, left out";
const UNFIT: &str = "under a header without the columns that are read, left out";

/// One row whose number of fields is the header's.
#[derive(Debug)]
pub struct Row<'a> {
    pub line: u64,
    text: &'a str,
    fields: &'a [Range<usize>],
    /// Where the columns of the first header are; none where they are in their places.
    places: Option<&'a [usize]>,
}

impl<'a> Row<'a> {
    /// The field of a column by its place in the first header; empty where the row has no such column.
    #[inline]
    pub fn get(&self, at: usize) -> Cow<'a, str> {
        let at = self.places.map_or(at, |places| places.get(at).copied().unwrap_or(NOWHERE));
        self.fields.get(at).map_or(Cow::Borrowed(""), |range| bare(&self.text[range.clone()]))
    }
}

/// Whether a header is one for a reader.
type IsHeader<'a> = &'a dyn Fn(&[String]) -> bool;

/// Rows under a header.
pub struct Table<'a> {
    lines: Lines<'a>,
    is_header: IsHeader<'a>,
    pub header: Header,
    pub decimal: Decimal,
    /// Names of the first header as they are written, and of the one that holds.
    first: Vec<String>,
    names: Vec<String>,
    /// Where the columns of the first header are, if they are in other places, and whether the reader can use them.
    places: Option<Vec<usize>>,
    is_fit: bool,
    delimiter: u8,
    choice: Choice,
    witnesses: Witnesses,
    /// A line of words that is no header for anybody.
    strange: Option<u64>,
    /// A line that was read ahead: its number, its text, whether its end was there.
    ahead: Option<(u64, String, bool)>,
    text: String,
    fields: Fields,
    /// The last field of the row before.
    before: String,
    pub left_out: u64,
}

impl<'a> Table<'a> {
    /// Reads on to the first line that is a header for `is_header`, and decides how the file writes decimals.
    pub fn find(lines: Lines<'a>, is_header: IsHeader<'a>, wanted: &str) -> Result<Self> {
        let mut table = Self::open(lines, is_header, wanted)?;
        let Some(source) = table.lines.from else { return Ok(table) };
        table.choice =
            Choice::make(source.decimal, table.delimiter, &|most, survey| look(source, is_header, most, survey))?;
        table.decimal = table.choice.decimal;
        Ok(table)
    }

    fn open(mut lines: Lines<'a>, is_header: IsHeader<'a>, wanted: &str) -> Result<Self> {
        let mut first = None;
        for _ in 0..HEADER_WITHIN {
            let Some(line) = lines.next()? else { break };
            let (number, text) = (line.number, line.text.into_owned());
            if let Some((delimiter, names)) = split_header(&text, lines.separator(), is_header) {
                let mut table = Table {
                    is_header,
                    header: Header { names: names.clone(), line: number },
                    decimal: Decimal::PointOfFile,
                    first: names.clone(),
                    names,
                    places: None,
                    is_fit: true,
                    delimiter,
                    choice: Choice::default(),
                    witnesses: Witnesses::default(),
                    strange: None,
                    ahead: None,
                    text: String::new(),
                    fields: Fields::default(),
                    before: String::new(),
                    left_out: 0,
                    lines,
                };
                table.read_units()?;
                return Ok(table);
            }
            first.get_or_insert_with(|| text.chars().take(200).collect::<String>());
        }
        Err(match first {
            None => Fault::new("empty file", "0 lines", "give the log that the tool wrote"),
            Some(line) => {
                Fault::new("no header", quoted(&line), format!("give a file with the columns {wanted}")).at(1)
            }
        })
    }

    /// A row of units below the header belongs to its names.
    fn read_units(&mut self) -> Result<()> {
        let Some(line) = self.lines.next()? else { return Ok(()) };
        let (number, text, ended) = (line.number, line.text.into_owned(), line.ended);
        let below = fields(&text, self.delimiter);
        match units(&below, &self.first) {
            Some(_) => with_units(&mut self.header.names, &below, number),
            None => {
                self.ahead = Some((number, text, ended));
                Ok(())
            }
        }
    }

    /// The next whole row. The header again is passed over, and another one moves the columns; what is no row is remarked on and left
    /// out.
    pub fn next(&mut self, notes: &mut Notes) -> Result<Option<Row<'_>>> {
        let line = loop {
            let (line, ended) = match self.ahead.take() {
                Some((line, text, ended)) => {
                    self.text = text;
                    (line, ended)
                }
                None => {
                    let Some(line) = self.lines.next()? else { return Ok(None) };
                    self.text.clear();
                    self.text.push_str(&line.text);
                    (line.number, line.ended)
                }
            };
            if self.is_row(line, ended, notes)? {
                break line;
            }
        };
        Ok(Some(Row { line, text: &self.text, fields: &self.fields.at, places: self.places.as_deref() }))
    }

    fn is_row(&mut self, line: u64, ended: bool, notes: &mut Notes) -> Result<bool> {
        self.fields.split(&self.text, self.delimiter);
        let is_whole = self.fields.at.len() == self.names.len();
        let field = |at: usize| self.fields.at.get(at).map_or("", |f| &self.text[f.clone()]);
        if !(is_whole && self.witnesses.hold(field, &self.names)) {
            if self.text.chars().all(char::is_whitespace) || self.is_names(line, ended, notes)? {
                return Ok(false);
            }
            if is_whole {
                self.witnesses
                    .learn(|at| self.fields.at.get(at).map_or("", |f| &self.text[f.clone()]), self.names.len());
            }
        }
        let last = self.fields.at.last().map_or("", |f| &self.text[f.clone()]);
        let is_cut = || shape(last) != shape(&self.before) || shape(last) == Default::default();
        let fault = match () {
            () if !ended && (!is_whole || is_cut()) => Some(CUT),
            () if !is_whole => Some(COUNT),
            () if !self.is_fit => Some(UNFIT),
            () => None,
        };
        if let Some(fault) = fault {
            self.left_out += 1;
            notes.line(line, fault);
            return Ok(false);
        }
        if let Some(names) = self.strange {
            let remedy = "correct that line, or cut the file there and import the parts";
            return Err(Fault::new("names in the middle that are not those of the header", quoted(&self.text), remedy)
                .at(names));
        }
        self.before.clear();
        self.before.push_str(last);
        if self.choice.is_watching() && self.may_have_commas() {
            self.watch(line)?;
        }
        Ok(true)
    }

    fn may_have_commas(&self) -> bool {
        match self.delimiter {
            b',' => self.fields.is_quoted,
            _ => memchr::memchr(b',', self.text.as_bytes()).is_some(),
        }
    }

    fn watch(&mut self, line: u64) -> Result<()> {
        let (Some(source), is_header) = (self.lines.from, self.is_header) else { return Ok(()) };
        for (at, range) in self.fields.at.iter().enumerate() {
            let text = &self.text[range.clone()];
            if text.contains(',') && self.names.get(at).is_some_and(|name| counts(name)) {
                self.choice
                    .see(line, &bare(text), self.delimiter, &|most, survey| look(source, is_header, most, survey))?;
            }
        }
        Ok(())
    }

    /// Whether the line is a header, or ends with one: it then holds from here on.
    fn is_names(&mut self, line: u64, ended: bool, notes: &mut Notes) -> Result<bool> {
        let here: Vec<String> = fields(self.text.trim_start_matches('\u{feff}'), self.delimiter);
        if here == self.names {
            self.strange = None;
            return Ok(true);
        }
        if !ended {
            return Ok(false);
        }
        if let Some(of) = units(&here, &self.names) {
            let known = self.header.names.iter().map(|name| super::number::unit_of_name(name));
            if self.places.is_none()
                && known.zip(&here).all(|(own, below)| own.is_none() || own == super::number::unit(below))
            {
                return Ok(of.len() == here.len());
            }
            let remedy = format!("cut the file before line {line} and import the parts");
            return Err(
                Fault::new("other units than those below the first header", quoted(&self.text), remedy).at(line)
            );
        }
        let (first, last) = (Names::of(&self.first), Names::of(&self.names));
        let is_header =
            |names: &[String]| are_names(names, &first, self.is_header) || are_names(names, &last, self.is_header);
        if let Some((delimiter, names)) = split_header(&self.text, None, &is_header) {
            self.change(delimiter, names, line, notes)?;
            return Ok(true);
        }
        if let Some(names) = behind(&here, &last, &is_header) {
            self.left_out += 1;
            notes.line(line, GLUED);
            self.change(self.delimiter, names, line, notes)?;
            return Ok(true);
        }
        let known = here.iter().filter(|field| !field.is_empty() && last.has(field)).count();
        if known > 1 && 2 * known >= self.names.len() {
            let remedy = "cut the file there and import the parts";
            return Err(Fault::new("a header inside of a row", quoted(&self.text), remedy).at(line));
        }
        if here.len() == self.names.len() && are_words(&here) {
            self.strange = Some(line);
            self.left_out += 1;
            notes.line(line, "words in place of a row, left out");
            return Ok(true);
        }
        Ok(false)
    }

    fn change(&mut self, delimiter: u8, names: Vec<String>, line: u64, notes: &mut Notes) -> Result<()> {
        (self.strange, self.delimiter) = (None, delimiter);
        self.witnesses.forget();
        if names == self.names {
            return Ok(());
        }
        let moved = follow(&self.first, self.header.line, &names, line)?;
        let is_same = moved.places.iter().enumerate().all(|(at, place)| at == *place);
        self.places = (!is_same).then_some(moved.places);
        self.is_fit = (self.is_header)(&names);
        let more = if moved.differences.is_empty() { String::new() } else { format!(" ({})", moved.differences) };
        notes.line(line, &format!("another header, its columns are found by name{more}"));
        self.names = names;
        Ok(())
    }
}

/// Gives rows of a file to a survey; whether there were no more.
fn look(source: Source, is_header: IsHeader, most: u64, survey: &mut Survey) -> Result<bool> {
    let mut table = Table::open(source.lines()?, is_header, "")?;
    let numbers: Vec<usize> = (0..table.first.len()).filter(|at| counts(&table.first[*at])).collect();
    let mut unsaid = Notes::default();
    for _ in 0..most {
        // What stops here stops the reading too, which says so.
        let Ok(Some(row)) = table.next(&mut unsaid) else { return Ok(true) };
        numbers.iter().for_each(|at| survey.see(row.line, &row.get(*at)));
    }
    Ok(false)
}

/// The header behind a row that was cut: `.., 0, 20timestamp, index, power.draw [W]`.
fn behind(here: &[String], known: &Names, is_header: &dyn Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let ends = here.iter().enumerate().filter_map(|(at, field)| Some((at, known.at_end_of(field)?)));
    ends.take(TRIED).find_map(|(at, name)| {
        let names: Vec<String> = std::iter::once(name.to_string()).chain(here[at + 1..].iter().cloned()).collect();
        let is_cut = at > 0 || name.len() < here[at].len();
        (is_cut && names.len() > 1 && is_header(&names)).then_some(names)
    })
}

/// What follows a number, and its decimals: a cut field differs from the one above it.
fn shape(field: &str) -> (&str, usize) {
    let field = field.trim().trim_matches('"');
    let end = field.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-')).unwrap_or(field.len());
    let decimals = field[..end].rfind(['.', ',']).map_or(0, |at| end - at);
    (field[end..].trim(), decimals)
}

#[cfg(test)]
mod tests;
