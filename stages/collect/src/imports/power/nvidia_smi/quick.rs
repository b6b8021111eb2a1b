//! Rows of nvidia-smi byte by byte: what a row needs at most is a date, a GPU and a form that were seen before.

use super::{Reader, Role};
use crate::imports::{
    decode::{LONGEST, Line, text},
    fault::{Fault, Result},
    power::sink::{NO_EXTRAS, THROTTLED},
    zone::{DateOrder, day},
};
use std::io::Read;

const BLOCK: usize = 1 << 20;
const DAY_NS: i64 = 86_400_000_000_000;

/// What the rows before had.
#[derive(Default)]
struct Seen {
    date: (u64, u16),
    day_ns: i64,
    gpus: Vec<(Name, Option<usize>)>,
    at: usize,
}

/// How a GPU is named: an index as a number, which is compared at once; a UUID as it is, and 0, which no index gives.
struct Name {
    short: u64,
    long: Vec<u8>,
}

impl Name {
    fn of(name: &[u8]) -> Self {
        Name { short: short(name).unwrap_or(0), long: name.to_vec() }
    }
}

/// A row that looks like the others.
struct Plain<'a> {
    wall_ns: i64,
    time: &'a [u8; 23],
    gpu: usize,
    watt: f64,
    extras: [f64; 6],
}

/// Reads all lines after the header, which was line `number`.
pub(super) fn read(reader: &mut Reader, mut source: impl Read, mut number: u64) -> Result<()> {
    let (mut buffer, mut filled, mut seen) = (vec![0; BLOCK], 0, Seen::default());
    loop {
        let got = source.read(&mut buffer[filled..])?;
        filled += got;
        let mut at = 0;
        let mut last = None;
        while let Some(length) = newline(&buffer[at..filled]) {
            let line = &buffer[at..at + length];
            at += length + 1;
            number += 1;
            if take(reader, &mut seen, line, number)? {
                last = Some(line);
            } else {
                number = slowly(reader, line, number, true)?;
                last = None;
            }
        }
        if let Some(line) = last {
            let field = line.rsplit(|b| *b == b',').next().unwrap_or(line);
            reader.layout.seen(&text(field));
        }
        if got == 0 {
            if at < filled {
                slowly(reader, &buffer[at..filled], number + 1, false)?;
            }
            return Ok(());
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if filled == buffer.len() {
            let said = format!("more than {LONGEST} bytes without an end");
            return Err(Fault::new("not readable as text", said, "give the log as the tool wrote it").at(number + 1));
        }
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes)
}

/// A line that is not like the others. Lines may end with CR alone: the number of the last.
fn slowly(reader: &mut Reader, bytes: &[u8], number: u64, ended: bool) -> Result<u64> {
    let end = bytes.iter().rposition(|b| *b != b'\r').map_or(0, |at| at + 1);
    let ended = ended || end < bytes.len();
    let whole = text(&bytes[..end]);
    let pieces = whole.matches('\r').count() as u64;
    for (i, piece) in (0..).zip(whole.split('\r')) {
        reader.line(Line { number: number + i, text: piece.into(), ended: ended || i < pieces })?;
    }
    Ok(number + pieces)
}

/// Whether a line was a plain row, and was taken.
fn take(reader: &mut Reader, seen: &mut Seen, line: &[u8], number: u64) -> Result<bool> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(row) = parse(&reader.roles, seen, line) else {
        return Ok(false);
    };
    let name = &seen.gpus.get(row.gpu);
    let series = match name {
        Some((_, series)) => *series,
        None => {
            let Some(bytes) = gpu_field(&reader.roles, line) else { return Ok(false) };
            let Some(series) = str::from_utf8(bytes).ok().and_then(|name| reader.by_name.get(name).copied()) else {
                return Ok(false);
            };
            seen.gpus.push((Name::of(bytes), series));
            series
        }
    };
    let Some(series) = series else { return Ok(true) };
    let t = reader.sink.wall(number, row.wall_ns, row.time)?;
    reader.sink.push(series, t, row.watt, reader.has_extras.then_some(&row.extras))?;
    Ok(true)
}

fn gpu_field<'a>(roles: &[Role], line: &'a [u8]) -> Option<&'a [u8]> {
    let at = roles.iter().position(|r| *r == Role::Gpu)?;
    line.split(|b| *b == b',').nth(at).map(<[u8]>::trim_ascii)
}

/// `gpu` is one past the last where the GPU was not seen before.
fn parse<'a>(roles: &[Role], seen: &mut Seen, line: &'a [u8]) -> Option<Plain<'a>> {
    let mut row = Plain { wall_ns: i64::MIN, time: &[0; 23], gpu: usize::MAX, watt: f64::NAN, extras: NO_EXTRAS };
    let mut rest = line;
    let last = roles.len() - 1;
    for (column, role) in roles.iter().enumerate() {
        if column > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
        match role {
            Role::Time => {
                let (time, after) = rest.split_at_checked(23)?;
                row.time = time.try_into().ok()?;
                row.wall_ns = wall_ns(row.time, seen)?;
                rest = after;
            }
            Role::Power(factor) => {
                let (value, after) = decimal(rest)?;
                (row.watt, rest) = match after.strip_prefix(b" W") {
                    Some(after) => (value, after),
                    None => (value * factor, after),
                };
            }
            Role::Extra(extra) => {
                let (value, after) = decimal(rest)?;
                let unit = [b" %".as_slice(), b" MiB", b" MHz", b" W"].into_iter().find_map(|unit| after.strip_prefix(unit));
                (row.extras[*extra], rest) = (value, unit.unwrap_or(after));
            }
            Role::Throttle => {
                let end = field_end(rest)?;
                match &rest[..end] {
                    b"Active" => row.extras[THROTTLED] = 1.0,
                    b"Not Active" if row.extras[THROTTLED].is_nan() => row.extras[THROTTLED] = 0.0,
                    b"Not Active" => {}
                    _ => return None,
                }
                rest = &rest[end..];
            }
            Role::Gpu => {
                let end = field_end(rest)?;
                row.gpu = seen.gpu(rest[..end].trim_ascii());
                rest = &rest[end..];
            }
            Role::Index | Role::Nothing => rest = &rest[field_end(rest)?..],
        }
        let ends = if column == last { rest.is_empty() } else { rest.first() == Some(&b',') };
        if !ends {
            return None;
        }
    }
    (row.gpu != usize::MAX).then_some(row)
}

/// The end of a field without quotes.
fn field_end(rest: &[u8]) -> Option<usize> {
    let end = rest.iter().position(|b| matches!(b, b',' | b'"' | b'\r')).unwrap_or(rest.len());
    (rest.get(end).is_none_or(|b| *b == b',')).then_some(end)
}

impl Seen {
    /// The place of a GPU; sweeps name them in turn.
    #[inline]
    fn gpu(&mut self, name: &[u8]) -> usize {
        let packed = short(name);
        let count = self.gpus.len();
        for step in 1..=count {
            let at = (self.at + step) % count;
            let known = &self.gpus[at].0;
            if packed.map_or_else(|| known.long == name, |packed| known.short == packed) {
                self.at = at;
                return at;
            }
        }
        count
    }
}

/// A name of at most seven bytes as a number.
#[inline]
fn short(name: &[u8]) -> Option<u64> {
    let name = name.trim_ascii();
    (1..=7).contains(&name.len()).then(|| name.iter().fold(name.len() as u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// `2026/05/14 09:00:00.012` as nanoseconds on the wall.
#[inline]
fn wall_ns(time: &[u8; 23], seen: &mut Seen) -> Option<i64> {
    let [a, b, c, d, e, f, g, h, i, j, ..] = *time;
    let written = (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u16::from_le_bytes([i, j]));
    if written != seen.date {
        let date = str::from_utf8(&time[..10]).ok()?;
        let is_date = time[4] == b'/' && time[7] == b'/';
        seen.day_ns = day(date, DateOrder::Unknown).ok().filter(|_| is_date)?.checked_mul(DAY_NS)?;
        seen.date = written;
    }
    let digit = |at: usize| i64::from(time[at].wrapping_sub(b'0'));
    const DIGITS: [usize; 9] = [11, 12, 14, 15, 17, 18, 20, 21, 22];
    let wrong = DIGITS.iter().any(|at| digit(*at) > 9);
    if wrong || time[10] != b' ' || time[13] != b':' || time[16] != b':' || time[19] != b'.' {
        return None;
    }
    let (hours, minutes, seconds) = (digit(11) * 10 + digit(12), digit(14) * 10 + digit(15), digit(17) * 10 + digit(18));
    let millis = digit(20) * 100 + digit(21) * 10 + digit(22);
    let fits = hours < 24 && minutes < 60 && seconds < 60;
    fits.then_some(seen.day_ns + (((hours * 60 + minutes) * 60 + seconds) * 1000 + millis) * 1_000_000)
}

/// Digits with at most six decimals: small enough for one exact division, so that the result is what parsing gives.
#[inline]
fn decimal(rest: &[u8]) -> Option<(f64, &[u8])> {
    const TENS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];
    let (mut value, mut at) = (0u64, 0);
    while let Some(digit) = rest.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        (value, at) = (value * 10 + u64::from(digit), at + 1);
        if at > 9 {
            return None;
        }
    }
    let whole = at;
    if rest.get(at) == Some(&b'.') {
        at += 1;
        while let Some(digit) = rest.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
            (value, at) = (value * 10 + u64::from(digit), at + 1);
            if at - whole > 7 {
                return None;
            }
        }
    }
    let decimals = at.saturating_sub(whole + 1);
    (whole > 0 && (at == whole || decimals > 0)).then(|| (value as f64 / TENS[decimals], &rest[at..]))
}
