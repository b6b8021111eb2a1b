//! RAPL counters that a loop polled from sysfs: `timestamp,zone,energy_uj,max_energy_range_uj`
//! (Documentation/power/powercap/powercap.rst). They wrap at the range.

use super::sink::{
    Sensor, Sink,
    identity::{Columns, Identity},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, cell},
    source::Source,
    table::Table,
};
use sensor::{Kind, Scope};
use std::collections::HashMap;

pub const FORMAT: Format<Sink> = Format {
    name: "rapl",
    about: "energy_uj of /sys/class/powercap, polled: timestamp,zone,energy_uj,max_energy_range_uj",
    recognises: |head| head.lines().take(5).any(|line| line.contains("energy_uj")),
    read,
};

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header = |names: &[String]| names.iter().any(|n| n == "energy_uj");
    let mut table = Table::find(source.lines()?, &is_header, "timestamp, zone, energy_uj and max_energy_range_uj")?;
    let (header, decimal) = (table.header.clone(), table.decimal);
    let time = header.find(&["timestamp", "time", "t_ns"]).ok_or_else(|| {
        Fault::new("no column of times", quoted(&header.names.join(",")), "log with a column timestamp").at(header.line)
    })?;
    let (energy, zone) = (header.must("energy_uj")?, header.find(&["zone", "name", "domain"]));
    let range = header.find(&["max_energy_range_uj"]);
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
        let range_j = range.and_then(|at| number(at).ok()).filter(|uj| *uj > 0.0).map(|uj| uj / 1e6);
        let sensor =
            Sensor { range_j, ..Sensor::new(format!("rapl{}:{name}", machines.suffix(&row)), Kind::Counter, scope) };
        let Some(series) = sink.series(sensor) else { continue };
        match number(energy) {
            Ok(uj) => {
                let last = before.insert(series, uj).unwrap_or(0.0);
                if uj < last && range_j.is_none() {
                    let remedy =
                        "add a column max_energy_range_uj (cat /sys/class/powercap/intel-rapl:0/max_energy_range_uj)";
                    let value = format!("{last} uJ to {uj} uJ");
                    return Err(Fault::new("the counter fell and its range is not known", value, remedy).at(row.line));
                }
                sink.push(series, t, uj / 1e6, None)?;
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
