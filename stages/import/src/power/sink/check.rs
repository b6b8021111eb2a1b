//! What a whole import may not be.

use super::{Known, LONGEST_NAME, Sink, plausible};
use crate::read::fault::{Fault, Result, quoted};
use std::{collections::HashMap, path::Path};

impl Sink {
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

    /// What a whole import may not be: GPUs asked for and not there, one GPU in two logs at once, no stretch of time.
    pub fn check(&mut self, files: &[std::path::PathBuf]) -> Result<()> {
        let name = |at: usize| files.get(at).map_or(Path::new(""), |p| p.as_path());
        self.gpus_are_there().map_err(|fault| fault.of(name(0)))?;
        self.one_gpu_once().map_err(|(file, fault)| fault.of(name(file)))?;
        self.settle(files)?;
        for known in &self.known {
            if self.options.power_unit.is_none() {
                let file = known.spans.first().map_or(0, |span| span.0);
                plausible::check(known).map_err(|fault| fault.of(name(file)))?;
                plausible::check_faint(known).map_err(|fault| fault.of(name(known.faint.first.0)))?;
            }
            if known.sensor.device_id.len() > LONGEST_NAME {
                let what = format!("a sensor's name of {} bytes", known.sensor.device_id.len());
                let remedy = format!("give it one of at most {LONGEST_NAME}");
                return Err(Fault::new(what, quoted(&known.sensor.device_id), remedy).of(name(0)));
            }
            for pair in known.spans.windows(2) {
                let (before, after) = (pair[0], pair[1]);
                let in_no_order = [before.0, after.0].iter().any(|file| known.clock.is_shuffled(*file));
                if in_no_order && before.1.max(after.1) < before.2.min(after.2) {
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
