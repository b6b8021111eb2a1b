//! RAPL counters that a loop polled from sysfs: `timestamp,zone,energy_uj,max_energy_range_uj`
//! (Documentation/power/powercap/powercap.rst). They wrap at the range.

use super::sink::{
    Sensor, Sink,
    identity::{Columns, Identity},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Measure, cell, factor_of_name, unit_of_name},
    source::Source,
    table::Table,
};
use sensor::{Kind, Scope};
use std::collections::HashMap;

pub const FORMAT: Format<Sink> = Format {
    name: "rapl",
    about: "energy_uj of /sys/class/powercap, polled: timestamp,zone,energy_uj,max_energy_range_uj",
    recognises,
    read,
};

/// Energies of zones of RAPL, in whatever unit: another table may have zones of its own.
fn recognises(head: &str) -> bool {
    head.lines().take(5).any(|line| line.contains("energy_uj"))
        || head.lines().take(5).any(|line| {
            let names: Vec<String> =
                line.split([',', ';', '\t']).map(|n| n.trim().trim_matches('"').to_string()).collect();
            is_header(&names)
        }) && ["package-", "intel-rapl", "psys"].iter().any(|zone| head.contains(zone))
}

fn is_energy(name: &str) -> bool {
    name.starts_with("energy_") && unit_of_name(name).is_some_and(|unit| unit.of == Measure::Energy)
}

fn is_header(names: &[String]) -> bool {
    names.iter().any(|n| is_energy(n)) && names.iter().any(|n| ZONES.contains(&n.as_str()))
        || names.iter().any(|n| n == "energy_uj")
}

const FELL: &str = "the counter fell and its range is not known: what was used here is not known either, and a run over it has \
                    no energy; log a column max_energy_range_uj too";

const ZONES: [&str; 3] = ["zone", "name", "domain"];

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut table = Table::find(source.lines()?, &is_header, "timestamp, zone, energy_uj and max_energy_range_uj")?;
    let (header, decimal) = (table.header.clone(), table.decimal);
    let time = header.find(&["timestamp", "time", "t_ns"]).ok_or_else(|| {
        Fault::new("no column of times", quoted(&header.names.join(",")), "log with a column timestamp").at(header.line)
    })?;
    let named = |is_it: &dyn Fn(&str) -> bool| header.names.iter().position(|name| is_it(name));
    let zone = header.find(&ZONES);
    let energy = named(&is_energy).ok_or_else(|| {
        Fault::new("no column of energies", quoted(&header.names.join(",")), "log with a column energy_uj")
            .at(header.line)
    })?;
    let range = named(&|name| name.starts_with("max_energy_range"));
    let joules = |at: usize| factor_of_name(&header.names[at], Measure::Energy).map_err(|fault| fault.at(header.line));
    let (to_j, range_to_j) = (joules(energy)?, range.map_or(Ok(1.0), joules)?);
    let used: Vec<usize> = [Some(time), Some(energy), zone, range].into_iter().flatten().collect();
    sink.use_columns(Columns::new(&header, &used));
    let machines = Identity::of_machines(&header, &used, &sink.options.series)?;
    let mut before: HashMap<usize, f64> = HashMap::new();
    while let Some(row) = table.next(&mut sink.notes)? {
        let number = |at: usize| match cell(&row.get(at), decimal) {
            Cell::Number(q) if q.value >= 0.0 && q.unit.is_none() => Ok(q.value),
            Cell::Absent(why) => Err(Some(why)),
            _ => Err(None),
        };
        let name = zone.map_or("package-0".into(), |at| row.get(at).into_owned());
        let Some(scope) = scope(&name) else {
            sink.notes
                .line(row.line, &format!("{} lies inside of its package, which is counted: left out", quoted(&name)));
            continue;
        };
        let Some(t) = sink.time(row.line, &row.get(time))? else { continue };
        let range_j = range.and_then(|at| number(at).ok()).filter(|most| *most > 0.0).map(|most| most * range_to_j);
        let sensor =
            Sensor { range_j, ..Sensor::new(format!("rapl{}:{name}", machines.suffix(&row)), Kind::Counter, scope) };
        let Some(series) = sink.series(sensor) else { continue };
        match number(energy) {
            Ok(energy) => {
                let joules = energy * to_j;
                let last = before.insert(series, joules).unwrap_or(0.0);
                if joules < last && range_j.is_none() {
                    sink.notes.add(FELL, row.line, &format!("{name}: {last:.6} J to {joules:.6} J"));
                }
                sink.push(series, t, joules, None)?;
            }
            Err(Some(why)) => sink.failed(series, row.line, t, &why)?,
            Err(None) => sink.leave_out(row.line, "no energy in its field, left out"),
        }
    }
    sink.left_out(table.left_out);
    Ok(())
}

/// What a zone covers; `None` for parts of a package.
fn scope(zone: &str) -> Option<Scope> {
    let last = zone.rsplit(['/', ':']).find(|part| part.chars().any(char::is_alphabetic)).unwrap_or(zone);
    match last.split('-').next().unwrap_or(last) {
        "core" | "uncore" => None,
        "dram" => Some(Scope::Dram),
        "psys" => Some(Scope::Node),
        _ => Some(Scope::CpuPackage),
    }
}
