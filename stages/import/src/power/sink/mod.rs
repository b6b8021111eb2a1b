//! What readers of logs give their readings to: sensors, instants, readings, failures, and remarks.

pub mod cover;
mod ordered;
mod plausible;
mod sensor;
mod series;
pub mod windows;
pub mod write;

pub use sensor::{Gpu, Sensor};
pub use series::{EXTRAS, NO_EXTRAS};

use super::Options;
use crate::read::{
    fault::{Fault, Notes, Result, quoted},
    zone::{self, NoInstant, NoTime, Stamp, Stamps, Walls, offset_text},
};
use ::sensor::Kind;
use series::{BUDGET, Store};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// Places in [`Reading::extras`].
pub const TEMPERATURE: usize = 0;
pub const MEMORY: usize = 1;
pub const UTILISATION: usize = 2;
pub const CLOCK: usize = 3;
pub const LIMIT: usize = 4;
pub const THROTTLED: usize = 5;

/// Bytes of a sensor's name; every one of its rows has it.
const LONGEST_NAME: usize = 512;

/// W or J that are beyond any log: sums of such numbers are none.
const LARGEST: f64 = 1e15;

pub const NO_TIME: &str = "no time in the field of the time, left out";

/// What is known of a sensor beside its readings.
#[derive(Debug)]
pub struct Known {
    pub sensor: Sensor,
    pub source: &'static str,
    pub readings: u64,
    pub errors: u64,
    pub last_error: Option<String>,
    /// Largest power, W.
    pub highest_w: f64,
    /// First and last instant in each file.
    spans: Vec<(usize, i64, i64)>,
}

impl Known {
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
        }
    }

    /// Says which file the next readings come from.
    pub fn begin(&mut self, file: usize, format: &'static str) {
        (self.file, self.format, self.rows, self.left_out) = (file, format, 0, 0);
        (self.notes, self.sweep) = (Notes::default(), None);
    }

    /// The file is at its end: mostly rubbish is no log.
    pub fn end(&mut self) -> Result<()> {
        // Files in any order share no chunk.
        self.store.close_all()?;
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
            self.known.push(Known {
                sensor,
                source,
                readings: 0,
                errors: 0,
                last_error: None,
                highest_w: f64::NEG_INFINITY,
                spans: Vec::new(),
            });
            self.store.add()
        });
        self.by_name.insert(name, found);
        found
    }

    fn is_wanted(&mut self, gpu: &Gpu) -> bool {
        let asked = &self.options.gpus;
        let names = [&gpu.index, &gpu.uuid];
        let wanted =
            asked.is_empty() || names.iter().any(|n| n.as_ref().is_some_and(|n| asked.iter().any(|a| a.trim() == n)));
        let name = names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("=");
        self.gpus.insert(name, wanted);
        wanted
    }

    /// GPUs that the logs have, and how many of them were taken.
    pub fn gpus(&self) -> (Vec<&str>, usize) {
        (self.gpus.keys().map(String::as_str).collect(), self.gpus.values().filter(|wanted| **wanted).count())
    }

    /// The instant of a time as it is written; `None` with a remark where it is none.
    pub fn time(&mut self, line: u64, text: &str) -> Result<Option<i64>> {
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
        let ns = match stamp {
            Stamp::Utc(ns) => ns,
            Stamp::Wall(wall) => {
                if self.options.files.tz.is_none() && self.zoneless.is_none() {
                    self.zoneless = Some(text.to_string());
                }
                self.walls.utc(wall).map_err(|why| self.no_instant(&why, text).at(line))?
            }
        };
        self.shifted(ns)
            .ok_or_else(|| Fault::new("a time out of range", quoted(text), "check it, and --shift-ms").at(line))
    }

    /// `--shift-ms` added to UTC.
    fn shifted(&self, ns: i64) -> Option<i64> {
        ns.checked_add(self.options.files.shift_ms.checked_mul(1_000_000)?).filter(|ns| zone::is_plausible(*ns))
    }

    fn no_instant(&self, why: &NoInstant, text: &str) -> Fault {
        let zone = self.options.files.tz.map(|z| z.to_string()).unwrap_or_default();
        match why {
            NoInstant::Skipped => Fault::new(
                format!("a time that {zone} skipped"),
                quoted(text),
                "the log is of another zone: give it as --tz",
            ),
            NoInstant::Twice(a, b) => Fault::new(
                format!("a time that {zone} had twice"),
                quoted(text),
                format!("say which: --tz {} or --tz {}", offset_text(*a), offset_text(*b)),
            ),
        }
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

    /// One of `--select` in the way that a format compares names.
    pub fn is_selected(&self, name: &str) -> bool {
        self.options.select.iter().any(|s| s.eq_ignore_ascii_case(name))
    }

    /// A line that is no reading.
    pub fn leave_out(&mut self, line: u64, why: &str) {
        self.left_out += 1;
        self.notes.line(line, why);
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
        if value.is_nan() || value.abs() > LARGEST {
            self.left_out += 1;
            self.notes.say("a number that no sensor gives, left out");
            return Ok(());
        }
        let sound = extras.map(|extras| {
            std::array::from_fn(|e| {
                let fits = extras[e].abs() <= LARGEST && (e == TEMPERATURE || extras[e] >= 0.0);
                if fits { extras[e] } else { f64::NAN }
            })
        });
        let (known, file) = (&mut self.known[series], self.file);
        self.rows += 1;
        known.readings += 1;
        known.highest_w = known.highest_w.max(value);
        match known.spans.last_mut().filter(|s| s.0 == file) {
            Some((_, first, last)) => (*first, *last) = ((*first).min(t), (*last).max(t)),
            None => known.spans.push((file, t, t)),
        }
        Ok(self.store.push(series, t, value, sound.as_ref())?)
    }

    /// A reading that failed: a row without a value, so that nobody takes the sensor for absent.
    pub fn failed(&mut self, series: usize, line: u64, t: i64, why: &str) -> Result<()> {
        self.rows += 1;
        self.notes.line(line, &format!("no reading but {}, which is not 0", quoted(why)));
        let known = &mut self.known[series];
        known.errors += 1;
        known.last_error = Some(format!("line {line}: {why}"));
        Ok(self.store.push(series, t, f64::NAN, None)?)
    }

    /// Instants and values of every series, in order of time.
    #[cfg(test)]
    pub fn see_rows(&self, see: &mut dyn FnMut(&[i64], &[f64])) {
        for (series, known) in self.known.iter().enumerate() {
            let mut checker =
                schemas::check::Checker::new(&schemas::tables::POWER_SAMPLE, "test".as_ref()).expect("a contract");
            let frame = write::Frame::new(known);
            let each = &mut |page: series::Page| {
                checker.batch(&frame.batch(&page).expect("a batch")).expect("what the contract demands");
                see(page.t, page.v);
                Ok(())
            };
            ordered::read(&self.store, series, each).expect("memory can be read");
        }
    }

    fn gpus_are_there(&self) -> Result<()> {
        let (gpus, taken) = self.gpus();
        if self.options.gpus.is_empty() || gpus.is_empty() || taken >= self.options.gpus.len() {
            return Ok(());
        }
        let remedy = format!("it has {}", gpus.join(", "));
        Err(Fault::new("--gpus names GPUs that the log does not have", self.options.gpus.join(","), remedy))
    }

    /// Two tools that log one GPU at once: its energy must not be added up.
    fn one_gpu_once(&self) -> std::result::Result<(), (usize, Fault)> {
        let mut by_uuid: HashMap<&str, Vec<&Known>> = HashMap::new();
        for known in &self.known {
            let Some(uuid) = known.sensor.gpu.as_ref().and_then(|gpu| gpu.uuid.as_deref()) else { continue };
            let others = by_uuid.entry(uuid).or_default();
            let meet = |a: &(usize, i64, i64)| known.spans.iter().any(|b| a.0 != b.0 && a.1.max(b.1) < a.2.min(b.2));
            let twice = |o: &&&Known| o.sensor.device_id != known.sensor.device_id && o.spans.iter().any(meet);
            if let Some(other) = others.iter().find(twice) {
                let value = format!("{} and {}", other.sensor.device_id, known.sensor.device_id);
                let fault = Fault::new("one GPU in two logs at the same time", value, "import one of them");
                return Err((known.spans.first().map_or(0, |span| span.0), fault));
            }
            others.push(known);
        }
        Ok(())
    }

    /// What a whole import may not be: GPUs asked for and not there, one GPU in two logs at once, no stretch of time.
    pub fn check(&mut self, files: &[std::path::PathBuf]) -> Result<()> {
        let name = |at: usize| files.get(at).map_or(Path::new(""), |p| p.as_path());
        self.gpus_are_there().map_err(|fault| fault.of(name(0)))?;
        self.one_gpu_once().map_err(|(file, fault)| fault.of(name(file)))?;
        for known in &self.known {
            if self.options.power_unit.is_none() {
                plausible::check(known).map_err(|fault| fault.of(name(0)))?;
            }
            if known.sensor.device_id.len() > LONGEST_NAME {
                let what = format!("a sensor's name of {} bytes", known.sensor.device_id.len());
                let remedy = format!("give it one of at most {LONGEST_NAME}");
                return Err(Fault::new(what, quoted(&known.sensor.device_id), remedy).of(name(0)));
            }
            for pair in known.spans.windows(2) {
                let (before, after) = (pair[0], pair[1]);
                if before.1.max(after.1) < before.2.min(after.2) {
                    let what = format!("the same sensor at the same time as in {}", name(before.0).display());
                    let remedy = "import one of them, or logs with UUIDs where they are of two machines";
                    return Err(Fault::new(what, &known.sensor.device_id, remedy).of(name(after.0)));
                }
            }
        }
        let read: u64 = self.known.iter().map(|k| k.readings).sum();
        if read == 0 {
            let last = self.known.iter().find_map(|k| k.last_error.clone()).unwrap_or_else(|| "0 readings".into());
            return Err(Fault::new("no samples", last, "log with a driver that reads power").of(name(0)));
        }
        let long = self.known.iter().any(|k| k.span().is_some_and(|(first, last)| first < last));
        if !long && read < 2 {
            let fault = Fault::new("one sample", "no interval", "log over the whole run, a reading a second or more");
            return Err(fault.of(name(0)));
        }
        if !long {
            let fault =
                Fault::new("zero time span", format!("{read} samples at one instant"), "log over the whole run");
            return Err(fault.of(name(0)));
        }
        Ok(())
    }
}
