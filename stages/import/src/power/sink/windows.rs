//! Logs of spans of time: energies of windows, totals of runs, and powers that hold until the next change. What all files of an import have
//! of one format is put together once they were read, so that one log in two files is that log.
//!
//! Each span becomes two readings of a counter, at its beginning and at its end: within it energy is shared out by time, and its own
//! energy comes back exactly. Between spans nothing is known. The counter then begins anew, which `join-telemetry` takes for what it is: a
//! run that reaches into such a hole has no energy.

mod held;

use super::{SENTINEL, Sensor, Sink, plausible, totals::most_j};
use crate::read::{
    fault::{Fault, Result, quoted},
    zone::utc_text,
};
use std::collections::BTreeMap;

/// Windows whose ends are closer than this follow one another.
const SAME_NS: i64 = 1_000_000;
/// By how much two stamps may differ from the durations beside them: both are whole seconds, and a row takes a while to be written.
const STAMPS_NS: i64 = 2_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;
/// Windows that are shorter may end before a sensor was renewed.
const SHORT_NS: i64 = SECOND_NS;

/// What a mark is the energy or the power of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// J between beginning and end.
    Window,
    /// J since a run of this name began.
    Total,
    /// W from an instant on, until the next mark.
    Held,
}

#[derive(Debug, Clone)]
pub struct Mark {
    pub span: Span,
    pub line: u64,
    /// Of the window, the task, the run or the entity.
    pub name: String,
    /// The end; of a power that holds, its beginning.
    pub t: i64,
    pub length_ns: i64,
    /// Where times are those of a clock of the machine: when its first span began.
    pub from_ns: Option<i64>,
    /// J or W by sensor of the log; absent where it was not read.
    pub values: Vec<(usize, f64)>,
}

/// How a format calls its spans, and what is wrong where `--select` finds none.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    pub name: &'static str,
    pub missing: &'static str,
    pub remedy: &'static str,
    /// An energy that is 0 all the time was not measured.
    pub is_zero_absent: bool,
}

/// The marks of one format, with the file of each.
#[derive(Debug)]
pub(super) struct Spans {
    choice: Choice,
    sensors: Vec<Sensor>,
    marks: Vec<(usize, Mark)>,
}

/// Energies of a stretch of time.
#[derive(Debug, Clone, PartialEq)]
struct Window {
    start_ns: i64,
    end_ns: i64,
    file: usize,
    line: u64,
    name: String,
    joules: Vec<(usize, f64)>,
    is_held: bool,
}

impl Sink {
    /// The file that is being read has spans of time.
    pub fn begin_spans(&mut self, choice: Choice) {
        let new = || Spans { choice, sensors: Vec::new(), marks: Vec::new() };
        self.spans.entry(self.format).or_insert_with(new);
    }

    /// The place of a sensor in marks.
    pub fn slot(&mut self, sensor: Sensor) -> usize {
        let Some(spans) = self.spans.get_mut(self.format) else { return 0 };
        let found = spans.sensors.iter().position(|s| s.device_id == sensor.device_id);
        found.unwrap_or_else(|| {
            spans.sensors.push(sensor);
            spans.sensors.len() - 1
        })
    }

    pub fn mark(&mut self, mark: Mark) {
        self.rows += 2 * mark.values.len().max(1) as u64;
        let file = self.file;
        self.spans.entry(self.format).and_modify(|spans| spans.marks.push((file, mark)));
    }

    /// A row of another window, run or entity than was asked for.
    pub fn pass_over(&mut self) {
        self.rows += 1;
    }

    /// Makes readings of all marks.
    pub(super) fn settle_spans(&mut self) -> Result<(), (usize, Fault)> {
        for (format, spans) in std::mem::take(&mut self.spans) {
            self.format = format;
            spans.settle(self)?;
        }
        Ok(())
    }
}

impl Spans {
    fn settle(mut self, sink: &mut Sink) -> Result<(), (usize, Fault)> {
        let Some(first) = self.marks.first().map(|m| m.0) else {
            let asked = quoted(&sink.options.select.join(","));
            return Err((0, Fault::new(self.choice.missing, asked, self.choice.remedy)));
        };
        let counted = self.marks.iter().filter(|m| m.1.from_ns.is_some());
        if let Some(began) = counted.map(|(_, m)| m.t.saturating_sub(m.length_ns)).min() {
            for (_, mark) in &mut self.marks {
                mark.t = mark.from_ns.map_or(mark.t, |from| from.saturating_add(mark.t.saturating_sub(began)));
            }
        }
        self.marks.sort_by_key(|(file, mark)| (mark.t, *file, mark.line));
        let mut windows = self.totals(sink)?;
        windows.extend(self.held(sink)?);
        let own = self.marks.iter().filter(|m| m.1.span == Span::Window);
        windows.extend(own.map(|(file, m)| window(*file, m, m.t.saturating_sub(m.length_ns), m.t, m.values.clone())));
        windows.sort_by_key(|w| (w.start_ns, w.end_ns, w.file, w.line));
        let same = |a: &Window, b: &Window| {
            (a.start_ns, a.end_ns, &a.name, &a.joules) == (b.start_ns, b.end_ns, &b.name, &b.joules)
        };
        windows.dedup_by(|later, before| {
            let is_repeat = same(later, before);
            if is_repeat {
                let what = format!("a {} that is there twice counts once", self.choice.name);
                sink.notes.line(later.line, &what);
            }
            is_repeat
        });
        meet(&mut windows);
        self.refuse_overlaps(&windows, sink)?;
        sink.file = first;
        self.give(sink, &windows).map_err(|fault| (first, fault))?;
        sink.close(first).map_err(|fault| (first, fault))
    }

    /// Their energies must not be added.
    fn refuse_overlaps(&self, windows: &[Window], sink: &Sink) -> Result<(), (usize, Fault)> {
        let Some(pair) = windows.windows(2).find(|pair| pair[1].start_ns < pair[0].end_ns - SAME_NS) else {
            return Ok(());
        };
        let mut names: Vec<&str> = windows.iter().map(|w| w.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let (a, b) = (&pair[0], &pair[1]);
        let beside = if a.file == b.file { String::new() } else { format!(" in {}", sink.file_name(a.file).display()) };
        let value = format!("{}{beside} and {}", quoted(&a.name), quoted(&b.name));
        let remedy = format!(
            "say which {} to take: --select {}",
            self.choice.name,
            names.into_iter().take(8).collect::<Vec<_>>().join(" or --select ")
        );
        Err((b.file, Fault::new("windows overlap and must not be added", value, remedy).at(b.line)))
    }

    /// Totals of a run grow: each row is the time and the energy since the row before.
    fn totals(&self, sink: &mut Sink) -> Result<Vec<Window>, (usize, Fault)> {
        let mut runs: BTreeMap<&str, Vec<&(usize, Mark)>> = BTreeMap::new();
        for entry in self.marks.iter().filter(|m| m.1.span == Span::Total) {
            let run = runs.entry(&entry.1.name).or_default();
            match run.last_mut().filter(|before| before.1.t == entry.1.t) {
                Some(before) if before.1.length_ns == entry.1.length_ns && before.1.values != entry.1.values => {
                    let value = format!("{} in lines {} and {}", quoted(&entry.1.name), before.1.line, entry.1.line);
                    let remedy = "leave out the row that is wrong";
                    return Err((entry.0, Fault::new("two totals of one run at one time", value, remedy)));
                }
                Some(before) if before.1.length_ns < entry.1.length_ns => *before = entry,
                Some(_) => {}
                None => run.push(entry),
            }
        }
        let mut windows = Vec::new();
        for rows in runs.values() {
            for (at, (file, mark)) in rows.iter().enumerate() {
                let value = |m: &Mark, slot: usize| m.values.iter().find(|v| v.0 == slot).map_or(0.0, |v| v.1);
                let grows = |b: &&Mark| {
                    b.length_ns < mark.length_ns && b.values.iter().all(|(slot, total)| *total <= value(mark, *slot))
                };
                // A row that is a run's only one, or whose totals began anew, goes back by its own duration.
                let before = at.checked_sub(1).map(|at| &rows[at].1).filter(grows);
                let length_ns = mark.length_ns - before.map_or(0, |b| b.length_ns);
                let mut start_ns = mark.t.saturating_sub(length_ns);
                if let Some(b) = before {
                    let apart = start_ns.saturating_sub(b.t);
                    if apart.abs() <= STAMPS_NS {
                        start_ns = b.t;
                    } else {
                        let what =
                            "the clock was set between this row and the one before, whose durations are less apart";
                        sink.notes.add(what, mark.line, &format!("by {:.1} s", apart as f64 / 1e9));
                    }
                }
                let joules = mark.values.iter().map(|(s, j)| (*s, j - before.map_or(0.0, |b| value(b, *s)))).collect();
                windows.push(window(*file, mark, start_ns, mark.t, joules));
            }
        }
        Ok(windows)
    }

    fn give(&self, sink: &mut Sink, windows: &[Window]) -> Result<()> {
        for (slot, sensor) in self.sensors.iter().enumerate() {
            let joules = |w: &Window| w.joules.iter().find(|j| j.0 == slot).map(|j| j.1);
            // A part that used nothing all the time was not measured.
            if self.choice.is_zero_absent && !windows.iter().any(|w| joules(w).is_some_and(|j| j > 0.0)) {
                continue;
            }
            let Some(series) = sink.series(sensor.clone()) else { continue };
            let (mut last, mut failed): (Option<(i64, f64)>, u64) = (None, 0);
            for window in windows {
                let Some(joules) = joules(window) else { continue };
                sink.line = window.line;
                if let Some(why) = impossible(window, joules, sensor) {
                    failed += 1;
                    let seconds = (window.end_ns - window.start_ns) as f64 / 1e9;
                    let example = format!("{joules} J in {seconds:.1} s of {}", sensor.device_id);
                    sink.notes.add(&format!("{why}, a failed reading"), window.line, &example);
                    sink.known[series].errors += 1;
                    continue;
                }
                let begins = match last {
                    Some((end, total)) if window.start_ns <= end + SAME_NS => total,
                    other => {
                        // Lower than before, or it would be a counter that stood still.
                        let zero = other.map_or(0.0, |(_, total)| if total > 0.0 { 0.0 } else { total - 1.0 });
                        sink.push(series, window.start_ns, zero, None)?;
                        zero
                    }
                };
                let end = window.end_ns.max(last.map_or(i64::MIN, |(end, _)| end + 1));
                sink.push(series, end, begins + joules, None)?;
                last = Some((end, begins + joules));
            }
            if last.is_none() && failed > 0 {
                let remedy = "check the unit of its column, and the log";
                return Err(Fault::new("no energy that its kind can take", &sensor.device_id, remedy));
            }
        }
        let holes: Vec<&[Window]> =
            windows.windows(2).filter(|pair| pair[1].start_ns > pair[0].end_ns + SAME_NS).collect();
        let longest = holes.iter().max_by_key(|pair| pair[1].start_ns - pair[0].end_ns);
        if let Some(pair) = longest {
            sink.notes.say(format!(
                "{} times nothing is known between two windows, the longest {:.1} s before line {} ({}): runs that reach into it \
                 have no energy",
                holes.len(),
                (pair[1].start_ns - pair[0].end_ns) as f64 / 1e9,
                pair[1].line,
                utc_text(pair[0].end_ns)
            ));
        }
        Ok(())
    }
}

fn window(file: usize, mark: &Mark, start_ns: i64, end_ns: i64, joules: Vec<(usize, f64)>) -> Window {
    Window { start_ns, end_ns, file, line: mark.line, name: mark.name.clone(), joules, is_held: false }
}

/// Stamps of whole seconds let a window seem to begin before the last one has ended: it begins there.
fn meet(windows: &mut [Window]) {
    for at in 1..windows.len() {
        let end_ns = windows[at - 1].end_ns;
        let window = &mut windows[at];
        let is_whole = window.end_ns > end_ns && (window.end_ns - end_ns) % SECOND_NS == 0;
        if is_whole && window.start_ns < end_ns && end_ns - window.start_ns <= SECOND_NS {
            window.start_ns = end_ns;
        }
    }
}

/// Why an energy is none of its window.
fn impossible(window: &Window, joules: f64, sensor: &Sensor) -> Option<&'static str> {
    let ns = window.end_ns.saturating_sub(window.start_ns);
    match joules {
        j if !j.is_finite() => Some("no number"),
        j if j > most_j(sensor.scope, ns) => Some("more energy than anything of its kind takes"),
        SENTINEL if !window.is_held => Some("a value that stands for none (2^16 - 1)"),
        j if j > 0.0 && ns >= SHORT_NS && !window.is_held && j < plausible::floor_w(sensor.scope) * ns as f64 / 1e9 => {
            Some("less energy than what is on takes")
        }
        _ => None,
    }
}
