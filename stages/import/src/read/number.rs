//! Cells of tables that people make: a number with its unit, `[N/A]` in all its spellings, or neither.

/// How a table writes decimals. Known of a `;` table, guessed cell by cell elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decimal {
    /// `1,234.5`; a lone comma is one of thousands where it can be, else the decimal one.
    #[default]
    Point,
    /// `1.234,5`; a lone comma is the decimal one.
    Comma,
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

/// What a unit measures, and the factor to W, J, °C, MiB, %, MHz or s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    pub of: Measure,
    pub factor: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Power,
    Energy,
    Temperature,
    Memory,
    Share,
    Clock,
    Time,
}

/// A unit by its sign: case tells milli from mega.
pub fn unit(sign: &str) -> Option<Unit> {
    use Measure::*;
    let (of, factor) = match sign.trim_matches(['[', ']', '(', ')', ' ', '.']) {
        "W" | "Watt" | "Watts" | "watt" | "watts" | "w" => (Power, 1.0),
        "mW" | "milliwatts" => (Power, 1e-3),
        "uW" | "µW" | "μW" => (Power, 1e-6),
        "kW" | "KW" => (Power, 1e3),
        "J" | "Joule" | "Joules" | "joules" => (Energy, 1.0),
        "mJ" => (Energy, 1e-3),
        "uJ" | "µJ" | "μJ" => (Energy, 1e-6),
        "kJ" => (Energy, 1e3),
        "MJ" => (Energy, 1e6),
        "Wh" => (Energy, 3600.0),
        "mWh" => (Energy, 3.6),
        "kWh" | "KWh" => (Energy, 3.6e6),
        "MWh" => (Energy, 3.6e9),
        "Wmin" | "W-min" | "watt-minutes" => (Energy, 60.0),
        "C" | "°C" | "Celsius" => (Temperature, 1.0),
        "MiB" | "MB" => (Memory, 1.0),
        "KiB" | "kB" | "KB" => (Memory, 1.0 / 1024.0),
        "GiB" | "GB" => (Memory, 1024.0),
        "%" => (Share, 1.0),
        "MHz" => (Clock, 1.0),
        "GHz" => (Clock, 1e3),
        "s" | "sec" => (Time, 1.0),
        "ms" => (Time, 1e-3),
        _ => return None,
    };
    Some(Unit { of, factor })
}

/// The unit that a column's name ends with: `power.draw [W]`, `Average Graphics Package Power (W)`, `power_mw`.
pub fn unit_of_name(name: &str) -> Option<Unit> {
    let name = name.trim();
    let bracketed = name.rfind(['[', '(']).filter(|_| name.ends_with([']', ')'])).map(|at| &name[at..]);
    if let Some(found) = bracketed.and_then(unit) {
        return Some(found);
    }
    match name.rsplit(['_', ' ', '.']).next()? {
        "w" | "watt" | "watts" | "W" => unit("W"),
        "mw" | "mW" => unit("mW"),
        "kw" | "kW" => unit("kW"),
        "uj" | "uJ" => unit("uJ"),
        "mj" | "mJ" => unit("mJ"),
        "j" | "J" | "joule" | "joules" => unit("J"),
        "wh" | "Wh" => unit("Wh"),
        "kwh" | "kWh" => unit("kWh"),
        "c" | "C" => unit("C"),
        _ => None,
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
    if let Some(quantity) = usual(text) {
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
fn usual(text: &str) -> Option<Quantity> {
    let end = text.bytes().position(|b| !(b.is_ascii_digit() || b == b'.')).unwrap_or(text.len());
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
    if mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.') && mantissa.matches('.').count() <= 1 {
        return number.parse().ok();
    }
    let (comma, point) = (mantissa.rfind(','), mantissa.rfind('.'));
    let mark = match (comma, point) {
        (Some(c), Some(p)) => Some(c.max(p)),
        (Some(c), None) if decimal == Decimal::Comma => Some(c).filter(|_| mantissa.matches(',').count() == 1),
        (Some(c), None) if !grouped(mantissa, ',') => Some(c),
        (None, Some(p)) if mantissa.matches('.').count() == 1 => Some(p),
        _ => None,
    };
    let (whole, fraction) = mark.map_or((mantissa, ""), |at| (&mantissa[..at], &mantissa[at + 1..]));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    if separator.is_some_and(|s| !grouped(whole, s)) {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{whole}.{fraction}0{exponent}").parse().ok()
}

/// Whether a separator stands between groups of three digits and nowhere else.
fn grouped(whole: &str, separator: char) -> bool {
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or("");
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    (1..=3).contains(&first.len()) && digits(first) && groups.all(|group| group.len() == 3 && digits(group))
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
            ("1.234,5", 1234.5),
            ("1,234", 1234.0),
            ("1,024.00", 1024.0),
            ("150,50 W", 150.5),
            ("12,5", 12.5),
            ("1.234.567,25", 1_234_567.25),
            ("1'234.5", 1234.5),
            ("1 234,5 W", 1234.5),
            ("1\u{202f}234,5", 1234.5),
            ("5300mW", 5.3),
            ("-3.5", -3.5),
            ("1e3", 1000.0),
            ("3.7999999999999995e-05", 3.7999999999999995e-05),
            ("0.5 kWh", 1.8e6),
            ("98 %", 98.0),
            (" \"42\" ", 42.0),
            (".5", 0.5),
            ("7.", 7.0),
        ] {
            assert_eq!(number(text, Decimal::Point), Some(value), "{text}");
        }
        assert_eq!(number("1,234", Decimal::Comma), Some(1.234));
        assert_eq!(number("150.50", Decimal::Comma), Some(150.5));
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
    fn units_of_names() {
        let factor = |name| unit_of_name(name).map(|u| u.factor);
        assert_eq!(factor("power.draw [W]"), Some(1.0));
        assert_eq!(factor("Average Graphics Package Power (W)"), Some(1.0));
        assert_eq!((factor("power_mw"), factor("energy_uj"), factor("power.draw")), (Some(1e-3), Some(1e-6), None));
    }
}
