//! The log of a Zeus `ZeusMonitor(log_file=..)`: one row a window with its energy per GPU in J (zeus/monitor/energy.py). Windows may
//! contain one another. `start_time` is `time()`, or in older versions a clock that began with the machine.

use super::sink::{
    Gpu, Sensor, Sink, Totals,
    windows::{Window, give},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Measure, cell},
    source::Source,
    table::Table,
    zone::{Stamp, epoch},
};
use sensor::{Kind, Scope};

pub const FORMAT: Format<Sink> = Format {
    name: "zeus",
    about: "Zeus: ZeusMonitor(log_file=\"zeus.csv\")",
    recognises: |head| head.lines().take(5).any(|line| line.starts_with("start_time,window_name,elapsed_time")),
    read,
};

const LABEL: &str = "energy of windows that Zeus measured: within a window shared out by time";

/// A row before its place in time is known.
struct Row {
    line: u64,
    start: String,
    name: String,
    elapsed_s: f64,
    joules: Vec<Option<f64>>,
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header =
        |names: &[String]| names.iter().any(|n| n == "window_name") && names.iter().any(|n| n == "elapsed_time");
    let mut table = Table::find(source.lines()?, &is_header, "start_time, window_name, elapsed_time and gpu0_energy")?;
    let (header, decimal) = (table.header.clone(), table.decimal);
    let (start, name, elapsed) =
        (header.must("start_time")?, header.must("window_name")?, header.must("elapsed_time")?);
    // `gpu0_energy`, `cpu0_energy`, `dram0_energy`.
    let sensors: Vec<(usize, String)> = (0..header.names.len())
        .filter_map(|at| header.names[at].trim().strip_suffix("_energy").map(|of| (at, of.to_string())))
        .collect();
    if sensors.is_empty() {
        return Err(Fault::new("no energy in the header", quoted(&header.names.join(",")), "log at least one GPU")
            .at(header.line));
    }
    let mut rows: Vec<Row> = Vec::new();
    while let Some(row) = table.next(&mut sink.notes)? {
        let number = |at: usize, measure| match cell(&row.get(at), decimal) {
            Cell::Number(q) => q.of(measure, 1.0).filter(|v| *v >= 0.0),
            _ => None,
        };
        let Some(elapsed_s) = number(elapsed, Measure::Time).filter(|s| *s > 0.0 && *s < 1e9) else {
            sink.leave_out(row.line, "no elapsed time, left out");
            continue;
        };
        let (start, name) = (row.get(start).into_owned(), row.get(name).into_owned());
        if sink.options.select.is_empty() || sink.is_selected(&name) {
            rows.push(Row {
                line: row.line,
                start,
                name,
                elapsed_s,
                joules: sensors.iter().map(|(at, _)| number(*at, Measure::Energy)).collect(),
            });
        }
    }
    sink.left_out(table.left_out);
    if rows.is_empty() && !sink.options.select.is_empty() {
        return Err(Fault::new(
            "no window of this name",
            quoted(&sink.options.select.join(",")),
            "use a name of column window_name",
        ));
    }
    let series: Vec<Option<usize>> = sensors.iter().map(|(_, of)| series(sink, of)).collect();
    let mut windows = placed(rows, sink)?;
    give(sink, &series, &mut windows, "window")
}

fn series(sink: &mut Sink, of: &str) -> Option<usize> {
    let digits = of.trim_start_matches(|c: char| !c.is_ascii_digit());
    let (scope, gpu) = match of.get(..3) {
        Some("gpu") => (Scope::Gpu, Some(Gpu { index: Some(digits.to_string()), uuid: None })),
        Some("cpu") => (Scope::CpuPackage, None),
        Some("dra") => (Scope::Dram, None),
        _ => (Scope::Node, None),
    };
    sink.series(Sensor {
        gpu,
        is_exact: true,
        totals: Totals::Made,
        ..Sensor::new(format!("zeus:{of}"), Kind::Counter, scope).label(LABEL)
    })
}

/// Instants of the windows: epochs as they are, a clock of the machine from `--start` on, which is when the first window began.
fn placed(rows: Vec<Row>, sink: &mut Sink) -> Result<Vec<Window>> {
    let seconds = |row: &Row| row.start.trim().parse::<f64>().ok().filter(|s| s.is_finite() && s.abs() < 1e12);
    let first = rows.iter().filter_map(&seconds).min_by(f64::total_cmp).unwrap_or(0.0);
    let mut windows = Vec::new();
    for row in rows {
        let start_ns = match (epoch(row.start.trim()), seconds(&row)) {
            (Some(ns), _) => sink.at(row.line, Stamp::Utc(ns), &row.start)?,
            (None, Some(s)) => {
                let why = format!("start_time {} is no epoch but a clock of the machine", row.start);
                let begun = sink.start(&why).map_err(|f| f.at(row.line))?;
                begun.saturating_add(((s - first) * 1e9).round() as i64)
            }
            (None, None) => match sink.time(row.line, &row.start)? {
                Some(ns) => ns,
                None => continue,
            },
        };
        let end_ns = start_ns.saturating_add((row.elapsed_s * 1e9).round() as i64);
        windows.push(Window { line: row.line, name: row.name, start_ns, end_ns, joules: row.joules });
    }
    Ok(windows)
}
