//! macOS: `sudo powermetrics --samplers cpu_power,gpu_power -i 1000` (its manual). Each sample is the mean over the time that it states.
//! The GPU's power is printed twice, and the line of the sum is missing in older versions.

use super::sink::{Sensor, Sink};
use crate::read::{
    fault::Result,
    format::Format,
    number::{Cell, Decimal, Measure, cell},
    source::Source,
    zone::{DateOrder, Stamp, clock, day, offset},
};
use sensor::{Kind, Scope};

pub const FORMAT: Format<Sink> = Format {
    name: "powermetrics",
    about: "sudo powermetrics --samplers cpu_power,gpu_power -i 1000 (text)",
    recognises: |head| head.contains("*** Sampled system activity ("),
    read,
};

const LABEL: &str = "powermetrics: without memory, display, drives and power supply";
const PARTS: [(&str, &str, Scope); 3] = [
    ("CPU Power", "cpu", Scope::CpuPackage),
    ("GPU Power", "gpu", Scope::Gpu),
    ("ANE Power", "ane", Scope::CpuPackage),
];
const GPU: usize = 1;
/// By how much a sum may differ from its parts, which are whole mW: W, and share.
const APART_W: f64 = 0.02;
const APART: f64 = 0.05;
/// Stamps are whole seconds and may be late by some.
const STAMP_NS: i64 = 2_000_000_000;

/// One sample: its end and its length, and the powers that it gave.
struct Sample {
    line: u64,
    end_ns: i64,
    length_ns: i64,
    watts: [Option<f64>; 3],
    /// W of all parts together, and of the GPU where it is printed again.
    combined: Option<f64>,
    again: Option<f64>,
}

impl Sample {
    /// Two figures of which one is wrong.
    fn contradiction(&self) -> Option<(&'static str, String)> {
        let differ = |a: f64, b: f64| (a - b).abs() > APART_W + APART * a.abs().max(b.abs());
        if let Some((first, again)) = self.watts[GPU].zip(self.again).filter(|(a, b)| differ(*a, *b)) {
            return Some(("two unlike powers of the GPU in one sample, left out", format!("{first} W and {again} W")));
        }
        let parts: f64 = self.watts.iter().flatten().sum();
        let whole = self.combined.filter(|whole| differ(*whole, parts))?;
        let what = "the combined power is not that of CPU, GPU and ANE, left out";
        Some((what, format!("{whole} W and {parts:.3} W")))
    }
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    // The file goes on from the one before it, or begins anew.
    let (mut sample, mut before): (Option<Sample>, Option<i64>) = (None, sink.ended.get(FORMAT.name).copied());
    let mut is_first = true;
    let mut cut = false;
    while let Some(line) = lines.next()? {
        cut = !line.ended;
        if let Some(rest) = line.text.trim().strip_prefix("*** Sampled system activity (") {
            let (number, rest) = (line.number, rest.to_string());
            give(sink, sample.take(), &mut before, &mut is_first)?;
            sample = begin(sink, number, &rest)?;
        } else if let Some(sample) = &mut sample
            && let Some((name, value)) = line.text.split_once(": ")
            && !cut
            && let Cell::Number(q) = cell(value, Decimal::Point)
            && q.unit.is_some()
            && let Some(watt) = q.of(Measure::Power, 1.0).filter(|w| *w >= 0.0)
        {
            match PARTS.iter().position(|(of, ..)| *of == name.trim()) {
                Some(at) if sample.watts[at].is_none() => sample.watts[at] = Some(watt),
                Some(GPU) => sample.again = Some(watt),
                None if name.trim().starts_with("Combined Power") => sample.combined = Some(watt),
                _ => {}
            }
        }
    }
    // A sample that was cut in the middle may lack a part.
    if cut && sample.as_ref().is_some_and(|s| s.watts.iter().any(Option::is_none)) {
        sink.leave_out(lines.number(), "the last sample is cut, left out");
        return Ok(());
    }
    give(sink, sample, &mut before, &mut is_first)?;
    sink.ended.extend(before.map(|end| (FORMAT.name, end)));
    Ok(())
}

/// `Thu May 14 13:41:41 2026 +0200) (1002.90ms elapsed) ***`.
fn begin(sink: &mut Sink, line: u64, rest: &str) -> Result<Option<Sample>> {
    let parsed = || {
        let (date, elapsed) = rest.split_once(") (")?;
        let ms: f64 = elapsed.split("ms").next()?.trim().parse().ok()?;
        let words: Vec<&str> = date.split_whitespace().collect();
        let [_, month, of_month, time, year, rest @ ..] = words.as_slice() else { return None };
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = MONTHS.iter().position(|m| m == month)? + 1;
        let day = day(&format!("{year}-{month:02}-{of_month:0>2}"), DateOrder::Unknown).ok()?;
        let wall = day.checked_mul(86_400_000_000_000)?.checked_add(clock(time)?.0)?;
        let stamp = match rest.first().map(|zone| offset(zone)) {
            Some(east) => Stamp::Utc(wall.saturating_sub(i64::from(east?) * 1_000_000_000)),
            None => Stamp::Wall(wall),
        };
        (ms > 0.0 && ms < 1e9).then_some((stamp, (ms * 1e6).round() as i64))
    };
    let Some((stamp, length_ns)) = parsed() else {
        sink.leave_out(line, super::sink::NO_TIME);
        return Ok(None);
    };
    let end_ns = sink.at(line, stamp, rest)?;
    Ok(Some(Sample { line, end_ns, length_ns, watts: [None; 3], combined: None, again: None }))
}

/// Samples follow one another: the end of one is the beginning of the next, unless the stamp says that time is missing.
fn give(sink: &mut Sink, sample: Option<Sample>, before: &mut Option<i64>, is_first: &mut bool) -> Result<()> {
    let Some(sample) = sample else { return Ok(()) };
    if sample.watts.iter().all(Option::is_none) {
        sink.leave_out(sample.line, "no power in the sample, left out");
        return Ok(());
    }
    if let Some((what, figures)) = sample.contradiction() {
        sink.leave_out_as(sample.line, what, &figures);
        return Ok(());
    }
    let follows =
        before.and_then(|b| b.checked_add(sample.length_ns)).filter(|end| (end - sample.end_ns).abs() <= STAMP_NS);
    let end = follows.unwrap_or(sample.end_ns);
    for (watt, (_, part, scope)) in sample.watts.iter().zip(PARTS) {
        let Some(watt) = watt else { continue };
        let sensor = Sensor::new(format!("powermetrics:{part}"), Kind::IntervalMean, scope).label(LABEL);
        let sensor = Sensor { sleeps: true, ..sensor };
        let Some(series) = sink.series(sensor) else { continue };
        if follows.is_none() {
            // Where the interval began.
            let begin_ns = end.saturating_sub(sample.length_ns);
            if *is_first { sink.open(series, begin_ns, *watt) } else { sink.push(series, begin_ns, *watt, None)? }
        }
        sink.push(series, end, *watt, None)?;
    }
    (*before, *is_first) = (Some(end), false);
    Ok(())
}
