//! Columns that tell sensors apart: a series for each combination of their values.
//!
//! Columns are found by their names. Whether those of somebody's own table tell sensors apart is seen from the rows: those of one instant
//! differ in them, or sensors are read in turn. A column that changes with time alone is a label, one that is new in every row a number.

mod survey;

use crate::read::{
    fault::{Fault, Result, quoted},
    source::Source,
    table::{self, Header, Row},
};
pub use survey::survey;

/// Names of columns that are a sensor's or a machine's, without `_id`, `_index` and the like.
const STRONG: [&str; 31] = [
    "gpu",
    "index",
    "idx",
    "uuid",
    "pci",
    "pci_bus",
    "bus",
    "card",
    "accelerator",
    "host",
    "hostname",
    "node",
    "nodename",
    "machine",
    "server",
    "instance",
    "socket",
    "package",
    "die",
    "device",
    "dev",
    "sensor",
    "channel",
    "outlet",
    "plug",
    "meter",
    "rail",
    "entity",
    "zone",
    "domain",
    "slot",
];
/// Names that may be a sensor's, and may be something else's.
const WEAK: [&str; 16] = [
    "id", "name", "phase", "port", "rank", "job", "label", "key", "metric", "serial", "address", "location", "rack",
    "chip", "board", "source",
];
/// Of machines: GPUs of one index on two of them are two.
const MACHINES: [&str; 7] = ["host", "hostname", "node", "nodename", "machine", "server", "instance"];
const GPUS: [&str; 9] = ["gpu", "index", "idx", "uuid", "pci", "pci_bus", "bus", "card", "accelerator"];
const ENDINGS: [&str; 8] = ["id", "index", "idx", "name", "no", "num", "number", "uuid"];

/// What a name is without case, marks, and the words at its end that say that it is a name.
fn stem(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|w| ENDINGS.contains(w)) {
        words.pop();
    }
    words.join("_")
}

fn is_in(list: &[&str], name: &str) -> bool {
    list.contains(&stem(name).as_str())
}

/// `--series none`: rows of one instant are readings of one sensor.
pub fn is_none(asked: &[String]) -> bool {
    asked.iter().any(|name| name.eq_ignore_ascii_case("none"))
}

/// The columns of a table that together name a sensor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Identity {
    columns: Vec<(usize, String)>,
}

impl Identity {
    /// Columns that `--series` names.
    fn asked(header: &Header, asked: &[String]) -> Result<Option<Self>> {
        if asked.is_empty() || is_none(asked) {
            return Ok(is_none(asked).then(Identity::default));
        }
        let columns = asked.iter().map(|name| Ok((header.must(name)?, name.clone()))).collect::<Result<_>>()?;
        Ok(Some(Identity { columns }))
    }

    /// Columns of a format that already names its sensors: those that `--series` names, else those of machines.
    pub fn of_machines(header: &Header, used: &[usize], asked: &[String]) -> Result<Self> {
        if let Some(identity) = Self::asked(header, asked)? {
            return Ok(identity);
        }
        let columns = header.names.iter().enumerate();
        let columns = columns.filter(|(at, name)| !used.contains(at) && is_in(&MACHINES, name));
        Ok(Identity { columns: columns.map(|(at, name)| (at, name.clone())).collect() })
    }

    /// `:node-a:0` of a row; nothing without columns.
    pub fn suffix(&self, row: &Row) -> String {
        self.columns.iter().fold(String::new(), |text, (at, _)| text + ":" + &row.get(*at))
    }

    /// The name of the GPU in a row, with its machine, if the columns name one.
    pub fn gpu(&self, row: &Row) -> Option<String> {
        self.columns
            .iter()
            .any(|(_, name)| is_in(&GPUS, name))
            .then(|| self.suffix(row).trim_start_matches(':').to_string())
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// The table that is being read, for questions about its rows.
#[derive(Debug, Default)]
pub struct Columns {
    pub names: Vec<String>,
    used: Vec<usize>,
    delimiter: Option<u8>,
}

impl Columns {
    /// `used`: columns of times and values, which tell no sensors apart.
    pub fn new(header: &Header, used: &[usize]) -> Self {
        Columns { names: header.names.clone(), used: used.to_vec(), delimiter: None }
    }

    /// Names of the columns in which two lines differ.
    pub fn that_differ(&self, source: Source, lines: (u64, u64)) -> Vec<String> {
        let Ok(mut text) = source.lines() else { return Vec::new() };
        let (mut first, mut second) = (None, None);
        while let Ok(Some(line)) = text.next() {
            if line.number == lines.0 {
                first = Some(line.text.to_string());
            }
            if line.number == lines.1 {
                second = Some(line.text.to_string());
                break;
            }
        }
        let Some((first, second)) = first.zip(second) else { return Vec::new() };
        let split = |delimiter: u8| [&first, &second].map(|line| table::fields(line, delimiter));
        let delimiters = self.delimiter.into_iter().chain(*b",;\t");
        let Some([a, b]) = delimiters.map(split).find(|f| f.iter().all(|f| f.len() == self.names.len())) else {
            return Vec::new();
        };
        let differs = |at: &usize| {
            !self.used.contains(at)
                && a[*at] != b[*at]
                && b[*at].parse::<f64>().is_ok() == a[*at].parse::<f64>().is_ok()
        };
        (0..self.names.len()).filter(differs).map(|at| self.names[at].clone()).collect()
    }
}

/// The question of a column that may or may not tell sensors apart.
fn question(name: &str, values: usize, rows: usize, line: u64) -> Fault {
    let remedy = format!("--series {name} if it does, --series none if all rows are of one sensor");
    Fault::new(
        format!("does column {} tell sensors apart?", quoted(name)),
        format!("{values} values in {rows} rows"),
        remedy,
    )
    .at(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_without_their_endings() {
        for (name, known) in
            [("GPU_ID", true), ("pci.bus_id", true), ("Host Name", true), ("gpu_uuid", true), ("temperature", false)]
        {
            assert_eq!(is_in(&STRONG, name), known, "{name}");
        }
        assert!(is_in(&WEAK, "id") && is_in(&WEAK, "Phase") && is_in(&GPUS, "index") && !is_in(&GPUS, "host"));
    }
}
