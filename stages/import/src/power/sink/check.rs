//! What a whole import may not be.

use super::{Blend, Known, LONGEST_NAME, SENTINEL, Sink, settle};
use crate::read::{
    fault::{Fault, Result, quoted},
    source::Source,
    zone::utc_text,
};
use ::sensor::Kind;
use std::{collections::HashMap, path::Path};

impl Sink {
    /// What was read at once and is no reading of one sensor: the first instant of this file that has unlike ones.
    pub fn refuse_unlike(&mut self, source: Source) -> Result<()> {
        for known in &mut self.known {
            let Some(conflict) = known.clock.take_conflict() else { continue };
            let is_seldom = known.sensor.blend == Blend::Seldom && conflict.count * 2 < known.clock.file_rows();
            if known.blends(&self.options.series) || is_seldom {
                let what = "several readings of one sensor at one instant: their mean";
                self.notes.line(conflict.lines.1, what);
                continue;
            }
            let (a, b) = conflict.values;
            let unit = if known.sensor.kind == Kind::Counter { "J" } else { "W" };
            let value = format!(
                "{}: {a} {unit} in line {} and {b} {unit} in line {} of {}",
                utc_text(conflict.t),
                conflict.lines.0,
                conflict.lines.1,
                known.sensor.device_id
            );
            let names = self.columns.that_differ(source, conflict.lines);
            return Err(settle::unlike_fault(value, &names).at(conflict.lines.1));
        }
        Ok(())
    }

    pub(super) fn gpus_are_there(&self) -> Result<()> {
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

    pub(super) fn file_name(&self, at: usize) -> &Path {
        self.options.files.paths.get(at).map_or(Path::new(""), |p| p.as_path())
    }

    /// The refusal of two files that have the same time of a sensor; `before` is the first of them.
    pub(super) fn same_time(&self, before: usize, id: &str) -> Fault {
        let what = format!("the same sensor at the same time as in {}", self.file_name(before).display());
        Fault::new(what, id, "import one of them, or logs with UUIDs where they are of two machines")
    }

    /// What a whole import may not be: GPUs asked for and not there, one GPU in two logs at once, no stretch of time.
    pub fn check(&mut self, files: &[std::path::PathBuf]) -> Result<()> {
        let name = |at: usize| files.get(at).map_or(Path::new(""), |p| p.as_path());
        self.gpus_are_there().map_err(|fault| fault.of(name(0)))?;
        self.one_gpu_once().map_err(|(file, fault)| fault.of(name(file)))?;
        self.settle_openings().map_err(|(file, fault)| fault.of(name(file)))?;
        self.settle_spans().map_err(|(file, fault)| fault.of(name(file)))?;
        self.settle(files)?;
        for known in &self.known {
            let checked = match known.sensor.kind {
                Kind::Counter if known.plan.was.is_none() => known.check_levels(self.options.energy_unit.is_some()),
                _ if self.options.power_unit.is_some() => Ok(()),
                _ => known.check_powers(),
            };
            checked.map_err(|(file, fault)| fault.of(name(file)))?;
            if known.sensor.device_id.len() > LONGEST_NAME {
                let what = format!("a sensor's name of {} bytes", known.sensor.device_id.len());
                let remedy = format!("give it one of at most {LONGEST_NAME}");
                return Err(Fault::new(what, quoted(&known.sensor.device_id), remedy).of(name(0)));
            }
            for pair in known.spans.windows(2) {
                let (before, after) = (pair[0], pair[1]);
                let in_no_order = [before.0, after.0].iter().any(|file| known.clock.is_shuffled(*file));
                if in_no_order && before.1.max(after.1) < before.2.min(after.2) {
                    return Err(self.same_time(before.0, &known.sensor.device_id).of(name(after.0)));
                }
            }
        }
        let read: u64 = self.known.iter().map(|k| k.readings).sum();
        if read == 0 {
            let last = self.known.iter().find_map(|k| k.last_error.clone()).unwrap_or_else(|| "0 readings".into());
            return Err(Fault::new("no samples", last, "log with a driver that reads power").of(name(0)));
        }
        if self.known.iter().filter(|k| k.readings > 0).all(|k| !k.is_usable()) {
            let value = self.notes.texts().join("; ");
            let remedy = "log with a clock that stays, such as in UTC";
            return Err(Fault::new("no reading whose time is known", value, remedy).of(name(0)));
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

/// Why a value is none.
pub(super) fn impossible(value: f64, (least, most): (f64, f64), is_busy: bool) -> Option<&'static str> {
    match value {
        v if v.is_nan() => Some("no number"),
        v if v < least => Some("a value below 0"),
        v if v > most => Some("a value over the limit"),
        SENTINEL => Some("a value that stands for none (2^16 - 1)"),
        0.0 if is_busy => Some("0 W beside a utilisation that is not 0"),
        _ => None,
    }
}
