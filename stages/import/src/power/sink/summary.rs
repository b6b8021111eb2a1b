//! What an import says of each sensor: how much was read, when, how well it covers that time, and its mean power. An energy is what
//! `join-telemetry` vouches for.

use super::{Known, series::Page};
use crate::read::zone::utc_text;
use ::sensor::{Kind, updates::Updates};
use std::fmt::Write;

/// Intervals between changes that the update period is the median of, and steps that the usual one is the median of.
const CHANGES: usize = 1 << 16;
/// Changes that a period takes: loggers read less often than most sensors renew their value.
const ENOUGH: usize = 8;
/// Steps longer than so many usual ones are holes.
const HOLE: i64 = 3;

/// What the readings of a sensor tell, seen in order of time.
#[derive(Debug)]
pub struct Summary {
    kind: Kind,
    range_j: Option<f64>,
    pub rows: usize,
    valid: u64,
    pub longest_gap_ns: Option<i64>,
    first: Option<(i64, f64)>,
    last: Option<(i64, f64)>,
    /// Times that a counter began anew.
    falls: u64,
    /// The first steps, and their energy, until the usual step is known.
    steps: Vec<(i64, f64)>,
    usual_ns: Option<i64>,
    covered_ns: i64,
    covered_j: f64,
    pub updates: Updates,
}

impl Summary {
    pub fn new(kind: Kind, range_j: Option<f64>) -> Self {
        Summary {
            kind,
            range_j,
            rows: 0,
            valid: 0,
            longest_gap_ns: None,
            first: None,
            last: None,
            falls: 0,
            steps: Vec::new(),
            usual_ns: None,
            covered_ns: 0,
            covered_j: 0.0,
            updates: Updates::of(kind == Kind::Counter).bounded(CHANGES),
        }
    }

    pub fn see(&mut self, page: &Page) {
        self.rows += page.len();
        for (&t, &v) in page.t.iter().zip(page.v) {
            if v.is_nan() {
                continue;
            }
            self.valid += 1;
            self.updates.see(t, v);
            let Some((before, value)) = self.last.replace((t, v)) else {
                self.first = Some((t, v));
                continue;
            };
            let gap = t - before;
            self.longest_gap_ns = Some(self.longest_gap_ns.map_or(gap, |g| g.max(gap)));
            let seconds = gap as f64 / 1e9;
            let joules = match self.kind {
                Kind::Counter => match self.rise(value, v) {
                    Some(rise) => rise,
                    None => {
                        self.falls += 1;
                        continue;
                    }
                },
                Kind::IntervalMean | Kind::Model => v * seconds,
                Kind::Instant | Kind::Average => (value + v) / 2.0 * seconds,
            };
            match self.usual_ns {
                Some(usual) => self.cover(gap, joules, usual),
                None => {
                    self.steps.push((gap, joules));
                    if self.steps.len() == CHANGES {
                        self.close();
                    }
                }
            }
        }
    }

    fn cover(&mut self, gap: i64, joules: f64, usual: i64) {
        // What a counter counted is known however long it took.
        if self.kind == Kind::Counter || gap <= usual.saturating_mul(HOLE) {
            self.covered_ns += gap;
            self.covered_j += joules;
        }
    }

    /// The usual step is that of the steps so far.
    fn close(&mut self) {
        let mut steps = std::mem::take(&mut self.steps);
        let middle = steps.len() / 2;
        if steps.is_empty() {
            return;
        }
        let usual = steps.select_nth_unstable_by_key(middle, |step| step.0).1.0;
        self.usual_ns = Some(usual);
        steps.iter().for_each(|(gap, joules)| self.cover(*gap, *joules, usual));
    }

    /// What a counter counted; `None` where it began anew: at a fall by more than half of its range (as in `join-telemetry`).
    fn rise(&self, before: f64, after: f64) -> Option<f64> {
        let rise = after - before;
        if rise >= 0.0 {
            return Some(rise);
        }
        let range = self.range_j?;
        Some(rise + range).filter(|wrapped| (0.0..=range / 2.0).contains(wrapped))
    }

    /// A load that stood still changes its power when it begins and ends: that tells nothing of the sensor. A counter is late by a period
    /// only where it was read more often than it was renewed (Prometheus repeats the last scrape).
    pub fn period_ms(&self) -> Option<f64> {
        let known = !self.kind.made_by_reading() && self.updates.intervals() >= ENOUGH;
        let period = self.updates.period_ns().filter(|_| known)? as f64;
        let span = self.last?.0 - self.first?.0;
        let step = span as f64 / (self.valid.max(2) - 1) as f64;
        (self.kind != Kind::Counter || period > 1.5 * step).then_some(period / 1e6)
    }
}

/// One line a sensor: what it is, how much of it there is, and its mean power where it was read.
pub fn text(told: &mut [(&Known, Summary)]) -> String {
    let mut text = String::new();
    for (known, told) in told {
        told.close();
        let sensor = &known.sensor;
        let _ = write!(text, "{} {} {}: ", sensor.device_id, sensor.kind.name(), sensor.scope.name());
        let _ = match (told.first, told.last) {
            (Some((from, _)), Some((to, _))) => {
                let of = told.valid;
                let seconds = told.covered_ns as f64 / 1e9;
                let share = 100.0 * told.covered_ns as f64 / (to - from).max(1) as f64;
                let gap = told.longest_gap_ns.unwrap_or(0) as f64 / 1e9;
                let (from, to) = (utc_text(from), utc_text(to));
                let _ = write!(text, "{of} readings, {from} to {to}, ");
                match told.covered_ns > 0 {
                    true => write!(
                        text,
                        "{share:.1} % covered, longest gap {gap:.3} s, mean {:.6} W over {seconds:.3} s",
                        told.covered_j / seconds
                    ),
                    false => write!(text, "no stretch of time"),
                }
            }
            _ => write!(text, "no reading"),
        };
        if known.errors > 0 {
            let _ = write!(text, ", {} failed", known.errors);
        }
        if told.falls > 0 {
            let _ = write!(text, "; it began anew {} times, and what was used meanwhile is not in it", told.falls);
        }
        if let Some(label) = &sensor.label {
            let _ = write!(text, " ({label})");
        }
        text.push('\n');
    }
    text
}
