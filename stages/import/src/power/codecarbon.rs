//! CodeCarbon's `emissions.csv` (codecarbon/output_methods/file.py): one row a run, or several with growing totals where `flush()` was
//! called. Energies are kWh since the run's start; `timestamp` is local and the end of the row. A file of tasks
//! (`emissions_<experiment>_<run_id>.csv`, of `start_task` and `stop_task`) has a column `task_name`, and each row is a window of its own.

use super::sink::{
    Sensor, Sink, Totals,
    windows::{Window, give},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, cell},
    source::Source,
    table::{Row, Table},
};
use sensor::{Kind, Scope};
use std::collections::BTreeMap;

pub const FORMAT: Format<Sink> = Format {
    name: "codecarbon",
    about: "CodeCarbon's emissions.csv",
    recognises: |head| head.lines().take(5).any(|line| line.contains("energy_consumed") && line.contains("duration")),
    read,
};

const J_PER_KWH: f64 = 3.6e6;
const PARTS: [(&str, &str, Scope); 3] =
    [("cpu", "cpu_energy", Scope::CpuPackage), ("gpu", "gpu_energy", Scope::Gpu), ("ram", "ram_energy", Scope::Dram)];
const LABEL: &str = "CodeCarbon: measured or estimated, its file does not say which";

/// Line of a row, seconds since its run began, and kWh of each part.
type RunTotals = (u64, f64, [Option<f64>; 3]);

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header =
        |names: &[String]| ["timestamp", "duration", "energy_consumed"].iter().all(|n| names.iter().any(|m| m == n));
    let mut table =
        Table::find(source.lines()?, &is_header, "timestamp, run_id, duration, cpu_energy, gpu_energy and ram_energy")?;
    let (header, decimal) = (table.header.clone(), table.decimal);
    let column = |name: &str| header.must(name);
    let (time, duration, run) = (column("timestamp")?, column("duration")?, column("run_id")?);
    let task = header.find(&["task_name"]);
    let parts = PARTS.map(|(_, name, _)| header.find(&[name]));
    let powers = ["cpu_power", "gpu_power", "ram_power"].map(|name| header.find(&[name]));
    // Totals of a run by the end of the row: a row is where the run's counters stood.
    let mut rows: BTreeMap<String, BTreeMap<i64, RunTotals>> = BTreeMap::new();
    while let Some(row) = table.next(&mut sink.notes)? {
        let line = row.line;
        let name = match task.map(|at| row.get(at).into_owned()) {
            Some(task) if task.is_empty() => {
                sink.leave_out(line, "no task_name, left out");
                continue;
            }
            Some(task) => task,
            None => row.get(run).into_owned(),
        };
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            continue;
        }
        let number = |at: usize| number(&row, at, decimal);
        let kwh = parts.map(|at| at.and_then(number));
        let fault = match number(duration) {
            _ if name.is_empty() => Some("no run_id, left out"),
            None => Some("no duration, left out"),
            Some(s) if s <= 0.0 || s > 1e9 => Some("a duration of 0 or less, left out"),
            _ if kwh.iter().flatten().any(|e| *e < 0.0) => Some("negative energy (a counter wrapped), left out"),
            _ if kwh.iter().all(Option::is_none) => Some("no energy, left out"),
            _ => None,
        };
        if let Some(fault) = fault {
            sink.leave_out(line, fault);
            continue;
        }
        let stopped: Vec<&str> = (0..3)
            .filter(|&i| kwh[i] == Some(0.0) && powers[i].and_then(number).is_some_and(|w| w > 0.0))
            .map(|i| PARTS[i].1)
            .collect();
        if !stopped.is_empty() {
            sink.notes
                .line(line, &format!("{} is 0 beside a power that is not: it was not measured", stopped.join(" and ")));
        }
        let (length, text) = (number(duration).unwrap_or(0.0), row.get(time).into_owned());
        let Some(end) = sink.time(line, &text)? else { continue };
        rows.entry(name).or_default().insert(end, (line, length, kwh));
    }
    sink.left_out(table.left_out);
    if rows.is_empty() && !sink.options.select.is_empty() {
        return Err(Fault::new(
            if task.is_some() { "no task of this name" } else { "no run of this id" },
            quoted(&sink.options.select.join(",")),
            if task.is_some() { "use a name of column task_name" } else { "use an id of column run_id" },
        ));
    }
    let mut windows = Vec::new();
    for (name, rows) in rows {
        let mut before: Option<(i64, f64, [Option<f64>; 3])> = None;
        for (end, (line, length, kwh)) in rows {
            // A row that is a run's only one, or whose totals began anew, goes back by its own duration.
            let grows = |b: &(i64, f64, [Option<f64>; 3])| {
                b.1 < length && (0..3).all(|i| b.2[i].unwrap_or(0.0) <= kwh[i].unwrap_or(0.0))
            };
            let from = before.filter(|b| task.is_none() && grows(b));
            let start_ns = from.map_or(end.saturating_sub((length * 1e9) as i64), |b| b.0);
            let joules =
                (0..3).map(|i| kwh[i].map(|e| (e - from.and_then(|b| b.2[i]).unwrap_or(0.0)) * J_PER_KWH)).collect();
            windows.push(Window { line, name: name.clone(), start_ns, end_ns: end, joules });
            before = Some((end, length, kwh));
        }
    }
    let series: Vec<Option<usize>> = PARTS
        .iter()
        .enumerate()
        .map(|(i, (part, _, scope))| {
            // A part that used nothing all the time was not measured.
            let has = windows.iter().any(|w| w.joules[i].is_some_and(|j| j > 0.0));
            let sensor = Sensor::new(format!("codecarbon:{part}"), Kind::Counter, *scope).label(LABEL);
            let sensor = Sensor { is_exact: true, totals: Totals::Made, ..sensor };
            if has { sink.series(sensor) } else { None }
        })
        .collect();
    give(sink, &series, &mut windows, if task.is_some() { "task" } else { "run" })
}

fn number(row: &Row, at: usize, decimal: Decimal) -> Option<f64> {
    match cell(&row.get(at), decimal) {
        Cell::Number(q) if q.unit.is_none() => Some(q.value),
        _ => None,
    }
}
