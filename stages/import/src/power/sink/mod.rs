//! What readers of logs give their readings to: sensors, instants, readings, failures, and remarks.

mod check;
mod clock;
pub mod cover;
pub mod identity;
mod mirror;
mod ordered;
pub mod plausible;
mod sensor;
mod series;
mod settle;
mod shape;
pub mod summary;
mod times;
pub mod totals;
pub mod windows;
pub mod write;

pub use sensor::{Blend, Gpu, Sensor};
pub use series::{EXTRAS, NO_EXTRAS};
pub use totals::Totals;

use super::Options;
use crate::read::{
    fault::{Fault, Notes, Result, quoted},
    zone::{self, Stamps, Walls},
};
use ::sensor::Kind;
use clock::{Clock, Step};
use identity::Columns;
use series::{BUDGET, Store};
use shape::Plan;
use std::collections::{BTreeMap, HashMap};
use times::Night;

/// Places in [`Reading::extras`].
pub const TEMPERATURE: usize = 0;
pub const MEMORY: usize = 1;
pub const UTILISATION: usize = 2;
pub const CLOCK: usize = 3;
pub const LIMIT: usize = 4;
pub const THROTTLED: usize = 5;

/// Bytes of a sensor's name; every one of its rows has it.
const LONGEST_NAME: usize = 512;

/// 2^16 - 1, which sensors give where they have nothing.
const SENTINEL: f64 = 65_535.0;

/// W or J that are beyond any log: sums of such numbers are none.
const LARGEST: f64 = 1e15;

pub const NO_TIME: &str = "no time in the field of the time, left out";

/// What is known of a sensor beside its readings.
#[derive(Debug, Clone)]
pub struct Known {
    pub sensor: Sensor,
    pub source: &'static str,
    pub readings: u64,
    pub errors: u64,
    pub last_error: Option<String>,
    /// Largest power, W.
    pub highest_w: f64,
    /// Smallest and largest value that its kind and scope allow.
    least: f64,
    most: f64,
    /// Readings above it, and the first of them.
    over: u64,
    first_over: f64,
    faint: plausible::Faint,
    faint_below: f64,
    levels: plausible::Levels,
    zeros: plausible::Zeros,
    /// Time and energy of the last reading of a counter that is not 0.
    counted: (i64, f64),
    /// First and last instant in each file.
    spans: Vec<(usize, i64, i64)>,
    clock: Clock,
    plan: Plan,
    /// The series whose readings it has a part of, if it has none of its own.
    stored: Option<usize>,
    /// Where the first interval of a file began, with its file, line and mean power.
    openings: Vec<(i64, usize, u64, f64)>,
    /// Why it is not written.
    pub dropped: Option<String>,
}

impl Known {
    /// Whether several unlike readings of one instant are its mean.
    fn blends(&self, asked: &[String]) -> bool {
        self.sensor.blend == Blend::Mean || identity::is_none(asked)
    }

    /// Whether anything is left outside of its holes.
    fn is_usable(&self) -> bool {
        let (first, last) = (self.plan.holes.first(), self.plan.holes.last());
        let Some(((from, _), (_, to))) = first.zip(last) else { return true };
        self.plan.holes.len() > 1 || self.span().is_some_and(|span| span.0 < *from || *to < span.1)
    }

    /// Whether it is the part of another sensor's power that follows a time which is not known.
    pub fn is_second(&self) -> bool {
        self.stored.is_some()
    }

    /// Times in which its energy is not known, since the clock went through them twice.
    pub fn holes(&self) -> &[(i64, i64)] {
        &self.plan.holes
    }

    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.spans.iter().map(|s| s.1).min()?, self.spans.iter().map(|s| s.2).max()?))
    }
}

/// Takes readings in any order.
pub struct Sink {
    pub options: Options,
    pub notes: Notes,
    pub known: Vec<Known>,
    store: Store,
    walls: Walls,
    stamps: Stamps,
    by_name: HashMap<(String, &'static str), Option<usize>>,
    /// GPUs that the logs have, and whether they were asked for.
    gpus: BTreeMap<String, bool>,
    /// A time without a zone that was taken for UTC, since none was given.
    pub zoneless: Option<String>,
    /// Of a file without times: the sensor of its first row, and how many sweeps came before this one.
    sweep: Option<(String, i64)>,
    file: usize,
    format: &'static str,
    rows: u64,
    left_out: u64,
    /// Of the row that is being read.
    line: u64,
    night: Night,
    /// Times were those of a clock on a wall, in whatever zone.
    has_walls: bool,
    /// Of the table that is being read, if it is one.
    columns: Columns,
    /// End of the last interval of the files before, where the format counts on from it.
    pub ended: BTreeMap<&'static str, i64>,
    /// Of formats that have spans of time, by format.
    spans: BTreeMap<&'static str, windows::Spans>,
}

impl Sink {
    pub fn new(options: &Options) -> Self {
        Sink {
            options: options.clone(),
            notes: Notes::default(),
            known: Vec::new(),
            store: Store::new(options.files.into.clone(), BUDGET),
            walls: Walls::new(options.files.tz.unwrap_or(zone::Zone::Fixed(0))),
            stamps: Stamps::default(),
            by_name: HashMap::new(),
            gpus: BTreeMap::new(),
            zoneless: None,
            sweep: None,
            file: 0,
            format: "",
            rows: 0,
            left_out: 0,
            line: 0,
            night: Night::default(),
            has_walls: false,
            columns: Columns::default(),
            ended: BTreeMap::new(),
            spans: BTreeMap::new(),
        }
    }

    /// Says which file the next readings come from.
    pub fn begin(&mut self, file: usize, format: &'static str) {
        (self.file, self.format, self.rows, self.left_out) = (file, format, 0, 0);
        (self.notes, self.sweep) = (Notes::default(), None);
        (self.night, self.columns) = (Night::default(), Columns::default());
    }

    /// The file is at its end: mostly rubbish is no log.
    pub fn end(&mut self) -> Result<()> {
        self.close(self.file)?;
        self.end_night()?;
        if self.left_out > self.rows && self.left_out > 2 {
            let value =
                format!("{} of {} lines: {}", self.left_out, self.rows + self.left_out, self.notes.texts().join("; "));
            return Err(Fault::new("mostly unreadable", value, "check the file, or name its format with --format"));
        }
        if self.rows == 0 {
            self.gpus_are_there()?;
            let why = self.notes.texts();
            let why = if why.is_empty() { "0 readings under the header".into() } else { why.join("; ") };
            return Err(Fault::new(
                "no samples",
                why,
                "log while something runs, and give the log as the tool wrote it",
            ));
        }
        Ok(())
    }

    /// No more comes of a file. Files in any order share no chunk.
    fn close(&mut self, file: usize) -> Result<()> {
        self.store.close_all()?;
        for (series, known) in self.known.iter_mut().enumerate() {
            known.clock.end(file);
            self.store.begin_stretch(series, known.clock.stretches.len(), false)?;
        }
        Ok(())
    }

    /// The table that is being read, for questions about its rows.
    pub fn use_columns(&mut self, columns: Columns) {
        self.columns = columns;
    }

    /// The board of sensors whose log does not name it, where the runs name exactly one.
    pub fn name_boards(&mut self, boards: &[String]) {
        let [board] = boards else { return };
        let nameless = self.known.iter_mut().filter(|known| known.sensor.board.is_empty());
        nameless.for_each(|known| known.sensor.board = board.clone());
    }

    /// The series of a sensor. `None`: a GPU that was not asked for.
    pub fn series(&mut self, sensor: Sensor) -> Option<usize> {
        let name = (sensor.device_id.clone(), sensor.kind.name());
        if let Some(found) = self.by_name.get(&name) {
            return *found;
        }
        let wanted = sensor.gpu.as_ref().is_none_or(|gpu| self.is_wanted(gpu));
        let found = wanted.then(|| {
            let source = self.format;
            let is_power = sensor.kind != Kind::Counter;
            let is_bounded = is_power && self.options.power_unit.is_none();
            let most = if is_bounded { ::sensor::bounds_w(sensor.scope).1 } else { LARGEST };
            // Counters that are made of windows begin anew below 0.
            let least = if sensor.totals == Totals::Made { -LARGEST } else { 0.0 };
            let faint_below = if is_power && !sensor.sleeps { plausible::floor_w(sensor.scope) } else { 0.0 };
            self.known.push(Known {
                sensor,
                source,
                readings: 0,
                errors: 0,
                last_error: None,
                highest_w: f64::NEG_INFINITY,
                least,
                most,
                over: 0,
                first_over: f64::NAN,
                faint: plausible::Faint::default(),
                faint_below,
                levels: plausible::Levels::default(),
                zeros: plausible::Zeros::default(),
                counted: (i64::MAX, 0.0),
                spans: Vec::new(),
                clock: Clock::default(),
                plan: Plan::default(),
                stored: None,
                openings: Vec::new(),
                dropped: None,
            });
            self.store.add()
        });
        self.by_name.insert(name, found);
        found
    }

    fn is_wanted(&mut self, gpu: &Gpu) -> bool {
        let asked = &self.options.gpus;
        let names = [&gpu.index, &gpu.uuid];
        // `node-a:0` is asked for as such, or as 0 on any machine.
        let bare = |name: &str| name.rsplit(':').next().unwrap_or_default().to_string();
        let is_asked = |name: &String| asked.iter().any(|a| a.trim() == name || a.trim() == bare(name));
        let wanted = asked.is_empty() || names.iter().any(|n| n.as_ref().is_some_and(is_asked));
        let name = names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("=");
        self.gpus.insert(name, wanted);
        wanted
    }

    /// GPUs that the logs have, and how many of them were taken.
    pub fn gpus(&self) -> (Vec<&str>, usize) {
        (self.gpus.keys().map(String::as_str).collect(), self.gpus.values().filter(|wanted| **wanted).count())
    }

    /// One of `--select` in the way that a format compares names.
    pub fn is_selected(&self, name: &str) -> bool {
        self.options.select.iter().any(|s| s.eq_ignore_ascii_case(name))
    }

    /// A line that is no reading.
    pub fn leave_out(&mut self, line: u64, why: &str) {
        self.left_out += 1;
        self.notes.line(line, why);
    }

    /// A line whose figures contradict each other.
    pub fn leave_out_as(&mut self, line: u64, why: &str, figures: &str) {
        self.left_out += 1;
        self.notes.add(why, line, figures);
    }

    /// Rows that a table left out already.
    pub fn left_out(&mut self, rows: u64) {
        self.left_out += rows;
    }

    /// A reading: W, or J for a counter.
    #[inline]
    pub fn push(&mut self, series: usize, t: i64, mut value: f64, extras: Option<&[f64; EXTRAS]>) -> Result<()> {
        let is_power = self.known[series].sensor.kind != Kind::Counter;
        if let Some(unit) = self.options.power_unit.filter(|_| is_power) {
            value *= unit.factor();
        }
        let Known { least, most, .. } = self.known[series];
        if !(least..=most).contains(&value) || (value == 0.0 || value == SENTINEL) && is_power {
            let busy = extras.is_some_and(|extras| extras[UTILISATION] > 0.0);
            if let Some(why) = check::impossible(value, (least, most), busy) {
                return self.refuse_value(series, t, value, why);
            }
        }
        let sound = extras.map(|extras| {
            std::array::from_fn(|e| {
                let fits = extras[e].abs() <= LARGEST && (e == TEMPERATURE || extras[e] >= 0.0);
                if fits { extras[e] } else { f64::NAN }
            })
        });
        self.known[series].see(self.file, self.line, t, value);
        self.store(series, t, value, sound.as_ref())
    }

    #[inline]
    fn store(&mut self, series: usize, t: i64, value: f64, extras: Option<&[f64; EXTRAS]>) -> Result<()> {
        let (known, file) = (&mut self.known[series], self.file);
        self.rows += 1;
        if !value.is_nan() {
            match known.spans.last_mut().filter(|s| s.0 == file) {
                Some((_, first, last)) => (*first, *last) = ((*first).min(t), (*last).max(t)),
                None => known.spans.push((file, t, t)),
            }
        }
        let before = known.clock.stretches.len();
        let step = known.clock.see(file, self.line, t, value);
        if step != Step::On {
            let now = known.clock.stretches.len();
            match step {
                Step::FallBefore(_) if now == before => {}
                Step::FallBefore(again) => {
                    self.store.begin_stretch(series, before, true)?;
                    if again && now > before + 1 {
                        self.store.begin_stretch(series, now - 1, false)?;
                    }
                }
                _ if now > before => self.store.begin_stretch(series, now - 1, false)?,
                _ => {}
            }
        }
        Ok(self.store.push(series, t, value, extras)?)
    }

    /// A value that no sensor gives: a reading that failed.
    #[cold]
    fn refuse_value(&mut self, series: usize, t: i64, value: f64, why: &str) -> Result<()> {
        let (known, line) = (&mut self.known[series], self.line);
        if value > known.most && value.is_finite() {
            known.over += 1;
            if known.first_over.is_nan() {
                known.first_over = value;
            }
        }
        let unit = if known.sensor.kind == Kind::Counter { "J" } else { "W" };
        let limit = if value > known.most { format!(" of {} {unit}", known.most) } else { String::new() };
        known.errors += 1;
        known.last_error = Some(format!("line {line}: {value} {unit}"));
        self.notes.add(&format!("{why}{limit}: a failed reading"), line, &format!("{value} {unit}"));
        self.store(series, t, f64::NAN, None)
    }

    /// A reading that failed: a row without a value, so that nobody takes the sensor for absent.
    pub fn failed(&mut self, series: usize, line: u64, t: i64, why: &str) -> Result<()> {
        self.notes.line(line, &format!("no reading but {}, which is not 0", quoted(why)));
        let known = &mut self.known[series];
        known.errors += 1;
        known.last_error = Some(format!("line {line}: {why}"));
        self.store(series, t, f64::NAN, None)
    }

    /// Instants and values of every series, in order of time.
    #[cfg(test)]
    pub fn see_rows(&self, mut see: impl FnMut(&Sensor, &[i64], &[f64])) {
        for (series, known) in self.known.iter().enumerate() {
            let mut checker =
                schemas::check::Checker::new(&schemas::tables::POWER_SAMPLE, "test".as_ref()).expect("a contract");
            if known.dropped.is_some() {
                continue;
            }
            let frame = write::Frame::new(known);
            let each = &mut |page: series::Page| {
                checker.batch(&frame.batch(&page).expect("a batch")).expect("what the contract demands");
                see(&known.sensor, page.t, page.v);
                Ok(())
            };
            write::shaped(&self.store, series, known, each).expect("memory can be read");
        }
    }
}
