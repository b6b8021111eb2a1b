//! Instants of other people's logs: written with a zone, without one, or as a count since 1970.

use chrono::{LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use std::{fmt, str::FromStr};

const SECOND: i64 = 1_000_000_000;
/// Offsets of zones are whole multiples of it since the days of local mean time.
const QUARTER: i64 = 900 * SECOND;

/// What `--tz` names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Zone {
    Named(Tz),
    /// East of UTC, s.
    Fixed(i32),
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(seconds) = offset(text) {
            return Ok(Zone::Fixed(seconds));
        }
        let unknown =
            || format!("no time zone \"{text}\", give a name such as Europe/Berlin, an offset such as +02:00, or UTC");
        Tz::from_str(text).map(Zone::Named).map_err(|_| unknown())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Zone::Named(zone) => write!(f, "{zone}"),
            Zone::Fixed(0) => write!(f, "UTC"),
            Zone::Fixed(seconds) => write!(f, "{}", offset_text(*seconds)),
        }
    }
}

/// `+02:00` of seconds east of UTC.
pub fn offset_text(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `Z`, `UTC`, `+02:00`, `+0200` or `+02` as seconds east of UTC.
pub fn offset(text: &str) -> Option<i32> {
    if matches!(text, "Z" | "z" | "UTC" | "utc" | "GMT") {
        return Some(0);
    }
    let digits: String = text.get(1..)?.replace(':', "");
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..4).filter(|m| !m.is_empty()).map_or(Some(0), |m| m.parse().ok())?;
    let seconds = (hours * 60 + minutes) * 60;
    (hours <= 14 && minutes < 60).then_some(())?;
    match text.as_bytes()[0] {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// An instant as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// Nanoseconds of UTC.
    Utc(i64),
    /// What the clock on the wall showed, as nanoseconds since 1970 on that wall.
    Wall(i64),
}

/// Which number of `03/04/2026` is the day. With dots it is the first, after a year the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum DateOrder {
    #[default]
    Unknown,
    DayFirst,
    MonthFirst,
}

/// Why a time is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTime {
    NotATime,
    /// Day and month could be the other way round.
    DayOrMonth,
}

/// Date and time, or a count of s, ms, us or ns since 1970, told apart by its size.
pub fn stamp(text: &str, order: DateOrder) -> Result<Stamp, NoTime> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\u{feff}');
    if let Some(ns) = epoch(text) {
        return Ok(Stamp::Utc(ns));
    }
    let split = text.find([' ', 'T', 't']).ok_or(NoTime::NotATime)?;
    let (date, rest) = (&text[..split], text[split + 1..].trim_start());
    let day = day(date, order)?;
    let (clock, zone) = clock(rest).ok_or(NoTime::NotATime)?;
    let wall = day.checked_mul(86_400 * SECOND).and_then(|d| d.checked_add(clock)).ok_or(NoTime::NotATime)?;
    match zone {
        None => Ok(Stamp::Wall(wall)),
        Some(seconds) => Ok(Stamp::Utc(wall.saturating_sub(i64::from(seconds) * SECOND))),
    }
}

/// [`stamp`] of one time after another: most of a log's differ from the one before in their seconds alone.
#[derive(Debug, Default)]
pub struct Stamps {
    /// `2026/05/14 09:00:` and when that minute began on the wall.
    minute: String,
    began: i64,
}

impl Stamps {
    pub fn stamp(&mut self, text: &str, order: DateOrder) -> Result<Stamp, NoTime> {
        let seconds = text.strip_prefix(self.minute.as_str()).filter(|_| !self.minute.is_empty());
        if let Some(ns) = seconds.and_then(of_minute) {
            return Ok(Stamp::Wall(self.began + ns));
        }
        let stamp = stamp(text, order)?;
        let (minute, seconds) = text.split_at(text.rfind(':').map_or(0, |at| at + 1));
        if let (Some(ns), Stamp::Wall(wall), 2) = (of_minute(seconds), stamp, minute.matches(':').count()) {
            (self.minute, self.began) = (minute.to_string(), wall - ns);
        }
        Ok(stamp)
    }
}

/// Nanoseconds of `00.012`; `None` of anything that is not so plain.
fn of_minute(seconds: &str) -> Option<i64> {
    let digits = |text: &[u8]| text.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')));
    let (whole, rest) = seconds.as_bytes().split_at_checked(2)?;
    let fraction = match rest {
        [] => rest,
        [b'.' | b',', fraction @ ..] if (1..10).contains(&fraction.len()) => fraction,
        _ => return None,
    };
    let ns = digits(whole)? * SECOND + digits(fraction)? * 10_i64.pow(9 - fraction.len() as u32);
    (ns < 60 * SECOND).then_some(ns)
}

/// Whether an instant can be one of a log: a plug that has not asked for the time yet is in 1970. Differences fit then.
pub fn is_plausible(ns: i64) -> bool {
    (EPOCH_S.start * SECOND..EPOCH_S.end * SECOND).contains(&ns)
}

/// 1990 to 2200: counts outside are something else (a monotonic clock, a temperature).
const EPOCH_S: std::ops::Range<i64> = 631_152_000..7_258_118_400;

/// A count since 1970, with decimals, exactly.
pub fn epoch(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    [SECOND, 1_000_000, 1000, 1].into_iter().find_map(|unit| {
        let ns = count.checked_mul(unit)?;
        if !EPOCH_S.contains(&(ns / SECOND)) {
            return None;
        }
        let places = fraction.len().min(9);
        let part: i64 = if places == 0 { 0 } else { fraction[..places].parse().ok()? };
        ns.checked_add((i128::from(part) * i128::from(unit) / 10_i128.pow(places as u32)) as i64)
    })
}

/// Days since 1970 of `2026-05-14`, `2026/05/14`, `20260514`, `14.5.2026`, or `05-14-2026` with an order.
pub fn day(text: &str, order: DateOrder) -> Result<i64, NoTime> {
    let mark = text.find(|c: char| !c.is_ascii_digit());
    let separator = mark.and_then(|at| text[at..].chars().next());
    let of = |year: u32, month: u32, day: u32| {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some((date - NaiveDate::default()).num_days())
    };
    let Some(separator) = separator.filter(|c| matches!(c, '-' | '/' | '.')) else {
        let part = |from: usize, to: usize| text.get(from..to).and_then(|p| p.parse().ok());
        let plain = (text.len() == 8 && mark.is_none()).then(|| of(part(0, 4)?, part(4, 6)?, part(6, 8)?));
        return plain.flatten().ok_or(NoTime::NotATime);
    };
    let parts: Vec<u32> =
        text.split(separator).map(|p| p.parse().map_err(|_| NoTime::NotATime)).collect::<Result<_, _>>()?;
    let &[a, b, c] = parts.as_slice() else { return Err(NoTime::NotATime) };
    let found = match (mark, separator, order) {
        (Some(4), ..) => of(a, b, c),
        (_, '.', _) | (_, _, DateOrder::DayFirst) => of(c, b, a),
        (_, _, DateOrder::MonthFirst) => of(c, a, b),
        _ if a > 12 => of(c, b, a),
        _ if b > 12 => of(c, a, b),
        _ if a == b => of(c, a, b),
        _ if c >= 1900 => return Err(NoTime::DayOrMonth),
        _ => None,
    };
    found.ok_or(NoTime::NotATime)
}

/// Nanoseconds since midnight of `09:00:00.012`, and the offset of a zone behind it, s.
pub fn clock(text: &str) -> Option<(i64, Option<i32>)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(text.len());
    let (time, rest) = (&text[..end], text[end..].trim());
    let mut parts = time.splitn(3, ':');
    let number = |part: Option<&str>| part.filter(|p| (1..=2).contains(&p.len())).and_then(|p| p.parse::<i64>().ok());
    let (mut hours, minutes) = (number(parts.next())?, number(parts.next())?);
    let seconds = parts.next().unwrap_or("0");
    let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
    let whole = number(Some(whole))?;
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let places = fraction.len().min(9);
    let nanos = fraction[..places].parse::<i64>().ok()? * 10_i64.pow(9 - places as u32);
    let (half, zone) = match rest.get(..2).map(str::to_ascii_uppercase).as_deref() {
        Some("AM") => (Some(0), rest[2..].trim()),
        Some("PM") => (Some(12), rest[2..].trim()),
        _ => (None, rest),
    };
    if let Some(half) = half {
        (1..=12).contains(&hours).then_some(())?;
        hours = hours % 12 + half;
    }
    let zone = match zone {
        "" => None,
        zone => Some(offset(zone)?),
    };
    (hours < 24 && minutes < 60 && whole <= 60)
        .then_some((((hours * 60 + minutes) * 60 + whole) * SECOND + nanos, zone))
}

/// Why a time on the wall is no instant.
#[derive(Debug, Clone, PartialEq)]
pub enum NoInstant {
    /// Clocks went forward over it.
    Skipped,
    /// Clocks went back over it: the two offsets that it may have had, s.
    Twice(i32, i32),
}

/// Walls to UTC; the offset of a quarter of an hour is looked up once.
#[derive(Debug, Clone)]
pub struct Walls {
    zone: Zone,
    /// The quarter that was looked up, ns on the wall; its end is not in it.
    from: i64,
    to: i64,
    offset_ns: i64,
}

impl Walls {
    pub fn new(zone: Zone) -> Self {
        Walls { zone, from: 0, to: 0, offset_ns: 0 }
    }

    /// What to take off a time on the wall to get UTC, ns.
    #[inline]
    pub fn offset_ns(&mut self, wall_ns: i64) -> Result<i64, NoInstant> {
        if !(self.from..self.to).contains(&wall_ns) {
            self.offset_ns = i64::from(self.look_up(wall_ns)?) * SECOND;
            self.from = wall_ns.saturating_sub(wall_ns.rem_euclid(QUARTER));
            self.to = self.from.saturating_add(QUARTER);
        }
        Ok(self.offset_ns)
    }

    #[inline]
    pub fn utc(&mut self, wall_ns: i64) -> Result<i64, NoInstant> {
        Ok(wall_ns.saturating_sub(self.offset_ns(wall_ns)?))
    }

    fn look_up(&self, wall_ns: i64) -> Result<i32, NoInstant> {
        let zone = match self.zone {
            Zone::Fixed(seconds) => return Ok(seconds),
            Zone::Named(zone) => zone,
        };
        let wall: NaiveDateTime = chrono::DateTime::from_timestamp_nanos(wall_ns).naive_utc();
        let east = |offset: &chrono_tz::TzOffset| offset.fix().local_minus_utc();
        match zone.offset_from_local_datetime(&wall) {
            LocalResult::Single(offset) => Ok(east(&offset)),
            LocalResult::None => Err(NoInstant::Skipped),
            LocalResult::Ambiguous(a, b) => Err(NoInstant::Twice(east(&a), east(&b))),
        }
    }
}

/// `2026-05-14T09:00:00.012Z` of nanoseconds of UTC; without decimals where there are none.
pub fn utc_text(ns: i64) -> String {
    let at = chrono::DateTime::from_timestamp_nanos(ns);
    let text = at.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE: i64 = 1_778_749_200 * SECOND; // 2026-05-14T09:00:00Z

    #[test]
    fn times_of_many_tools() {
        let wall = |ns| Ok(Stamp::Wall(NINE + ns));
        let of = |text| stamp(text, DateOrder::Unknown);
        assert_eq!(of("2026/05/14 09:00:00.012"), wall(12_000_000));
        assert_eq!(of("2026-05-14T09:00:00"), wall(0));
        assert_eq!(of("14.05.2026 09:00:00,250"), wall(250_000_000));
        assert_eq!(of("14.5.2026 9:00:00 AM"), wall(0));
        assert_eq!(of("20260514 09:00:00"), wall(0));
        assert_eq!(of("5/14/2026 9:00"), wall(0));
        assert_eq!(of("2026-05-14T11:00:00+02:00"), Ok(Stamp::Utc(NINE)));
        assert_eq!(of("2026-05-14 09:00:00.000001Z"), Ok(Stamp::Utc(NINE + 1000)));
        assert_eq!(of("1778749200.5"), Ok(Stamp::Utc(NINE + SECOND / 2)));
        assert_eq!(of("1778749200500"), Ok(Stamp::Utc(NINE + SECOND / 2)));
        assert_eq!(of("1778749200500000000"), Ok(Stamp::Utc(NINE + SECOND / 2)));
        assert_eq!(of("03/04/2026 09:00:00"), Err(NoTime::DayOrMonth));
        assert_eq!(stamp("05-14-2026 09:00:00", DateOrder::MonthFirst), wall(0));
        for text in [
            "13585.2",
            "",
            "2026/05/14",
            "2026/13/14 09:00:00",
            "2026/05/14 25:00:00",
            "2026/05/14 09:00:00 W",
            "a b",
            "ä T",
        ] {
            assert_eq!(of(text), Err(NoTime::NotATime), "{text}");
        }
    }

    #[test]
    fn times_after_others_are_what_they_are_alone() {
        let mut stamps = Stamps::default();
        for minute in
            ["2026/05/14 09:00", "2026/05/14 09:01", "14.05.2026 9:01", "5/14/2026 9", "2026-05-14T09:00:00+02", "x"]
        {
            for seconds in ["00", "00.012", "59,9", "60", "5", "00.", "00.0123456789", "-1", "00Z", "", "00 PM", "0a"] {
                let text = format!("{minute}:{seconds}");
                assert_eq!(stamps.stamp(&text, DateOrder::Unknown), stamp(&text, DateOrder::Unknown), "{text}");
            }
        }
        assert_eq!((stamps.minute.as_str(), stamps.began), ("14.05.2026 9:01:", NINE + 60 * SECOND));
    }

    #[test]
    fn walls_become_utc_or_say_why_not() {
        let mut berlin = Walls::new("Europe/Berlin".parse().unwrap());
        assert_eq!(berlin.utc(NINE), Ok(NINE - 7200 * SECOND));
        let wall = |text| match stamp(text, DateOrder::Unknown) {
            Ok(Stamp::Wall(ns)) => ns,
            other => panic!("{other:?}"),
        };
        assert_eq!(berlin.utc(wall("2026-10-25 02:30:00")), Err(NoInstant::Twice(7200, 3600)));
        assert_eq!(berlin.utc(wall("2026-03-29 02:30:00")), Err(NoInstant::Skipped));
        assert_eq!(berlin.utc(wall("2026-10-25 03:00:00")), Ok(wall("2026-10-25 02:00:00")));
        let mut fixed = Walls::new("-03:30".parse().unwrap());
        assert_eq!(fixed.utc(0), Ok(12_600 * SECOND));
        assert!("Nowhere/Land".parse::<Zone>().is_err() && "+25:00".parse::<Zone>().is_err());
        assert_eq!(
            ("+02".parse::<Zone>().unwrap().to_string(), "Z".parse::<Zone>().unwrap().to_string()),
            ("+02:00".into(), "UTC".into())
        );
        assert_eq!(
            (utc_text(NINE), utc_text(NINE + 12_000_000)),
            ("2026-05-14T09:00:00Z".into(), "2026-05-14T09:00:00.012Z".into())
        );
    }
}
