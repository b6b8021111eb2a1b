//! CodeCarbon's `emissions.csv` (codecarbon/output_methods/file.py): one row a run, or several with growing totals where `flush()` was
//! called. Energies are kWh since the run's start; `timestamp` is local and the end of the row. A file of tasks
//! (`emissions_<experiment>_<run_id>.csv`, of `start_task` and `stop_task`) has a column `task_name`, and each row is a window of its own.

use super::sink::{
    Sensor, Sink, Totals,
    windows::{Choice, Mark, Span},
};
use crate::read::{
    fault::Result,
    format::Format,
    number::{Cell, Decimal, cell},
    source::Source,
    table::{Row, Table},
};
use sensor::{Kind, Scope};

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

const TASKS: Choice = Choice {
    name: "task",
    missing: "no task of this name",
    remedy: "use a name of column task_name",
    is_zero_absent: true,
};
const RUNS: Choice =
    Choice { name: "run", missing: "no run of this id", remedy: "use an id of column run_id", ..TASKS };

/// Share and kWh by which the sum of the parts may differ from `energy_consumed`: both are written with all their digits.
const APART: f64 = 0.01;
const APART_KWH: f64 = 1e-6;
/// A part's power beside its mean over the row may be that of one instant, idle or at work, so that a hundredth is no contradiction. That
/// of memory is an estimate by its size where the whole machine is tracked.
const STEADY: [f64; 3] = [100.0, 100.0, 4.0];

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header =
        |names: &[String]| ["timestamp", "duration", "energy_consumed"].iter().all(|n| names.iter().any(|m| m == n));
    let mut table =
        Table::find(source.lines()?, &is_header, "timestamp, run_id, duration, cpu_energy, gpu_energy and ram_energy")?;
    let (header, decimal) = (table.header.clone(), table.decimal);
    let column = |name: &str| header.must(name);
    let (time, duration, run) = (column("timestamp")?, column("duration")?, column("run_id")?);
    let task = header.find(&["task_name"]);
    let (sum, pue) = (header.find(&["energy_consumed"]), header.find(&["pue"]));
    let parts = PARTS.map(|(_, name, _)| header.find(&[name]));
    let mode = header.find(&["tracking_mode"]);
    let powers = ["cpu_power", "gpu_power", "ram_power"].map(|name| header.find(&[name]));
    sink.begin_spans(if task.is_some() { TASKS } else { RUNS });
    let slots = PARTS.map(|(part, _, scope)| {
        let sensor = Sensor::new(format!("codecarbon:{part}"), Kind::Counter, scope).label(LABEL);
        sink.slot(Sensor { is_exact: true, totals: Totals::Made, ..sensor })
    });
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
            sink.pass_over();
            continue;
        }
        let number = |at: usize| number(&row, at, decimal);
        let kwh = parts.map(|at| at.and_then(number));
        let watts = powers.map(|at| at.and_then(number));
        let seconds = number(duration).unwrap_or(0.0);
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
        let is_machine = mode.is_some_and(|at| row.get(at) == "machine");
        if let Some((what, figures)) = contradiction(kwh, watts, sum.and_then(number), (seconds, is_machine)) {
            sink.leave_out_as(line, what, &figures);
            continue;
        }
        let stopped: Vec<&str> =
            (0..3).filter(|&i| kwh[i] == Some(0.0) && watts[i].is_some_and(|w| w > 0.0)).map(|i| PARTS[i].1).collect();
        if !stopped.is_empty() {
            sink.notes
                .line(line, &format!("{} is 0 beside a power that is not: it was not measured", stopped.join(" and ")));
        }
        let pue = pue.and_then(number).filter(|pue| *pue > 1.0 && *pue <= 10.0).unwrap_or(1.0);
        if pue > 1.0 {
            let what = format!("the energies have a PUE of {pue} in them: divided by it");
            sink.notes.line(line, &what);
        }
        let Some(t) = sink.time(line, &row.get(time))? else { continue };
        let values = (0..3).filter_map(|i| Some((slots[i], kwh[i]? * J_PER_KWH / pue))).collect();
        let span = if task.is_some() { Span::Window } else { Span::Total };
        let length_ns = (seconds * 1e9) as i64;
        sink.mark(Mark { span, line, name, t, length_ns, from_ns: None, values });
    }
    sink.left_out(table.left_out);
    Ok(())
}

/// Two figures of a row of which one is wrong: its sum, or a part beside its power.
fn contradiction(
    kwh: [Option<f64>; 3],
    watts: [Option<f64>; 3],
    whole: Option<f64>,
    (seconds, is_machine): (f64, bool),
) -> Option<(&'static str, String)> {
    let sum: f64 = kwh.iter().flatten().sum();
    if let Some(whole) = whole.filter(|w| (w - sum).abs() > APART * w.abs().max(sum) + APART_KWH) {
        let what = "energy_consumed is not the sum of cpu_energy, gpu_energy and ram_energy, left out";
        return Some((what, format!("{whole} and {sum} kWh")));
    }
    let differs = |i: &usize| -> Option<(f64, f64)> {
        let mean = kwh[*i]? * J_PER_KWH / seconds;
        let watt = watts[*i]?;
        let most = if is_machine { STEADY[*i] } else { STEADY[0] };
        (mean > 0.0 && watt > 0.0 && (mean / watt).max(watt / mean) > most).then_some((mean, watt))
    };
    let at = (0..3).find(|i| differs(i).is_some())?;
    let (mean, watt) = differs(&at)?;
    let what = "an energy over its duration is far from the power beside it, left out";
    Some((what, format!("{}: {mean:.3} W and {watt} W", PARTS[at].1)))
}

fn number(row: &Row, at: usize, decimal: Decimal) -> Option<f64> {
    match cell(&row.get(at), decimal) {
        Cell::Number(q) if q.unit.is_none() => Some(q.value),
        _ => None,
    }
}
