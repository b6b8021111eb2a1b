//! Powers that hold until the next change, over all files that have them.

use super::{Mark, Span, Spans, Window, window};
use crate::{
    power::{
        Options,
        sink::{Sensor, Sink, Totals},
    },
    read::fault::Fault,
};
use ::sensor::Kind;

impl Spans {
    /// A power holds until the next mark, whatever file that is in; a mark without one begins a hole.
    pub(super) fn held(&mut self, sink: &mut Sink) -> Result<Vec<Window>, (usize, Fault)> {
        self.check_powers(sink)?;
        let marks: Vec<&(usize, Mark)> = self.marks.iter().filter(|m| m.1.span == Span::Held).collect();
        let Some(first) = marks.first() else { return Ok(Vec::new()) };
        if let Some(other) = marks.iter().find(|m| m.1.name != first.1.name) {
            let mut names: Vec<&str> = marks.iter().map(|m| m.1.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let remedy = format!("say which is the machine's: --select {}", names.join(" or --select "));
            return Err((other.0, Fault::new(format!("several {}", self.choice.name), names.len(), remedy).at(1)));
        }
        let states = self.states(&marks, sink)?;
        let (mut windows, mut hole_ns) = (Vec::new(), 0);
        for pair in states.windows(2) {
            let ((file, mark), end_ns) = (pair[0], pair[1].1.t);
            let seconds = end_ns.saturating_sub(mark.t) as f64 / 1e9;
            if mark.values.is_empty() {
                hole_ns += end_ns - mark.t;
                continue;
            }
            let joules = mark.values.iter().map(|(slot, watt)| (*slot, watt * seconds)).collect();
            windows.push(Window { is_held: true, ..window(*file, mark, mark.t, end_ns, joules) });
        }
        if hole_ns > 0 {
            sink.notes.say(format!("a hole of {:.1} s in which nothing was recorded", hole_ns as f64 / 1e9));
        }
        if windows.is_empty() {
            let remedy = "a value holds until the next change, and there is none";
            return Err((first.0, Fault::new("one sample", "no interval", remedy)));
        }
        Ok(windows)
    }

    /// Powers that hold are checked like readings of a power; those that are none begin a hole.
    fn check_powers(&mut self, sink: &mut Sink) -> Result<(), (usize, Fault)> {
        let is_asked = sink.options.power_unit.is_some();
        let mut readings = Sink::new(&Options { power_unit: None, ..sink.options.clone() });
        for (file, mark) in self.marks.iter_mut().filter(|m| m.1.span == Span::Held) {
            let Some((slot, watt)) = mark.values.first().copied() else { continue };
            let sensor = Sensor { kind: Kind::Instant, totals: Totals::Stated, ..self.sensors[slot].clone() };
            let Some(series) = readings.series(sensor) else { continue };
            (readings.file, readings.line) = (*file, mark.line);
            let before = readings.known[series].errors;
            readings.push(series, mark.t, watt, None).map_err(|fault| (*file, fault))?;
            if readings.known[series].errors > before {
                mark.values.clear();
            }
        }
        for series in 0..readings.known.len() {
            readings.note_zeros_and_holes(series, false);
            let known = &readings.known[series];
            if !is_asked && self.marks.len() > 1 {
                known.check_powers()?;
            }
            if known.plan.has_zeros {
                let zeros = self.marks.iter_mut().filter(|m| m.1.span == Span::Held);
                zeros.for_each(|(_, mark)| mark.values.retain(|v| v.1 != 0.0));
            }
        }
        sink.notes.extend(readings.notes);
        Ok(())
    }

    /// One state an instant, and each once where two files have the same time.
    fn states<'a>(
        &self,
        marks: &[&'a (usize, Mark)],
        sink: &mut Sink,
    ) -> Result<Vec<&'a (usize, Mark)>, (usize, Fault)> {
        let mut states: Vec<&(usize, Mark)> = Vec::new();
        for mark in marks {
            let Some(before) = states.last_mut() else {
                states.push(mark);
                continue;
            };
            match (before.1.t == mark.1.t, before.1.values == mark.1.values) {
                // Said again by the next file, or twice in one.
                (true, true) => {}
                (false, true) if before.0 != mark.0 => {}
                (false, _) => states.push(mark),
                // A hole and a state of one instant: the state came behind it.
                (true, false) if mark.1.values.is_empty() => {}
                (true, false) if !before.1.values.is_empty() && before.0 != mark.0 => {
                    let id = self.sensors.first().map_or("", |s| s.device_id.as_str());
                    return Err((mark.0, sink.same_time(before.0, id)));
                }
                (true, false) => {
                    if !before.1.values.is_empty() {
                        let lines = format!("the other was in line {}", before.1.line);
                        let what = format!("two states at one instant, the later line counts: {lines}");
                        sink.notes.line(mark.1.line, &what);
                    }
                    *before = mark;
                }
            }
        }
        let mut ended: Vec<usize> = Vec::new();
        for pair in states.windows(2).filter(|pair| pair[0].0 != pair[1].0) {
            ended.push(pair[0].0);
            if ended.contains(&pair[1].0) {
                let id = self.sensors.first().map_or("", |s| s.device_id.as_str());
                return Err((pair[1].0, sink.same_time(pair[0].0, id)));
            }
            let steps = states.windows(2).filter(|p| p[0].0 == p[1].0).map(|p| p[1].1.t - p[0].1.t);
            let gap = pair[1].1.t - pair[0].1.t;
            if steps.max().is_some_and(|longest| gap > longest) {
                let names = [pair[0].0, pair[1].0].map(|file| sink.file_name(file).display().to_string());
                sink.notes.say(format!(
                    "the last state of {} holds for {:.1} s until the first of {}",
                    names[0],
                    gap as f64 / 1e9,
                    names[1]
                ));
            }
        }
        Ok(states)
    }
}
