//! When a run took place: which of a result's times are taken, and how that is said.

use super::Options;
use crate::read::{
    fault::{Fault, Result, quoted},
    zone::{DateOrder, NoInstant, Stamp, Walls, Zone, offset_text, stamp},
};
use std::str::FromStr;

/// `--window`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Window {
    #[default]
    Stated,
    Assumed,
    None,
    Given(Stamp, Stamp),
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let given = |(from, to): (&str, &str)| {
            let time = |t: &str| stamp(t, DateOrder::Unknown).map_err(|_| format!("no time \"{t}\""));
            Ok(Window::Given(time(from)?, time(to)?))
        };
        match text {
            "stated" => Ok(Window::Stated),
            "assumed" => Ok(Window::Assumed),
            "none" => Ok(Window::None),
            other => other.split_once('/').map_or_else(
                || {
                    Err(format!(
                        "no window \"{other}\", give stated, assumed, none or FROM/TO, such as \
                     2026-05-14T09:00:00Z/2026-05-14T09:05:00Z"
                    ))
                },
                given,
            ),
        }
    }
}

/// What a result says of a run's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    Unknown,
    /// Both ends.
    Between(Stamp, Stamp),
    /// Its end; the start is a run's length before it.
    Ended(Stamp),
    /// The start of something that the run was a part of: taken only with `--window assumed`.
    Began(Stamp),
}

/// Start and end of a run of `length_ns`, ns of UTC, with how they were derived, and whether a zone was missing.
#[derive(Debug, Default, PartialEq)]
pub struct Timed {
    pub span: Option<(i64, i64)>,
    pub from: String,
    pub zoneless: bool,
}

/// A time of the results as UTC. Without a zone, and without `--tz`, it is taken for UTC, which is said.
pub fn utc(at: Stamp, tz: Option<Zone>, line: u64) -> Result<(i64, bool)> {
    let wall = match at {
        Stamp::Utc(ns) => return Ok((ns, false)),
        Stamp::Wall(ns) => ns,
    };
    let Some(zone) = tz else { return Ok((wall, true)) };
    let fault = |no: NoInstant| match no {
        NoInstant::Skipped => {
            Fault::new("no such local time, clocks went forward over it", zone, "correct --tz or give an offset")
                .at(line)
        }
        NoInstant::Twice(a, b) => {
            let remedy = format!("say which: --tz {} or --tz {}", offset_text(a), offset_text(b));
            Fault::new("a local time that was there twice, clocks went back over it", zone, remedy).at(line)
        }
    };
    Ok((Walls::new(zone).utc(wall).map_err(fault)?, false))
}

/// The window of a run by what was asked for. `said` is how the format knows it.
pub fn timed(options: &Options, line: u64, when: When, length_ns: i64, said: &str) -> Result<Timed> {
    let shift = options.files.shift_ms.saturating_mul(1_000_000);
    let at = |stamp| utc(stamp, options.files.tz, line).map(|(ns, naive)| (ns.saturating_add(shift), naive));
    let (span, zoneless, how) = match (options.window, when) {
        (Window::Given(from, to), _) => {
            let (from, to) = (at(from)?, at(to)?);
            (Some((from.0, to.0)), from.1 || to.1, "given as --window".to_string())
        }
        (Window::None, _) => (None, false, format!("no clock times, as asked; the length is {said}")),
        (_, When::Unknown) => (None, false, format!("no clock times; the length is {said}")),
        (_, When::Between(from, to)) => {
            let (from, to) = (at(from)?, at(to)?);
            (Some((from.0, to.0)), from.1 || to.1, said.to_string())
        }
        (_, When::Ended(end)) => {
            let (end, naive) = at(end)?;
            (Some((end.saturating_sub(length_ns), end)), naive, said.to_string())
        }
        (Window::Assumed, When::Began(start)) => {
            let (start, naive) = at(start)?;
            let how = format!("assumed: {said}, early by the warm-up in between");
            (Some((start, start.saturating_add(length_ns))), naive, how)
        }
        (Window::Stated, When::Began(_)) => (
            None,
            false,
            format!("no clock times: the start includes warm-up (--window assumed takes it); the length is {said}"),
        ),
    };
    if let Some((start, end)) = span
        && end <= start
    {
        let value = format!("{:.3} s", (i128::from(end) - i128::from(start)) as f64 / 1e9);
        return Err(Fault::new("a window that does not end after its start", value, "correct the times").at(line));
    }
    let zone = if zoneless { ", in a zone that was not given and is taken for UTC" } else { "" };
    Ok(Timed { span, from: format!("{how}{zone}"), zoneless })
}

/// `20260514-091530`, as vLLM writes it.
pub fn compact(text: &str) -> Result<Stamp> {
    let fault = || Fault::new("no date and time", quoted(text), "expected YYYYMMDD-HHMMSS, correct it");
    let (date, time) = text.split_once('-').filter(|(_, t)| t.len() == 6 && t.is_ascii()).ok_or_else(fault)?;
    let spelt = format!("{date} {}:{}:{}", &time[..2], &time[2..4], &time[4..]);
    stamp(&spelt, DateOrder::Unknown).map_err(|_| fault())
}
