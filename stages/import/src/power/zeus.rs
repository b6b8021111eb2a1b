//! The log of a Zeus `ZeusMonitor(log_file=..)`: one row a window with its energy per GPU in J (zeus/monitor/energy.py). Windows may
//! contain one another. `start_time` is `time()`, or in older versions a clock that began with the machine.

use super::sink::{
    Gpu, Sensor, Sink, Totals,
    windows::{Choice, Mark, Span},
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

const CHOICE: Choice = Choice {
    name: "window",
    missing: "no window of this name",
    remedy: "use a name of column window_name",
    is_zero_absent: false,
};
const LABEL: &str = "energy of windows that Zeus measured: within a window shared out by time";

/// A row before its place in time is known.
struct Row {
    line: u64,
    start: String,
    name: String,
    elapsed_s: f64,
    joules: Vec<(usize, f64)>,
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
    sink.begin_spans(CHOICE);
    note_columns(sink, &header.names);
    let slots: Vec<usize> = sensors.iter().map(|(_, of)| sink.slot(sensor(of))).collect();
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
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            sink.pass_over();
            continue;
        }
        let joules =
            sensors.iter().zip(&slots).filter_map(|((at, _), slot)| Some((*slot, number(*at, Measure::Energy)?)));
        rows.push(Row { line: row.line, start, name, elapsed_s, joules: joules.collect() });
    }
    sink.left_out(table.left_out);
    place(rows, sink)
}

/// A column that Zeus does not write: an energy may lie under another name.
fn note_columns(sink: &mut Sink, names: &[String]) {
    let is_known =
        |name: &str| ["start_time", "window_name", "elapsed_time"].contains(&name) || name.ends_with("_energy");
    for name in names.iter().map(|n| n.trim()).filter(|n| !n.is_empty() && !is_known(n)) {
        sink.notes.say(format!("column {} is none of Zeus and not read", quoted(name)));
    }
}

fn sensor(of: &str) -> Sensor {
    let digits = of.trim_start_matches(|c: char| !c.is_ascii_digit());
    let (scope, gpu) = match of.get(..3) {
        Some("gpu") => (Scope::Gpu, Some(Gpu { index: Some(digits.to_string()), uuid: None })),
        Some("cpu") => (Scope::CpuPackage, None),
        Some("dra") => (Scope::Dram, None),
        _ => (Scope::Node, None),
    };
    let sensor = Sensor::new(format!("zeus:{of}"), Kind::Counter, scope).label(LABEL);
    Sensor { gpu, is_exact: true, totals: Totals::Made, ..sensor }
}

/// Instants of the windows: epochs as they are, a clock of the machine from `--start` on, which is when its first window began.
fn place(rows: Vec<Row>, sink: &mut Sink) -> Result<()> {
    for row in rows {
        let seconds = row.start.trim().parse::<f64>().ok().filter(|s| s.is_finite() && s.abs() < 1e12);
        let (start_ns, from_ns) = match (epoch(row.start.trim()), seconds) {
            (Some(ns), _) => (sink.at(row.line, Stamp::Utc(ns), &row.start)?, None),
            (None, Some(s)) => {
                let why = format!("start_time {} is no epoch but a clock of the machine", row.start);
                ((s * 1e9).round() as i64, Some(sink.start(&why).map_err(|f| f.at(row.line))?))
            }
            (None, None) => match sink.time(row.line, &row.start)? {
                Some(ns) => (ns, None),
                None => continue,
            },
        };
        let length_ns = (row.elapsed_s * 1e9).round() as i64;
        let t = start_ns.saturating_add(length_ns);
        sink.mark(Mark {
            span: Span::Window,
            line: row.line,
            name: row.name,
            t,
            length_ns,
            from_ns,
            values: row.joules,
        });
    }
    Ok(())
}
