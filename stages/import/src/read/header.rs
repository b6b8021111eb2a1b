//! The names of columns, where they are, and what becomes of them when a header follows in the middle of a file.

use super::{
    fault::{Fault, Result, quoted},
    fields::without_quotes,
    number::{Cell, Decimal, Measure, cell, unit, unit_of_name},
    zone::{DateOrder, NoTime, stamp},
};
use std::collections::{HashMap, HashSet};

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

/// Place of a column that the rows do not have.
pub const NOWHERE: usize = usize::MAX;

/// Names that tell sensors apart, or say what a row measures: rows that have them and rows that have not are of two kinds.
const IDENTITIES: &[&str] = &[
    "gpu",
    "index",
    "gpu_index",
    "gpu_id",
    "uuid",
    "gpu_uuid",
    "pci.bus_id",
    "gpu_bus_id",
    "pci.bus",
    "serial",
    "gpu_serial",
    "bus_id",
    "device",
    "device_id",
    "host",
    "hostname",
    "node",
    "socket",
    "die",
    "package",
    "zone",
    "domain",
    "channel",
    "phase",
    "entity",
    "entity_id",
    "sensor",
    "id",
    "rank",
    "instance",
    "card",
    "rail",
    "run_id",
    "experiment_id",
    "task_name",
    "kind",
    "scope",
];

/// Where the columns of the first header are below another one.
#[derive(Debug, PartialEq)]
pub struct Moved {
    /// By their place in the first header.
    pub places: Vec<usize>,
    /// Columns that only one of the headers has, for a remark; empty where they have the same.
    pub differences: String,
}

/// Names of a header, to look others up among them: a line may have half a million.
#[derive(Debug, Default)]
pub struct Names {
    names: HashSet<String>,
    stems: HashSet<String>,
}

impl Names {
    pub fn of(names: &[String]) -> Self {
        let filled = || names.iter().filter(|name| !name.is_empty());
        Names { names: filled().map(|name| key(name)).collect(), stems: filled().map(|name| stem(name)).collect() }
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&key(name))
    }

    /// The longest name that a field ends with.
    pub fn at_end_of<'f>(&self, field: &'f str) -> Option<&'f str> {
        let from = field.len().saturating_sub(LONGEST_NAME);
        let suffixes = field.char_indices().map(|(at, _)| at).filter(|at| *at >= from);
        suffixes.map(|at| &field[at..]).find(|suffix| suffix.trim() == *suffix && self.has(suffix))
    }
}

/// Longest name that is looked for at the end of a field.
const LONGEST_NAME: usize = 128;

fn key(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

/// Whether fields are names and no row: no number, no time, and a header for the reader or half of it known.
pub fn are_names(fields: &[String], known: &Names, is_header: &dyn Fn(&[String]) -> bool) -> bool {
    let filled = || fields.iter().filter(|field| !field.is_empty());
    let familiar = filled().filter(|field| known.has(field) || known.stems.contains(&stem(field))).count();
    (is_header(fields) || familiar > 0 && 2 * familiar >= filled().count())
        && filled().all(|field| known.has(field) || !is_value(field))
}

fn is_value(field: &str) -> bool {
    let is_number = |decimal| matches!(cell(field, decimal), Cell::Number(_));
    let is_time = || !matches!(stamp(field, DateOrder::Unknown), Err(NoTime::NotATime));
    is_number(Decimal::PointOfFile) || is_number(Decimal::CommaOfFile) || is_time()
}

/// Whether every field is a word, as in a header of which no name is known.
pub fn are_words(fields: &[String]) -> bool {
    let is_word = |field: &String| !is_value(field) && cell(field, Decimal::PointOfFile) == Cell::Rubbish;
    fields.len() > 1 && fields.iter().all(is_word)
}

/// A name without its unit, to meet the same column in another one.
fn stem(name: &str) -> String {
    let name = name.trim();
    let bracket = name.rfind(['[', '(']).filter(|at| *at > 0 && name.ends_with([']', ')']));
    let word = || name.rfind(['_', ' ', '.']).filter(|_| unit_of_name(name).is_some());
    name[..bracket.or_else(word).unwrap_or(name.len())].trim().to_ascii_lowercase()
}

/// Maps the columns of `first` to those of a header further down. Refused: names that are there twice, a column that changed its unit,
/// and a column that tells sensors apart in only one of the two.
pub fn follow(first: &[String], first_line: u64, names: &[String], line: u64) -> Result<Moved> {
    let apart = format!("of the header in line {first_line}");
    let remedy = format!("cut the file before line {line} and import the parts");
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|n| !n.is_empty() && !seen.insert(n.trim().to_ascii_lowercase())) {
        return Err(Fault::new("a header in the middle with two columns of one name", quoted(twice), remedy).at(line));
    }
    let place: HashMap<String, usize> = names.iter().enumerate().map(|(at, name)| (key(name), at)).collect();
    let known = Names::of(first);
    let is_lost = |name: &String| !name.is_empty() && !place.contains_key(&key(name));
    let is_new = |name: &&String| !name.is_empty() && !known.has(name);
    let mut places: Vec<usize> = first.iter().map(|name| place.get(&key(name)).copied().unwrap_or(NOWHERE)).collect();
    let of_stem: HashMap<String, &String> = names.iter().filter(is_new).map(|name| (stem(name), name)).collect();
    let mut renamed = HashSet::new();
    for (at, old) in first.iter().enumerate().filter(|(_, name)| is_lost(name)) {
        let Some(now) = of_stem.get(&stem(old)) else { continue };
        let factors = [old, now].map(|name| unit_of_name(name).map_or(1.0, |u| u.factor));
        let measures = [old, now].map(|name| unit_of_name(name).map(|u| u.of));
        if factors[0] != factors[1] || measures[0].zip(measures[1]).is_some_and(|(a, b)| a != b) {
            let value = format!("{} after {} {apart}", quoted(now), quoted(old));
            return Err(Fault::new("a header in the middle that changes a unit", value, remedy).at(line));
        }
        places[at] = place.get(&key(now)).copied().unwrap_or(NOWHERE);
        renamed.extend([old.clone(), (*now).clone()]);
    }
    let rest = |name: &&String| !renamed.contains(*name);
    let lost: Vec<String> = first.iter().filter(|name| is_lost(name)).filter(rest).cloned().collect();
    let new: Vec<String> = names.iter().filter(is_new).filter(rest).cloned().collect();
    let identity = |name: &&String| IDENTITIES.contains(&name.trim().to_ascii_lowercase().as_str());
    if let Some(name) = lost.iter().find(identity) {
        let value = format!("{} {apart}", quoted(name));
        return Err(Fault::new("a header in the middle without a column that tells rows apart", value, remedy).at(line));
    }
    if let Some(name) = new.iter().find(identity).filter(|_| !first.iter().any(|n| identity(&n))) {
        return Err(
            Fault::new("a header in the middle with a new column that tells rows apart", quoted(name), remedy).at(line)
        );
    }
    let said = |what: &str, names: Vec<String>| {
        if names.is_empty() { None } else { Some(format!("{what} {}", names.join(", "))) }
    };
    let differences =
        [said("no", lost), said("new and not read:", new)].into_iter().flatten().collect::<Vec<_>>().join("; ");
    Ok(Moved { places, differences })
}

/// Columns that begin with a digit in rows, so that a line in which they do not may be a header.
#[derive(Debug, Default)]
pub struct Witnesses(Vec<usize>);

impl Witnesses {
    /// Whether a line with these fields is a row for sure.
    #[inline]
    pub fn hold<'f>(&self, field: impl Fn(usize) -> &'f str, names: &[String]) -> bool {
        match self.0.as_slice() {
            [] => false,
            // A row that was cut in its first field, and a header behind it, begin with a digit too.
            [only] => {
                let last = without_quotes(field(names.len() - 1));
                is_digit(field(*only)) && !names.iter().any(|name| name == last)
            }
            [one, other, ..] => is_digit(field(*one)) && is_digit(field(*other)),
        }
    }

    /// Learns from a row which columns begin with a digit in every one.
    pub fn learn<'f>(&mut self, field: impl Fn(usize) -> &'f str, width: usize) {
        self.0.retain(|at| *at < width && is_digit(field(*at)));
        if self.0.is_empty() {
            self.0 = (0..width).filter(|at| is_digit(field(*at))).take(2).collect();
        }
    }

    pub fn forget(&mut self) {
        self.0.clear();
    }
}

/// Whether a field begins like a number.
#[inline]
fn is_digit(field: &str) -> bool {
    match field.as_bytes() {
        [b'0'..=b'9', ..] => true,
        [b' ' | b'"' | b'-' | b'+' | b'.', rest @ ..] => {
            rest.iter().find(|b| !matches!(b, b' ' | b'"' | b'-' | b'+' | b'.')).is_some_and(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The units of a line below a header that has nothing but units (`s;W`), by column.
pub fn units(fields: &[String], names: &[String]) -> Option<Vec<Option<Measure>>> {
    let is_blank = |field: &str| matches!(field.trim_matches(['[', ']', '(', ')']), "" | "-" | "--");
    let of: Vec<_> = fields.iter().map(|field| unit(field).map(|u| u.of)).collect();
    let fits =
        fields.len() == names.len() && fields.iter().zip(&of).all(|(f, u)| u.is_some() || is_blank(f) || is_note(f));
    (fits && of.iter().any(Option::is_some)).then_some(of)
}

/// What instruments write in the row of units where a column has none.
fn is_note(field: &str) -> bool {
    matches!(
        field.to_ascii_lowercase().as_str(),
        "time" | "date" | "text" | "none" | "n/a" | "utc" | "iso8601" | "unix" | "string" | "int"
    )
}

/// Adds the units of powers and energies to names that have none; those of both must agree.
pub fn with_units(names: &mut [String], fields: &[String], line: u64) -> Result<()> {
    for (name, field) in names.iter_mut().zip(fields) {
        let Some(below) = unit(field) else { continue };
        match unit_of_name(name) {
            Some(own) if own != below => {
                let value = format!("{} below {}", quoted(field), quoted(name));
                return Err(Fault::new("a unit that is not the one of the name", value, "correct one of them").at(line));
            }
            None if matches!(below.of, Measure::Power | Measure::Energy) => {
                *name = format!("{name} [{}]", field.trim_matches(['[', ']', '(', ')', ' ']))
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        line.split(',').map(str::to_string).collect()
    }

    fn moved(first: &str, then: &str) -> Result<(Vec<usize>, String), String> {
        let found = follow(&names(first), 1, &names(then), 8);
        found.map(|m| (m.places, m.differences)).map_err(|fault| fault.of("f".as_ref()).to_string())
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

    #[test]
    fn columns_are_found_again_by_name() {
        assert_eq!(moved("time,gpu,power", "time,power,gpu"), Ok((vec![0, 2, 1], String::new())));
        assert_eq!(moved("time,power", "Time,temp,Power"), Ok((vec![0, 2], "new and not read: temp".into())));
        assert_eq!(moved("time,power,temp", "time,power"), Ok((vec![0, 1, NOWHERE], "no temp".into())));
        assert_eq!(moved("time,power", "time,power [W]"), Ok((vec![0, 1], String::new())));
        assert_eq!(moved("time,power_w,power_mw", "time,power_mw,power_w"), Ok((vec![0, 2, 1], String::new())));
    }

    #[test]
    fn headers_that_cannot_be_mapped_are_refused() {
        for (first, then, what) in [
            ("time,power", "time,power,Power", "a header in the middle with two columns of one name, \"Power\""),
            (
                "time,power.draw [W]",
                "time,power.draw [mW]",
                "a header in the middle that changes a unit, \"power.draw [mW]\" after \"power.draw [W]\" of the header in line 1",
            ),
            (
                "time,power_w",
                "power_kw,time",
                "a header in the middle that changes a unit, \"power_kw\" after \"power_w\" of the header in line 1",
            ),
            (
                "time,index,power",
                "time,power",
                "a header in the middle without a column that tells rows apart, \"index\" of the header in line 1",
            ),
            (
                "time,power",
                "time,uuid,power",
                "a header in the middle with a new column that tells rows apart, \"uuid\"",
            ),
        ] {
            let whole = format!("f: line 8: {what}, cut the file before line 8 and import the parts");
            assert_eq!(moved(first, then), Err(whole));
        }
    }

    #[test]
    fn names_are_told_from_rows() {
        let known = names("timestamp,index,power.draw [W]");
        let is_header = |names: &[String]| names.iter().any(|n| n.starts_with("power"));
        let are = |line: &str| are_names(&names(line), &Names::of(&known), &is_header);
        assert!(are("timestamp,power.draw [mW],index") && are("index,temperature") && are("power,timestamp,a,b,c,d"));
        assert!(!are("2026-05-14 09:00:00,0,200") && !are("a,b,c") && !are("2026-05-14 09:00:00,index,power.draw [W]"));
    }

    #[test]
    fn a_row_of_units_belongs_to_the_names() {
        let of = |header: &str, line: &str| {
            let mut header = names(header);
            units(&names(line), &header).map(|_| with_units(&mut header, &names(line), 2).map(|()| header.join(",")))
        };
        assert_eq!(of("time,power,temp", "s,mW,°C"), Some(Ok("time,power [mW],temp".into())));
        assert_eq!(of("time,power_w", ",[W]"), Some(Ok("time,power_w".into())));
        assert_eq!((of("time,power", "1,W"), of("time,power", ",-"), of("a,b,c", "s,W")), (None, None, None));
        assert_eq!(
            of("time,power_w", "s,kW").unwrap().unwrap_err().of("f".as_ref()).to_string(),
            "f: line 2: a unit that is not the one of the name, \"kW\" below \"power_w\", correct one of them"
        );
    }
}
