//! Instants of times as logs write them: zones, the hour that a change of the clock repeats, logs without times.

use super::{NO_TIME, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    zone::{self, NoInstant, NoTime, Stamp, offset_text},
};

/// The hour that the clocks of a zone went through twice, as far as a file shows it: times of the first pass until the clock falls.
#[derive(Debug)]
pub(super) struct Night {
    /// The first time that could be either: its line, the text, and both offsets, s.
    first: Option<(u64, String, i32, i32)>,
    /// Latest time on the wall in this pass.
    highest: i64,
    /// Line in which the clock fell.
    fell: Option<u64>,
}

impl Default for Night {
    fn default() -> Self {
        Night { first: None, highest: i64::MIN, fell: None }
    }
}

impl Night {
    /// The offset of a time that was twice, s; `None` when the clock fell a second time.
    fn offset(&mut self, wall: i64, line: u64, text: &str, (first, second): (i32, i32)) -> Option<i32> {
        self.first.get_or_insert_with(|| (line, text.to_string(), first, second));
        if wall < self.highest.saturating_sub(half_ns(first, second)) {
            if self.fell.is_some() {
                return None;
            }
            (self.fell, self.highest) = (Some(line), wall);
        }
        self.highest = self.highest.max(wall);
        Some(if self.fell.is_some() { second } else { first })
    }

    /// A time that was once: one before that hour begins another series of the same file.
    fn pass(&mut self, wall: i64) {
        let Some((_, _, a, b)) = self.first else { return };
        if self.fell.is_some() && wall < self.highest.saturating_sub(half_ns(a, b)) {
            self.highest = i64::MIN;
            self.fell = None;
        }
        self.highest = self.highest.max(wall);
    }
}

/// Half of the time that is twice, ns: a smaller fall is another one than that of the zone.
fn half_ns(first: i32, second: i32) -> i64 {
    i64::from((first - second).abs()) * 500_000_000
}

impl Sink {
    /// The instant of a time as it is written; `None` with a remark where it is none.
    pub fn time(&mut self, line: u64, text: &str) -> Result<Option<i64>> {
        self.line = line;
        match self.stamps.stamp(text, self.options.date_order) {
            Ok(Stamp::Utc(ns) | Stamp::Wall(ns)) if !zone::is_plausible(ns) => {
                self.leave_out(line, NO_TIME);
                Ok(None)
            }
            Ok(stamp) => self.at(line, stamp, text).map(Some),
            Err(NoTime::NotATime) => {
                self.leave_out(line, NO_TIME);
                Ok(None)
            }
            Err(NoTime::DayOrMonth) => Err(Fault::new(
                "day or month first?",
                quoted(text),
                "say which: --date-order day-first or --date-order month-first",
            )
            .at(line)),
        }
    }

    /// Nanoseconds of UTC, `--shift-ms` added.
    pub fn at(&mut self, line: u64, stamp: Stamp, text: &str) -> Result<i64> {
        self.line = line;
        let ns = match stamp {
            Stamp::Utc(ns) => ns,
            Stamp::Wall(wall) => {
                self.has_walls = true;
                if self.options.files.tz.is_none() && self.zoneless.is_none() {
                    self.zoneless = Some(text.to_string());
                }
                match self.walls.utc(wall) {
                    Ok(ns) => {
                        if self.night.first.is_some() {
                            self.night.pass(wall);
                        }
                        ns
                    }
                    Err(NoInstant::Twice(first, second)) => {
                        let east = self.night.offset(wall, line, text, (first, second));
                        let east = east.ok_or_else(|| self.no_instant(first, second, text).at(line))?;
                        wall.saturating_sub(i64::from(east) * 1_000_000_000)
                    }
                    Err(NoInstant::Skipped) => return Err(self.skipped(text).at(line)),
                }
            }
        };
        self.shifted(ns)
            .ok_or_else(|| Fault::new("a time out of range", quoted(text), "check it, and --shift-ms").at(line))
    }

    /// `--shift-ms` added to UTC.
    fn shifted(&self, ns: i64) -> Option<i64> {
        ns.checked_add(self.options.files.shift_ms.checked_mul(1_000_000)?).filter(|ns| zone::is_plausible(*ns))
    }

    fn zone_name(&self) -> String {
        self.options.files.tz.map(|z| z.to_string()).unwrap_or_default()
    }

    fn skipped(&self, text: &str) -> Fault {
        let what = format!("a time that {} skipped", self.zone_name());
        Fault::new(what, quoted(text), "the log is of another zone: give it as --tz")
    }

    fn no_instant(&self, first: i32, second: i32, text: &str) -> Fault {
        let what = format!("a time that {} had twice", self.zone_name());
        let remedy = format!(
            "give a log that lies in one of the two hours its offset, --tz {} before the clocks went back or --tz {} after; \
             cut any other log there",
            offset_text(first),
            offset_text(second)
        );
        Fault::new(what, quoted(text), remedy)
    }

    /// The file is at its end: whether it showed which of the two hours its times are of.
    pub(super) fn end_night(&mut self) -> Result<()> {
        let night = std::mem::take(&mut self.night);
        let Some((line, text, first, second)) = night.first else { return Ok(()) };
        let Some(fell) = night.fell else { return Err(self.no_instant(first, second, &text).at(line)) };
        let zone = self.zone_name();
        self.notes.say(format!(
            "the clocks of {zone} went back at line {fell}: times before it are of {}, from it on of {}",
            offset_text(first),
            offset_text(second)
        ));
        Ok(())
    }

    /// `--start`, demanded by a log without dates.
    pub fn start(&mut self, why: &str) -> Result<i64> {
        let Some(text) = self.options.start.clone() else {
            let remedy = "say when the log began: --start 2026-05-14T09:00:00Z";
            return Err(Fault::new("no instants in the log", why, remedy));
        };
        let wrong = |_| Fault::new("--start is no time", quoted(&text), "give it like 2026-05-14T09:00:00Z");
        let stamp = zone::stamp(&text, self.options.date_order).map_err(wrong)?;
        self.at(0, stamp, &text).map_err(|fault| Fault { line: None, ..fault })
    }

    /// `--interval-ms` in ns.
    pub fn interval_ns(&self) -> Option<i64> {
        self.options.interval_ms.filter(|ms| *ms > 0.0 && ms.is_finite()).map(|ms| (ms * 1e6).round() as i64)
    }

    /// `--interval-ms`, demanded by a log without times.
    pub fn interval(&self, why: &str) -> Result<i64> {
        let remedy = "say how far apart its readings are: --interval-ms 1000";
        self.interval_ns().ok_or_else(|| Fault::new("no times in the log", why, remedy))
    }

    /// The instant of a row of a log without times: a sweep begins with the sensor that began the first.
    pub fn swept(&mut self, sensor: &str, why: &str) -> Result<i64> {
        let (first, sweep) = self.sweep.get_or_insert_with(|| (sensor.to_string(), -1));
        *sweep += i64::from(first == sensor);
        let sweep = *sweep;
        Ok(self.start(why)?.saturating_add(self.interval(why)?.saturating_mul(sweep)))
    }
}
