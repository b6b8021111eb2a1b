//! `turbostat --Summary --show Time_Of_Day_Seconds,PkgWatt,RAMWatt -i 1` (turbostat's manual): each row is the mean over the interval that
//! ends at its time. Without `--Summary` a row of all packages begins each interval, and rows of packages and processors follow it.
//! Version 17.06 forgot tabs in its header, so that it has fewer cells than the rows.

use super::sink::{Sensor, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, cell},
    source::Source,
    zone::epoch,
};
use sensor::{Kind, Scope};

pub const FORMAT: Format<Sink> = Format {
    name: "turbostat",
    about: "turbostat --Summary --show Time_Of_Day_Seconds,PkgWatt,RAMWatt -i 1",
    recognises: |head| head.lines().any(|line| is_header(line) && line.contains(char::is_whitespace)),
    read,
};

const LABEL: &str = "turbostat: each value is the mean of the interval before it";
/// Names that may be glued to their neighbour.
const NAMES: &[&str] = &[
    "usec",
    "Time_Of_Day_Seconds",
    "Package",
    "Die",
    "Node",
    "Core",
    "CPU",
    "APIC",
    "X2APIC",
    "Avg_MHz",
    "Busy%",
    "Bzy_MHz",
    "TSC_MHz",
    "IPC",
    "IRQ",
    "NMI",
    "SMI",
    "POLL",
    "CoreTmp",
    "CoreThr",
    "PkgTmp",
    "GFX%rc6",
    "GFXMHz",
    "GFXAMHz",
    "SAM%mc6",
    "SAMMHz",
    "SAMAMHz",
    "Totl%C0",
    "Any%C0",
    "GFX%C0",
    "CPUGFX%",
    "Pkg%pc2",
    "Pkg%pc3",
    "Pkg%pc6",
    "Pkg%pc7",
    "Pkg%pc8",
    "Pkg%pc9",
    "Pk%pc10",
    "CPU%LPI",
    "SYS%LPI",
    "CPU%c1",
    "CPU%c3",
    "CPU%c6",
    "CPU%c7",
    "Mod%c6",
    "PkgWatt",
    "CorWatt",
    "GFXWatt",
    "RAMWatt",
    "SysWatt",
    "Pkg_J",
    "Cor_J",
    "GFX_J",
    "RAM_J",
    "PKG_%",
    "RAM_%",
    "UncMHz",
    "CoreCnt",
    "PkgCnt",
];
/// Parts that are counted, in W and with `--Joules` in J of the interval; CorWatt and GFXWatt lie inside of PkgWatt, SysWatt around all.
const PARTS: [(&str, &str, &str, Scope); 3] = [
    ("PkgWatt", "Pkg_J", "package", Scope::CpuPackage),
    ("RAMWatt", "RAM_J", "dram", Scope::Dram),
    ("SysWatt", "Sys_J", "system", Scope::Node),
];

fn is_header(line: &str) -> bool {
    line.contains("PkgWatt") || line.contains("Pkg_J")
}

/// Whether a line is a header without power: known names and no number.
fn is_other_header(text: &str) -> bool {
    let words = || text.split_whitespace();
    let known = words().filter(|word| parts(word).is_some()).count();
    2 * known > words().count() && words().all(|word| word.parse::<f64>().is_err() && word != "-")
}

/// Names of a header's cells, glued ones taken apart at names that are known.
fn names(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in line.split_whitespace() {
        match parts(word) {
            Some(parts) => found.extend(parts),
            None => found.push(word.to_string()),
        }
    }
    found
}

fn parts(word: &str) -> Option<Vec<String>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    // The longest name first: `CPU%c1` begins with `CPU` too.
    let mut fitting: Vec<&&str> = NAMES.iter().filter(|name| word.starts_with(**name)).collect();
    fitting.sort_by_key(|name| std::cmp::Reverse(name.len()));
    fitting.into_iter().find_map(|name| {
        let rest = parts(&word[name.len()..])?;
        Some([vec![name.to_string()], rest].concat())
    })
}

/// Rows that name no processor and are this close belong to one interval: the first is the summary.
const SWEEP_NS: i64 = 15_000_000;

/// What the interval of a row follows.
#[derive(Clone, Copy)]
enum Start {
    File,
    Hole,
    Row,
}

/// A row's own figures until the interval is known.
struct Row {
    line: u64,
    t: i64,
    /// W, or with `--Joules` J of the interval.
    values: [Option<f64>; 3],
    joules: bool,
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    let (mut header, mut glued): (Vec<String>, bool) = (Vec::new(), false);
    let (mut first, mut before): (Option<Row>, Option<i64>) = (None, None);
    let (mut rows, mut since_header, mut summary_ns) = (0, 0, None::<i64>);
    let mut usual_ns: Option<i64> = None;
    while let Some(line) = lines.next()? {
        let (number, ended, text) = (line.number, line.ended, line.text.trim());
        if is_header(text) || !header.is_empty() && is_other_header(text) {
            let names_time = header.iter().any(|n| n == "Time_Of_Day_Seconds");
            let names_place = header.iter().any(|n| ["Package", "Core", "CPU"].contains(&n.as_str()));
            if since_header > 1 && !names_time && !names_place {
                let remedy = "log with --Summary, or show Time_Of_Day_Seconds and CPU too";
                return Err(
                    Fault::new("rows that name neither a time nor a processor", quoted(text), remedy).at(number)
                );
            }
            since_header = 0;
            header = names(text);
            glued |= header.len() != text.split_whitespace().count();
            continue;
        }
        if header.is_empty() || text.is_empty() {
            continue;
        }
        since_header += 1;
        let cells: Vec<&str> = text.split_whitespace().collect();
        let column = |name: &str| header.iter().position(|n| n == name).and_then(|at| cells.get(at).copied());
        if cells.len() != header.len() || !ended {
            // Rows of single processors leave out the package's columns at their end: only the summary is read.
            let summary = ["Core", "CPU"].iter().filter_map(|n| column(n)).all(|c| c == "-");
            let sums_up = |t: i64| summary_ns.is_some_and(|summary| (t - summary).abs() < SWEEP_NS);
            let time = column("Time_Of_Day_Seconds").and_then(epoch);
            let is_glued = cells.len() > header.len();
            if summary && !time.is_some_and(sums_up) || is_glued || !ended {
                sink.leave_out(number, "not as many cells as the header, or cut, left out");
            }
            continue;
        }
        if ["Package", "Core", "CPU"].iter().filter_map(|n| column(n)).any(|cell| cell != "-") {
            continue;
        }
        let t = match column("Time_Of_Day_Seconds") {
            Some(time) => sink.time(number, time)?,
            None => {
                let why = "no Time_Of_Day_Seconds";
                let (start, step) = (sink.start(why)?, sink.interval(why)?);
                rows += 1;
                Some(start.saturating_add(step.saturating_mul(rows)))
            }
        };
        let Some(t) = t else { continue };
        let is_named = header.iter().any(|n| ["Package", "Core", "CPU"].contains(&n.as_str()));
        if !is_named && summary_ns.is_some_and(|summary| (t - summary).abs() < SWEEP_NS) {
            sink.notes.line(number, "a package or processor of the interval before, which its first row sums up");
            continue;
        }
        summary_ns = Some(t);
        let joules = !header.iter().any(|name| name == "PkgWatt");
        let names = PARTS.map(|(watt, joule, ..)| if joules { joule } else { watt });
        let values = names.map(|name| match column(name).map(|text| cell(text, Decimal::Point)) {
            Some(Cell::Number(q)) => Some(q.value),
            _ => None,
        });
        if values.iter().all(Option::is_none) {
            sink.leave_out(number, "no power in the row, left out");
            continue;
        }
        let row = Row { line: number, t, values, joules };
        match (before, first.take()) {
            (None, None) => match sink.interval_ns() {
                None => first = Some(row),
                Some(length) => {
                    give(sink, &row, length, Start::File)?;
                    before = Some(t);
                }
            },
            (last, waiting) => {
                let length = t - waiting.as_ref().map(|w| w.t).or(last).unwrap_or(t);
                if let Some(waiting) = waiting {
                    // The first interval was as long as the second.
                    give(sink, &waiting, length, Start::File)?;
                }
                // Joules are those of one interval: rows before it are missing where it seems to be longer than the last.
                let is_late = row.joules && usual_ns.is_some_and(|usual| length > usual + usual / 2);
                if let Some(usual) = usual_ns.filter(|_| is_late) {
                    sink.notes.line(number, "rows are missing before this one");
                    give(sink, &row, usual, Start::Hole)?;
                } else {
                    give(sink, &row, length, Start::Row)?;
                    usual_ns = usual_ns.max(Some(length));
                }
                before = Some(t);
            }
        }
    }
    // The mean of an interval whose length the file does not show: another file may say when it began.
    if let Some(row) = first.take_if(|row| !row.joules && sink.options.files.paths.len() > 1) {
        give(sink, &row, 0, Start::Row)?;
    }
    if let Some(row) = first {
        let remedy = "say how long it is: --interval-ms 1000";
        return Err(Fault::new("one sample and no interval", quoted("-i"), remedy).at(row.line));
    }
    if glued {
        sink.notes.say("the header has names without a tab between them (turbostat 17.06): taken apart");
    }
    Ok(())
}

/// `length_ns`: of the row's interval.
fn give(sink: &mut Sink, row: &Row, length_ns: i64, start: Start) -> Result<()> {
    let seconds = length_ns as f64 / 1e9;
    if row.joules && seconds <= 0.0 {
        sink.leave_out(row.line, "joules of no time, left out");
        return Ok(());
    }
    for (value, (.., part, scope)) in row.values.iter().zip(PARTS) {
        let Some(watt) = value.map(|value| if row.joules { value / seconds } else { value }) else { continue };
        let sensor = Sensor::new(format!("turbostat:{part}"), Kind::IntervalMean, scope).label(LABEL);
        let Some(series) = sink.series(sensor) else { continue };
        let begin_ns = row.t.saturating_sub(length_ns);
        match start {
            Start::File if length_ns > 0 => sink.open(series, begin_ns, watt),
            Start::Hole => sink.push(series, begin_ns, watt, None)?,
            _ => {}
        }
        sink.push(series, row.t, watt, None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glued_names_are_taken_apart_and_others_left_alone() {
        assert_eq!(
            names("CPUGFX%Pkg%pc2\tPkgWatt\tGFXWattRAMWatt"),
            ["CPUGFX%", "Pkg%pc2", "PkgWatt", "GFXWatt", "RAMWatt"]
        );
        assert_eq!(names("Core\tCPU\tCPU%c1\tC1-MWAIT%"), ["Core", "CPU", "CPU%c1", "C1-MWAIT%"]);
        assert!(is_other_header("usec\tCPU\tBusy%\tC1-MWAIT%") && !is_other_header("12\t-\t0.5\t1"));
    }
}
