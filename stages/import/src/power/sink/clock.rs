//! The clock of a log as its rows show it: stretches of a file in which the time of a sensor does not fall, and what is to be done where
//! two of them cover the same time.
//!
//! A row that is late by less than a step between readings is out of order and no stretch of its own: the reading after it is later than
//! all before. Where at least three rows fall and more than one row in eight does, the lines of the file are in no order of time (newest
//! first, shuffled) and are sorted.

use super::series::{Chunk, Page, Store};
use crate::read::zone::utc_text;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
};

/// Stretches that are kept apart; a file of more falls is in no order, or its clock is none.
const MOST: usize = 1024;
/// Of so many rows more than one falls where lines are in no order.
const ROWS_A_FALL: u64 = 8;
const FALLS: u64 = 3;

/// Rows of one file in which the time of one sensor does not fall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    pub file: usize,
    pub line: u64,
    /// The time before the fall with which it began.
    pub after: Option<i64>,
    pub first: i64,
    pub last: i64,
}

/// Two readings of one sensor at one instant that are unlike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conflict {
    pub t: i64,
    pub lines: (u64, u64),
    pub values: (f64, f64),
    pub count: u64,
}

/// What comes before the next row of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    On,
    /// The clock fell: a stretch begins with this row.
    Fall,
    /// It fell with the row before already; the second: with this one again.
    FallBefore(bool),
}

/// The clock of one sensor.
#[derive(Debug, Clone)]
pub struct Clock {
    latest: i64,
    second: i64,
    value: f64,
    line: u64,
    /// A row that is late, and by itself may be out of order only: its time, its line, and the latest and second latest time before it.
    late: Option<(i64, u64, i64, i64)>,
    /// Rows were out of order, by less than a step.
    is_disordered: bool,
    pub stretches: Vec<Stretch>,
    /// Rows and falls of this file.
    rows: u64,
    falls: u64,
    /// Files whose lines are in no order.
    shuffled: Vec<usize>,
    /// File and line in which the clock fell once too often.
    pub wild: Option<(usize, u64)>,
    conflict: Option<Conflict>,
    file_rows: u64,
    /// Steps so long that they may be holes, and how long one must be.
    gaps: Vec<Gap>,
    long_ns: i64,
}

/// A step from one reading to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    pub line: u64,
    pub from: i64,
    pub to: i64,
}

impl Gap {
    pub fn ns(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// Steps that are kept, and of how many usual ones a hole is.
const GAPS: usize = 64;
const HOLE: i64 = 5;
/// Loggers are late by a second or two when a machine is busy.
const SHORT_NS: i64 = 2_000_000_000;

impl Default for Clock {
    fn default() -> Self {
        Clock {
            latest: i64::MIN,
            second: i64::MIN,
            value: f64::NAN,
            line: 0,
            late: None,
            is_disordered: false,
            stretches: Vec::new(),
            rows: 0,
            falls: 0,
            shuffled: Vec::new(),
            wild: None,
            conflict: None,
            file_rows: 0,
            gaps: Vec::new(),
            long_ns: SHORT_NS,
        }
    }
}

impl Clock {
    #[inline]
    pub fn see(&mut self, file: usize, line: u64, t: i64, value: f64) -> Step {
        self.rows += 1;
        if t > self.latest && self.late.is_none() && self.rows > 1 {
            if t - self.latest > self.long_ns {
                self.see_gap(Gap { line, from: self.latest, to: t });
            }
            (self.second, self.latest, self.value, self.line) = (self.latest, t, value, line);
            return Step::On;
        }
        self.see_other(file, line, t, value)
    }

    #[cold]
    fn see_other(&mut self, file: usize, line: u64, t: i64, value: f64) -> Step {
        if self.rows == 1 {
            self.begin(file, line, t, None);
            (self.value, self.line) = (value, line);
            return Step::On;
        }
        if let Some((late, late_line, latest, second)) = self.late.take() {
            if t >= latest {
                // In order again.
                self.is_disordered = true;
                (self.latest, self.second) = (latest, second);
                self.rows -= 1;
                return self.see(file, line, t, value);
            }
            self.falls += 1;
            self.begin(file, late_line, late, Some(latest));
            self.falls += u64::from(t < late);
            if t < late {
                self.begin(file, line, t, Some(late));
            } else if t == late {
                self.meet(line, t, value);
            } else {
                (self.second, self.latest) = (late, t);
            }
            (self.value, self.line) = (value, line);
            return Step::FallBefore(t < late);
        }
        if t == self.latest {
            self.meet(line, t, value);
            (self.value, self.line) = (value, line);
            return Step::On;
        }
        if t > self.latest {
            (self.second, self.latest, self.value, self.line) = (self.latest, t, value, line);
            return Step::On;
        }
        if t >= self.second {
            self.late = Some((t, line, self.latest, self.second));
            return Step::On;
        }
        self.falls += 1;
        let before = self.latest;
        self.begin(file, line, t, Some(before));
        (self.value, self.line) = (value, line);
        Step::Fall
    }

    #[cold]
    fn see_gap(&mut self, gap: Gap) {
        if self.gaps.len() < GAPS {
            return self.gaps.push(gap);
        }
        // The longest stay.
        let shortest = (0..GAPS).min_by_key(|at| self.gaps[*at].ns()).unwrap_or(0);
        if self.gaps[shortest].ns() < gap.ns() {
            self.gaps[shortest] = gap;
        }
        self.long_ns = self.gaps.iter().map(Gap::ns).min().unwrap_or(SHORT_NS).max(SHORT_NS);
    }

    /// The longest step that is a hole beside the others, and how many there are. `rows`: readings of all stretches.
    pub fn hole(&self, rows: u64) -> Option<(Gap, usize)> {
        let covered = self.stretches.iter().fold(0_i64, |sum, s| sum.saturating_add(s.last.saturating_sub(s.first)));
        let mut gaps = self.gaps.clone();
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.ns()));
        let steps = rows.saturating_sub(self.stretches.len() as u64) as i64;
        // Without the gaps that are longer than it: the usual step.
        let mut usual = covered.checked_div(steps)?;
        for (at, gap) in gaps.iter().enumerate() {
            let others = steps - at as i64 - 1;
            let without = gaps[..=at].iter().fold(covered, |left, gap| left.saturating_sub(gap.ns()));
            if others < 1 || gap.ns() <= (without / others).saturating_mul(HOLE) {
                break;
            }
            usual = without / others;
        }
        let is_hole = |gap: &&Gap| gap.ns() > usual.saturating_mul(HOLE);
        Some((*gaps.first().filter(is_hole)?, gaps.iter().filter(is_hole).count()))
    }

    fn begin(&mut self, file: usize, line: u64, t: i64, after: Option<i64>) {
        self.close();
        if self.stretches.len() >= MOST && after.is_some() {
            self.wild.get_or_insert((file, line));
        } else {
            self.stretches.push(Stretch { file, line, after, first: t, last: t });
        }
        (self.latest, self.second) = (t, i64::MIN);
    }

    fn meet(&mut self, line: u64, t: i64, value: f64) {
        if self.value == value || self.value.is_nan() || value.is_nan() {
            return;
        }
        let found = Conflict { t, lines: (self.line, line), values: (self.value, value), count: 0 };
        self.conflict.get_or_insert(found).count += 1;
    }

    fn close(&mut self) {
        let latest = self.latest;
        if let Some(stretch) = self.stretches.last_mut().filter(|_| latest > i64::MIN) {
            stretch.last = stretch.last.max(latest);
        }
    }

    /// The file is at its end.
    pub fn end(&mut self, file: usize) {
        self.is_disordered |= self.late.take().is_some();
        self.close();
        if self.falls >= FALLS && self.falls * ROWS_A_FALL > self.rows {
            self.shuffled.push(file);
            self.wild = self.wild.filter(|(of, _)| *of != file);
        }
        self.file_rows = self.rows;
        (self.latest, self.second, self.rows, self.falls) = (i64::MIN, i64::MIN, 0, 0);
    }

    /// Rows of the file that ended last.
    pub fn file_rows(&self) -> u64 {
        self.file_rows
    }

    /// The first instant of the file that ended last with unlike readings in successive rows.
    pub fn take_conflict(&mut self) -> Option<Conflict> {
        self.conflict.take()
    }

    pub fn is_shuffled(&self, file: usize) -> bool {
        self.shuffled.contains(&file)
    }

    /// Whether rows of one instant may lie apart.
    pub fn is_plain(&self) -> bool {
        self.stretches.len() < 2 && !self.is_disordered
    }
}

/// A time that two stretches cover.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    pub from: i64,
    pub to: i64,
    /// The two stretches, in the order of the log.
    pub of: (Stretch, Stretch),
    /// The readings of both are the same ones.
    pub is_repeat: bool,
}

/// The times that several stretches of one series cover, in order and apart from one another.
pub fn overlaps(store: &Store, series: usize, clock: &Clock) -> io::Result<Vec<Overlap>> {
    let whole = |s: &&(usize, Stretch)| !clock.is_shuffled(s.1.file);
    let all: Vec<(usize, Stretch)> = clock.stretches.iter().copied().enumerate().collect();
    let mut order: Vec<(usize, Stretch)> = all.iter().filter(whole).copied().collect();
    order.sort_by_key(|(_, s)| (s.first, s.last));
    let mut found: Vec<Overlap> = Vec::new();
    let mut longest: Option<(usize, Stretch)> = None;
    for &(at, stretch) in &order {
        // At one instant alone they meet like any readings.
        if let Some((other, before)) = longest.filter(|(_, s)| stretch.first < s.last && stretch.first < stretch.last) {
            let (from, to) = (stretch.first, stretch.last.min(before.last));
            let digest = |of: usize| digest(&store.series[series].chunks, store, of as u32, (from, to));
            let is_repeat = digest(at)? == digest(other)?;
            let of = if other < at { (before, stretch) } else { (stretch, before) };
            match found.last_mut().filter(|o| from <= o.to) {
                Some(last) => {
                    last.to = last.to.max(to);
                    last.is_repeat &= is_repeat;
                }
                None => found.push(Overlap { from, to, of, is_repeat }),
            }
        }
        if longest.is_none_or(|(_, s)| s.last < stretch.last) {
            longest = Some((at, stretch));
        }
    }
    Ok(found)
}

/// What a stretch has between two instants.
fn digest(chunks: &[Chunk], store: &Store, stretch: u32, (from, to): (i64, i64)) -> io::Result<(u64, u64)> {
    let (mut count, mut hasher) = (0, DefaultHasher::new());
    let mut before = None;
    for chunk in chunks.iter().filter(|c| c.stretch == stretch && c.first <= to && c.last >= from) {
        store.page(chunk, |page: Page| {
            for (&t, &v) in page.t.iter().zip(page.v).filter(|(t, _)| (from..=to).contains(*t)) {
                // A line that is there twice is one reading.
                if before.replace((t, v.to_bits())) != Some((t, v.to_bits())) {
                    (t, v.to_bits()).hash(&mut hasher);
                    count += 1;
                }
            }
        })?;
    }
    Ok((count, hasher.finish()))
}

impl Overlap {
    /// `2026-05-14T09:00:30Z to 2026-05-14T09:01:00Z`.
    pub fn text(&self) -> String {
        format!("{} to {}", utc_text(self.from), utc_text(self.to))
    }
}
