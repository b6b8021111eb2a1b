//! Which mark a file puts before its decimals: decided once, from all of its numbers. `1,250` alone can be read in two ways; `0,412`,
//! `98,5` or `1.234,5` in the same file cannot.

use super::{
    fault::{Fault, Result, quoted},
    number::{Decimal, Mark, digits_of, is_grouped},
};

/// Rows that are looked at before a file is read, unless they leave a question.
pub const FIRST_ROWS: u64 = 512;

/// Columns of versions and lists, whose cells look like numbers and are none.
const NO_NUMBERS: [&str; 10] =
    ["version", "driver", "vbios", "serial", "gpus", "gpu_ids", "devices", "cpus", "cores", "tensor_split"];

/// Whether cells of this column say how the file writes numbers.
pub fn counts(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !NO_NUMBERS.iter().any(|word| name.contains(word))
}

/// The first cell of a kind.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    line: u64,
    text: String,
}

/// What the cells of a file say.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    comma: Option<Seen>,
    point: Option<Seen>,
    /// One mark before three digits: decimals or thousands.
    lone_comma: Option<Seen>,
    lone_point: Option<Seen>,
    /// Points group thousands somewhere.
    has_grouping_points: bool,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sign {
    Proof { of: Mark, has_groups: bool },
    Lone(Mark),
}

fn sign(text: &str) -> Option<Sign> {
    if !text.contains([',', '.']) {
        return None;
    }
    let number = digits_of(text)?;
    // A power of ten has no thousands before it.
    let has_exponent = text.contains(['e', 'E']);
    let (commas, points) = (number.matches(',').count(), number.matches('.').count());
    let (of, other, count) = match (commas, points) {
        (0, 0) => return None,
        (_, 0) => (Mark::Comma, Mark::Point, commas),
        (0, _) => (Mark::Point, Mark::Comma, points),
        _ => {
            let is_comma = number.rfind(',') > number.rfind('.');
            let (of, mark, group, marks) =
                if is_comma { (Mark::Comma, ',', '.', commas) } else { (Mark::Point, '.', ',', points) };
            let whole = number.split(mark).next().unwrap_or("");
            return (marks == 1 && is_grouped(whole, group)).then_some(Sign::Proof { of, has_groups: true });
        }
    };
    let mark = if of == Mark::Comma { ',' } else { '.' };
    let grouped = is_grouped(number, mark);
    match (grouped, count) {
        (true, 1) if !has_exponent => Some(Sign::Lone(of)),
        (true, 2..) => Some(Sign::Proof { of: other, has_groups: true }),
        (_, 1) if !is_instant(number, mark) => Some(Sign::Proof { of, has_groups: false }),
        _ => None,
    }
}

/// Seconds, ms, us or ns since 1970 may be written in another way than readings.
fn is_instant(number: &str, mark: char) -> bool {
    let whole = number.split(mark).next().unwrap_or("");
    whole.starts_with('1') && matches!(whole.len(), 10 | 13 | 16 | 19)
}

impl Survey {
    pub fn see(&mut self, line: u64, text: &str) {
        let place = match sign(text) {
            None => return,
            Some(Sign::Proof { of, has_groups }) => {
                self.has_grouping_points |= has_groups && of == Mark::Comma;
                if of == Mark::Comma { &mut self.comma } else { &mut self.point }
            }
            Some(Sign::Lone(Mark::Comma)) => &mut self.lone_comma,
            Some(Sign::Lone(Mark::Point)) => &mut self.lone_point,
        };
        place.get_or_insert_with(|| Seen { line, text: text.trim().to_string() });
    }

    /// The mark that was asked for, else that of all these cells, each with its line.
    pub fn choose_mark<'a>(
        asked: Option<Mark>,
        delimiter: u8,
        cells: impl Iterator<Item = (u64, &'a str)>,
    ) -> Result<Decimal> {
        let mut survey = Survey::default();
        cells.for_each(|(line, text)| survey.see(line, text));
        asked.map_or_else(|| survey.decide(delimiter), |mark| Ok(mark.into()))
    }

    /// Whether commas stand in numbers.
    pub fn has_commas(&self) -> bool {
        self.comma.is_some() || self.lone_comma.is_some()
    }

    /// Whether the first rows leave a question that only all rows answer. Where commas separate fields, points are decimals.
    pub fn is_open(&self, delimiter: u8) -> bool {
        match delimiter {
            b',' => self.has_commas() && !self.is_plain(),
            _ => !self.is_plain(),
        }
    }

    /// Points are proven and no comma speaks against it.
    fn is_plain(&self) -> bool {
        self.point.is_some() && self.comma.is_none()
    }

    /// The mark of the file, from all of its cells.
    pub fn decide(&self, delimiter: u8) -> Result<Decimal> {
        let Survey { comma, point, lone_comma, lone_point, .. } = self;
        let point = point.as_ref().or(lone_point.as_ref().filter(|_| delimiter == b',' && comma.is_none()));
        match (comma, point) {
            (Some(comma), Some(point)) => Err(contradict(comma, point)),
            (None, Some(_)) => Ok(Decimal::PointOfFile),
            (Some(comma), None) => match lone_point.as_ref().filter(|_| !self.has_grouping_points) {
                None => Ok(Decimal::CommaOfFile),
                Some(point) => {
                    let value =
                        format!("{} beside {} in line {}", quoted(&point.text), quoted(&comma.text), comma.line);
                    Err(ask("a point of thousands or of decimals?", &value).at(point.line))
                }
            },
            (None, None) => match (lone_comma, lone_point) {
                (None, None) => Ok(Decimal::PointOfFile),
                (Some(cell), _) => Err(ask("a comma of decimals or of thousands?", &quoted(&cell.text)).at(cell.line)),
                (_, Some(cell)) => Err(ask("a point of decimals or of thousands?", &quoted(&cell.text)).at(cell.line)),
            },
        }
    }
}

fn ask(what: &str, value: &str) -> Fault {
    Fault::new(what, value, "say which mark is before the decimals: --decimal comma or --decimal point")
}

fn contradict(comma: &Seen, point: &Seen) -> Fault {
    let value = format!("{} and in line {} {}", quoted(&comma.text), point.line, quoted(&point.text));
    let remedy = "correct the file, or say which mark counts: --decimal comma or --decimal point";
    Fault::new("commas and points before decimals", value, remedy).at(comma.line)
}

/// The mark of a file while it is read.
#[derive(Debug, Default)]
pub struct Choice {
    pub decimal: Decimal,
    /// What the first rows say, where the others were not looked at.
    first: Option<Survey>,
}

/// Gives the rows of a file to a survey, as many as are asked for; whether there were no more.
pub type Look<'a> = dyn Fn(u64, &mut Survey) -> Result<bool> + 'a;

impl Choice {
    /// What was asked for, else what the first rows say, else what all rows say.
    pub fn make(asked: Option<Mark>, delimiter: u8, look: &Look) -> Result<Self> {
        if let Some(mark) = asked {
            return Ok(Choice { decimal: mark.into(), first: None });
        }
        let mut first = Survey::default();
        let mut is_all = look(FIRST_ROWS, &mut first)?;
        if !is_all && first.is_open(delimiter) {
            first = Survey::default();
            is_all = look(u64::MAX, &mut first)?;
        }
        Ok(Choice { decimal: first.decide(delimiter)?, first: (!is_all).then_some(first) })
    }

    /// Whether rows with commas in their numbers are to be shown.
    pub fn is_watching(&self) -> bool {
        self.first.is_some()
    }

    /// A cell with a comma behind the rows that were looked at.
    pub fn see(&mut self, line: u64, text: &str, delimiter: u8, look: &Look) -> Result<()> {
        let Some(first) = &mut self.first else { return Ok(()) };
        let mut now = Survey::default();
        now.see(line, text);
        if !now.has_commas() {
            return Ok(());
        }
        match (&first.point, &now.comma) {
            (Some(point), Some(comma)) => Err(contradict(comma, point)),
            (Some(_), None) => Ok(()),
            (None, _) => {
                let mut all = Survey::default();
                look(u64::MAX, &mut all)?;
                self.first = None;
                if all.decide(delimiter)? == self.decimal {
                    return Ok(());
                }
                let what = "a decimal comma behind rows that have none";
                Err(Fault::new(what, quoted(text.trim()), "say that it is one: --decimal comma").at(line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(cells: &[&str], delimiter: u8) -> Result<Decimal, String> {
        let mut survey = Survey::default();
        (2..).zip(cells).for_each(|(line, text)| survey.see(line, text));
        survey.decide(delimiter).map_err(|fault| fault.of("f".as_ref()).to_string())
    }

    #[test]
    fn one_proof_decides_for_all_cells() {
        use Decimal::{CommaOfFile as Comma, PointOfFile as Point};
        for (cells, of) in [
            (&["98,5", "152,125"][..], Comma),
            (&["0,412"], Comma),
            (&["1250", "1,2345 W"], Comma),
            (&["1.234,5", "1.250"], Comma),
            (&["1.234.567", "1,250"], Comma),
            (&["1234,567"], Comma),
            (&["1,250e3"], Comma),
            (&["98.5", "1,250"], Point),
            (&["1,234,567", "1.250"], Point),
            (&["1,234.5 W"], Point),
            (&["0.412", "1,250"], Point),
            (&["1250", "14.05.2026", "10:00:00,5", "a,b", "1,2,3"], Point),
        ] {
            assert_eq!(decided(cells, b';'), Ok(of), "{cells:?}");
        }
        assert_eq!((decided(&["98.512"], b','), decided(&["98.512", "1,250"], b',')), (Ok(Point), Ok(Point)));
        // An instant is no reading.
        assert_eq!(decided(&["1778745600.123", "98,5"], b';'), Ok(Comma));
        assert!(!counts("driver_version") && counts("power.draw [W]"));
    }

    #[test]
    fn two_ways_of_reading_are_a_question() {
        let ask = "say which mark is before the decimals: --decimal comma or --decimal point";
        for (cells, what) in [
            (&["1,250", "2,375"][..], "line 2: a comma of decimals or of thousands?, \"1,250\""),
            (&["800", "1.250"], "line 3: a point of decimals or of thousands?, \"1.250\""),
            (
                &["98,5", "1.250 W"],
                "line 3: a point of thousands or of decimals?, \"1.250 W\" beside \"98,5\" in line 2",
            ),
        ] {
            assert_eq!(decided(cells, b'\t'), Err(format!("f: {what}, {ask}")));
        }
        assert_eq!(
            decided(&["98.5", "98,5"], b';').unwrap_err(),
            "f: line 3: commas and points before decimals, \"98,5\" and in line 2 \"98.5\", \
             correct the file, or say which mark counts: --decimal comma or --decimal point"
        );
    }

    #[test]
    fn what_comes_behind_the_first_rows_is_seen() {
        let choice = |first: &'static str, all: &'static [&'static str]| {
            let look = move |most: u64, survey: &mut Survey| {
                let cells = if most == FIRST_ROWS { &[first][..] } else { all };
                (2..).zip(cells).for_each(|(line, text)| survey.see(line, text));
                Ok(false)
            };
            let mut choice = Choice::make(None, b',', &look).unwrap();
            let seen = choice.see(900, all.last().unwrap(), b',', &look);
            seen.map(|()| choice.decimal).map_err(|fault| fault.of("f".as_ref()).to_string())
        };
        assert_eq!(choice("98.5", &["98.5", "1,250"]), Ok(Decimal::PointOfFile));
        assert_eq!(choice("98", &["98", "1,234.5"]), Ok(Decimal::PointOfFile));
        assert_eq!(
            choice("98", &["98", "98,5"]).unwrap_err(),
            "f: line 900: a decimal comma behind rows that have none, \"98,5\", say that it is one: --decimal comma"
        );
        assert!(choice("98", &["98", "1,250"]).unwrap_err().contains("a comma of decimals or of thousands?"));
        assert_eq!(
            choice("98.5", &["98.5", "98,5"]).unwrap_err(),
            "f: line 900: commas and points before decimals, \"98,5\" and in line 2 \"98.5\", \
             correct the file, or say which mark counts: --decimal comma or --decimal point"
        );
    }
}
