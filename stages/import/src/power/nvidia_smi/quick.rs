//! Rows of nvidia-smi byte by byte: what a row needs at most is a minute, a GPU and a form that were seen before.

use super::Role;
use crate::power::sink::{EXTRAS, NO_EXTRAS, THROTTLED};
use crate::read::zone::{DateOrder, day, is_plausible};
use std::sync::Arc;

const DAY_NS: i64 = 86_400_000_000_000;

/// GPUs that are looked for; rows of others go through the table.
const GPUS: usize = 256;

/// A GPU that the table met: how the log names it, and its series if it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Gpu {
    name: Vec<u8>,
    /// An index as a number, which is compared at once; 0, which no index gives, of longer names.
    short: u64,
    pub(super) series: Option<usize>,
}

/// GPUs in the order in which they appeared: blocks hold what was known when they were cut.
#[derive(Debug, Default, Clone)]
pub(super) struct Gpus(Arc<Vec<Gpu>>);

impl Gpus {
    pub(super) fn series(&self, gpu: usize) -> Option<usize> {
        self.0[gpu].series
    }

    /// Remembers the GPU of a line that the table took.
    pub(super) fn learn(&mut self, roles: &[Role], line: &[u8], series: impl FnOnce(&str) -> Option<Option<usize>>) {
        let Some(name) = field(roles, Role::Gpu, line).filter(|name| name.is_ascii()) else { return };
        if self.0.len() >= GPUS || self.0.iter().any(|known| known.name == name) {
            return;
        }
        if let Some(series) = str::from_utf8(name).ok().and_then(series) {
            Arc::make_mut(&mut self.0).push(Gpu { name: name.to_vec(), short: short(name).unwrap_or(0), series });
        }
    }
}

/// A row that looks like the others.
pub(super) struct Plain {
    pub(super) wall_ns: i64,
    /// Its place in [`Gpus`].
    pub(super) gpu: usize,
    pub(super) watt: f64,
    pub(super) extras: [f64; EXTRAS],
}

/// What the rows before had.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// `2026/05/14 09:00` and where that minute begins on the wall.
    minute: [u8; 16],
    minute_ns: i64,
    gpu: usize,
}

fn field<'a>(roles: &[Role], role: Role, line: &'a [u8]) -> Option<&'a [u8]> {
    let at = roles.iter().position(|r| *r == role)?;
    line.split(|b| *b == b',').nth(at).map(<[u8]>::trim_ascii)
}

/// A line without its end as a row; `None` if it is any different, or of a GPU that was not seen before.
pub(super) fn parse(roles: &[Role], gpus: &Gpus, before: &mut Before, line: &[u8]) -> Option<Plain> {
    let mut row = Plain { wall_ns: i64::MIN, gpu: usize::MAX, watt: f64::NAN, extras: NO_EXTRAS };
    let mut rest = line;
    let last = roles.len() - 1;
    for (column, role) in roles.iter().enumerate() {
        if column > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
        match role {
            Role::Time => (row.wall_ns, rest) = before.wall_ns(rest)?,
            Role::Power(factor) => {
                let (value, after) = decimal(rest)?;
                (row.watt, rest) = match after.strip_prefix(b" W") {
                    Some(after) => (value, after),
                    None => (value * factor, after),
                };
            }
            Role::Extra(extra) => {
                let (value, after) = decimal(rest)?;
                let unit =
                    [b" %".as_slice(), b" MiB", b" MHz", b" W"].into_iter().find_map(|unit| after.strip_prefix(unit));
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
                row.gpu = before.gpu(gpus, rest[..end].trim_ascii())?;
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

impl Before {
    /// The place of a GPU; sweeps name them in turn.
    #[inline]
    fn gpu(&mut self, gpus: &Gpus, name: &[u8]) -> Option<usize> {
        let packed = short(name);
        let is = |known: &Gpu| packed.map_or_else(|| known.name == name, |packed| known.short == packed);
        let (earlier, later) = gpus.0.split_at_checked(self.gpu + 1).unwrap_or((&gpus.0, &[]));
        let found = later.iter().position(is).map(|at| earlier.len() + at).or_else(|| earlier.iter().position(is));
        self.gpu = found?;
        found
    }

    /// `2026/05/14 09:00:00.012` as nanoseconds on the wall, and what follows it.
    #[inline]
    fn wall_ns<'a>(&mut self, rest: &'a [u8]) -> Option<(i64, &'a [u8])> {
        let (minute, rest) = rest.split_first_chunk::<16>()?;
        let (of_minute, rest) = rest.split_first_chunk::<7>()?;
        if *minute != self.minute {
            self.minute_ns = minute_ns(minute)?;
            self.minute = *minute;
        }
        let [colon, s, econds, point, m, i, llis] = *of_minute;
        let [s, econds, m, i, llis] = [s, econds, m, i, llis].map(|b| i64::from(b.wrapping_sub(b'0')));
        let seconds = s * 10 + econds;
        let sound = colon == b':' && point == b'.' && s.max(econds).max(m).max(i).max(llis) <= 9 && seconds < 60;
        sound.then_some((self.minute_ns + (seconds * 1000 + m * 100 + i * 10 + llis) * 1_000_000, rest))
    }
}

/// A name of at most seven bytes as a number.
#[inline]
fn short(name: &[u8]) -> Option<u64> {
    (1..=7)
        .contains(&name.len())
        .then(|| name.iter().fold(name.len() as u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// `2026/05/14 09:00` as nanoseconds on the wall.
fn minute_ns(minute: &[u8; 16]) -> Option<i64> {
    let text = str::from_utf8(minute).ok()?;
    let is_minute = minute.iter().enumerate().all(|(at, b)| match at {
        4 | 7 => *b == b'/',
        10 => *b == b' ',
        13 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    let (date, time) = text.split_once(' ').filter(|_| is_minute)?;
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let day_ns = day(date, DateOrder::Unknown).ok()?.checked_mul(DAY_NS)?;
    let minute_ns = day_ns.checked_add((hours * 60 + minutes) * 60_000_000_000)?;
    (hours < 24 && minutes < 60 && is_plausible(minute_ns)).then_some(minute_ns)
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
