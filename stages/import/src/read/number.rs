//! Cells of tables that people make: a number with its unit, `[N/A]` in all its spellings, or neither.

pub use super::units::{Measure, Unit, factor_of_name, unit, unit_of_name};
use clap::ValueEnum;
use serde::Serialize;

/// `--decimal`: the mark before the decimals of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    Comma,
    Point,
}

/// How a file writes its numbers. It is decided once, from all of its cells ([`super::decimal`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decimal {
    /// `1,234.5`, in text that nobody looked at as a whole: `1,234` could be either and is no number.
    #[default]
    Point,
    /// `1,234.5` and `1,234`: points are the decimal mark of this file.
    PointOfFile,
    /// `1.234,5`, `1.234` and `1,234` (a little more than one): commas are the decimal mark of this file.
    CommaOfFile,
}

impl From<Mark> for Decimal {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Comma => Decimal::CommaOfFile,
            Mark::Point => Decimal::PointOfFile,
        }
    }
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Number(Quantity),
    /// Nothing was read, and what stands there instead.
    Absent(String),
    /// Neither a number nor a word for a missing one.
    Rubbish,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    pub value: f64,
    pub unit: Option<Unit>,
}

impl Quantity {
    /// In the base unit of a measure; `factor` counts where the cell names no unit. `None`: the cell is in a unit of something else.
    #[inline]
    pub fn of(self, measure: Measure, factor: f64) -> Option<f64> {
        match self.unit {
            None => Some(self.value * factor),
            Some(unit) => (unit.of == measure).then_some(self.value * unit.factor),
        }
    }
}

/// Words for a missing reading. A lost GPU and a permission are failures too: no value came.
fn is_absent(text: &str) -> bool {
    let inner = text.trim_matches(['[', ']', '(', ')', ' ']);
    const WORDS: &[&str] = &[
        "",
        "-",
        "--",
        "---",
        "n/a",
        "na",
        "#n/a",
        "nan",
        "null",
        "none",
        "not available",
        "not supported",
        "not found",
        "unknown",
        "unknown error",
        "unavailable",
        "err!",
        "error",
        "gpu requires reset",
        "gpu is lost",
        "insufficient permissions",
        "not applicable",
        "inf",
        "+inf",
        "-inf",
        "infinity",
        "-infinity",
        "-nan",
        "no value",
        "disabled",
        "deprecated",
        "requested functionality has been deprecated",
    ];
    WORDS.contains(&inner.to_ascii_lowercase().as_str()) || inner.to_ascii_lowercase().starts_with("n/a ")
}

/// A cell; surrounding blanks and quotes do not count.
pub fn cell(text: &str, decimal: Decimal) -> Cell {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\u{feff}');
    if let Some(quantity) = usual(text, decimal) {
        return Cell::Number(quantity);
    }
    if is_absent(text) {
        return Cell::Absent(text.into());
    }
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}' | ' ');
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut end = body.find(|c: char| !digits(c)).unwrap_or(body.len());
    if let Some(exponent) = exponent(&body[end..]) {
        end += exponent;
    }
    let (number, rest) = (body[..end].trim_end_matches([' ', '\u{a0}', '\u{202f}']), body[end..].trim());
    let Some(value) = plain(number, decimal) else { return Cell::Rubbish };
    let unit = match rest {
        "" => None,
        sign => match unit(sign) {
            Some(unit) => Some(unit),
            None => return Cell::Rubbish,
        },
    };
    match value.is_finite() {
        true => Cell::Number(Quantity { value: if text.starts_with('-') { -value } else { value }, unit }),
        false => Cell::Rubbish,
    }
}

/// `110.50 W`, as most cells are: read without a thought for what else there could be.
fn usual(text: &str, decimal: Decimal) -> Option<Quantity> {
    let end = text.bytes().position(|b| !(b.is_ascii_digit() || b == b'.')).unwrap_or(text.len());
    if decimal == Decimal::CommaOfFile && text[..end].contains('.') {
        return None;
    }
    let value = text[..end].parse().ok().filter(|value: &f64| value.is_finite())?;
    match text[end..].strip_prefix(' ') {
        None if end == text.len() => Some(Quantity { value, unit: None }),
        sign => Some(Quantity { value, unit: Some(unit(sign?)?) }),
    }
}

/// Length of an exponent, sign and digits included.
fn exponent(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix(['e', 'E'])?;
    let digits = after.strip_prefix(['-', '+']).unwrap_or(after);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    (count > 0).then_some(rest.len() - digits.len() + count)
}

/// Digits with marks of decimals and thousands as a number.
fn plain(number: &str, decimal: Decimal) -> Option<f64> {
    let mantissa = number.split(['e', 'E']).next()?;
    let exponent = &number[mantissa.len()..];
    if !mantissa.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = if decimal == Decimal::CommaOfFile { ',' } else { '.' };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    if separator.is_some_and(|s| !is_grouped(whole, s)) {
        return None;
    }
    let is_lone = whole.len() == mantissa.len() && whole.matches(',').count() == 1;
    if separator == Some(',') && is_lone && decimal == Decimal::Point {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{whole}.{fraction}0{exponent}").parse().ok()
}

/// Whether a separator stands between groups of three digits and nowhere else. No number of thousands begins with 0.
pub fn is_grouped(whole: &str, separator: char) -> bool {
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or("");
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let begins = (1..=3).contains(&first.len()) && digits(first) && !first.starts_with('0');
    begins && groups.all(|group| group.len() == 3 && digits(group))
}

/// The digits and marks at the beginning of a cell that is a number, perhaps with a unit behind them; `None` of anything else.
pub fn digits_of(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\u{feff}');
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = body.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '’'))).unwrap_or(body.len());
    let (number, rest) = (&body[..end], body[end..].trim());
    let is_number = number.bytes().any(|b| b.is_ascii_digit());
    let ends = rest.is_empty() || unit(rest).is_some() || exponent(rest) == Some(rest.len());
    (is_number && ends).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, decimal: Decimal) -> Option<f64> {
        match cell(text, decimal) {
            Cell::Number(q) => Some(q.value * q.unit.map_or(1.0, |u| u.factor)),
            _ => None,
        }
    }

    #[test]
    fn numbers_of_many_hands() {
        for (text, value) in [
            ("110.50 W", 110.5),
            ("1,234.5", 1234.5),
            ("1,024.00", 1024.0),
            ("1,234,567", 1_234_567.0),
            ("1,234,567.25 W", 1_234_567.25),
            ("1'234.5", 1234.5),
            ("1 234.5 W", 1234.5),
            ("1\u{202f}234.5", 1234.5),
            ("5300mW", 5.3),
            ("-3.5", -3.5),
            ("1e3", 1000.0),
            ("3.7999999999999995e-05", 3.7999999999999995e-05),
            ("0.5 kWh", 1.8e6),
            ("98 %", 98.0),
            (" \"42\" ", 42.0),
            (".5", 0.5),
            ("7.", 7.0),
            ("0.412", 0.412),
            ("98.512", 98.512),
        ] {
            for decimal in [Decimal::Point, Decimal::PointOfFile] {
                assert_eq!(number(text, decimal), Some(value), "{text}");
            }
            let mirrored: String = text
                .chars()
                .map(|c| {
                    if c == '.' {
                        ','
                    } else if c == ',' {
                        '.'
                    } else {
                        c
                    }
                })
                .collect();
            assert_eq!(number(&mirrored, Decimal::CommaOfFile), Some(value), "{mirrored}");
        }
        assert_eq!(number("1,234", Decimal::PointOfFile), Some(1234.0));
        assert_eq!(
            (number("1,234", Decimal::CommaOfFile), number("1.234", Decimal::CommaOfFile)),
            (Some(1.234), Some(1234.0))
        );
    }

    /// A mark is the file's: a cell that uses it otherwise is no number, and never one a thousand times as large.
    #[test]
    fn a_mark_that_is_not_the_files_is_no_number() {
        for text in ["0,412", "12,5", "150,50 W", "1.234,5", "1,2345", "1234,567", ",5"] {
            for decimal in [Decimal::Point, Decimal::PointOfFile] {
                assert_eq!(cell(text, decimal), Cell::Rubbish, "{text}");
            }
        }
        assert_eq!(cell("1,234", Decimal::Point), Cell::Rubbish);
        for text in ["0.412", "150.50", "1,234.5", "12.5 W"] {
            assert_eq!(cell(text, Decimal::CommaOfFile), Cell::Rubbish, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for text in [
            "[N/A]",
            "N/A",
            "[Not Supported]",
            "[Unknown Error]",
            "-",
            "",
            "nan",
            "ERR!",
            "unavailable",
            "N/A (Secondary die)",
        ] {
            assert!(matches!(cell(text, Decimal::Point), Cell::Absent(_)), "{text}");
        }
        for text in
            ["2022026/05/14", "12 apples", "1.2.3", "1,23,4", "0x10", "ENABLED", "--5", "1e999", "12 W 13", "1,2345.6"]
        {
            assert_eq!(cell(text, Decimal::Point), Cell::Rubbish, "{text}");
        }
    }

    #[test]
    fn a_unit_of_something_else_is_no_reading() {
        let quantity = Quantity { value: 2.0, unit: unit("kW") };
        assert_eq!((quantity.of(Measure::Power, 1.0), quantity.of(Measure::Energy, 1.0)), (Some(2000.0), None));
    }
}
