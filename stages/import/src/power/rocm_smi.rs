//! `rocm-smi --showpower --csv` in a loop (ROCm SMI's manual): one snapshot after another, each with its header, without times unless the
//! loop printed some. A die without a sensor of its own is counted by the one beside it.

use super::sink::{
    Gpu, Sensor, Sink,
    identity::{Columns, Identity},
};
use crate::read::{
    fault::{Fault, Result},
    format::Format,
    number::{Cell, Measure, cell, factor_of_name},
    source::Source,
    table::Table,
};
use sensor::{Kind, Scope};
use std::collections::{BTreeMap, BTreeSet};

pub const FORMAT: Format<Sink> = Format {
    name: "rocm-smi",
    about: "rocm-smi --showpower --csv, in a loop",
    recognises: |head| head.lines().take(20).any(is_header_line),
    read,
};

fn is_header_line(line: &str) -> bool {
    line.split(',').any(|c| c.trim() == "device") && line.contains("Power (W)")
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_power = |name: &String| name.ends_with("Power (W)") && !name.starts_with("Max");
    let is_header = |names: &[String]| names.iter().any(|n| n == "device") && names.iter().any(is_power);
    let mut table = Table::find(source.lines()?, &is_header, "device and Average Graphics Package Power (W)")?;
    let header = table.header.clone();
    let (decimal, device) = (table.decimal, header.must("device")?);
    // What one column never has, the next may: it depends on the chip.
    let powers: Vec<usize> = (0..header.names.len()).filter(|&at| is_power(&header.names[at])).collect();
    let mut chosen: BTreeMap<String, usize> = BTreeMap::new();
    let time = header.find(&["timestamp", "time"]);
    let used: Vec<usize> = [Some(device), time].into_iter().flatten().chain(powers.clone()).collect();
    sink.use_columns(Columns::new(&header, &used));
    let machines = Identity::of_machines(&header, &used, &sink.options.series)?;
    let timed = time.is_some() || (sink.options.start.is_some() && sink.interval_ns().is_some());
    // Of a log without times, what it says at all.
    let (mut snapshot, mut beside): (BTreeMap<String, f64>, BTreeSet<String>) = Default::default();
    while let Some(row) = table.next(&mut sink.notes)? {
        let name = row.get(device).into_owned();
        let has = |at: &usize| matches!(cell(&row.get(*at), decimal), Cell::Number(_));
        if !chosen.contains_key(&name)
            && let Some(&at) = powers.iter().find(|at| has(at))
        {
            if at != powers[0] {
                sink.notes.line(
                    row.line,
                    &format!("{name} has no {}: {} is taken", header.names[powers[0]], header.names[at]),
                );
            }
            chosen.insert(name.clone(), at);
        }
        let power = chosen.get(&name).or(powers.first()).copied().unwrap_or(device);
        let factor = factor_of_name(&header.names[power], Measure::Power).map_err(|fault| fault.at(header.line))?;
        let reading = cell(&row.get(power), decimal);
        if matches!(&reading, Cell::Absent(why) if why.contains("Secondary")) {
            beside.insert(name);
            continue;
        }
        let watt = match &reading {
            Cell::Number(q) => q.of(Measure::Power, factor).filter(|watt| *watt >= 0.0),
            _ => None,
        };
        if !timed {
            snapshot.extend(watt.map(|w| (name, w)));
            continue;
        }
        let t = match time {
            Some(at) => sink.time(row.line, &row.get(at))?,
            None => Some(sink.swept(&name, "no times")?),
        };
        let Some(t) = t else { continue };
        let host = machines.suffix(&row);
        let index = format!("{host}:{}", name.trim_start_matches("card")).trim_start_matches(':').to_string();
        let gpu = Gpu { index: Some(index), uuid: None };
        let sensor = Sensor::new(format!("rocm-smi{host}:{name}"), Kind::Average, Scope::Gpu)
            .label(header.names[power].clone())
            .gpu(gpu);
        let Some(series) = sink.series(sensor) else { continue };
        match (watt, reading) {
            (Some(watt), _) => sink.push(series, t, watt, None)?,
            (None, Cell::Absent(why)) => sink.failed(series, row.line, t, &why)?,
            _ => sink.leave_out(row.line, "no power in its field, left out"),
        }
    }
    sink.left_out(table.left_out);
    let dies = if beside.is_empty() {
        String::new()
    } else {
        let names = beside.iter().cloned().collect::<Vec<_>>().join(", ");
        format!("{} secondary dies ({names}) are included in the die beside them", beside.len())
    };
    if !timed && !snapshot.is_empty() {
        let total: f64 = snapshot.values().sum();
        let value = format!("a snapshot of {total} W from {} sensors; {dies}", snapshot.len());
        let remedy =
            "log with a time in each row, or say --start and --interval-ms of the loop: one power is no energy";
        return Err(Fault::new("no times in the log", value.trim_end_matches("; "), remedy).at(header.line));
    }
    if !dies.is_empty() {
        sink.notes.say(dies);
    }
    Ok(())
}
