//! A user's own table: `time` and `power_w`, or `energy_j`, and what else is known. `docs/imports/csv.md` is its definition.

use super::sink::{
    Gpu, NO_EXTRAS, Sensor, Sink, TEMPERATURE, Totals, UTILISATION,
    identity::{Columns, Identity, survey},
    totals,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Measure, Unit, cell, unit_of_name},
    source::Source,
    table::Table,
};
use sensor::{Kind, Scope};

pub const FORMAT: Format<Sink> = Format {
    name: "csv",
    about: "any table with the columns time and power_w, or energy_j (docs/imports/csv.md)",
    recognises,
    read,
};

/// Accepts a table that no other format recognises.
fn recognises(head: &str) -> bool {
    let first = head.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let mut names = first.split([',', ';', '\t', '|']).map(|n| n.trim().trim_matches('"'));
    let of_tool = || super::ALL.iter().any(|f| f.name != FORMAT.name && (f.recognises)(head));
    names.clone().any(is_time) && names.any(is_value) && !of_tool()
}

const TIMES: [&str; 5] = ["time", "timestamp", "t_ns", "t_unix_ns", "datetime"];

fn is_time(name: &str) -> bool {
    TIMES.contains(&name.to_ascii_lowercase().as_str())
}

/// Case tells mW from MW, so that the unit is looked for in the name as it is.
fn is_value(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let named = ["power", "watt", "energy"].iter().any(|n| lower.starts_with(n));
    let has_unit = unit(name).is_some_and(|u| matches!(u.of, Measure::Power | Measure::Energy));
    named && has_unit || matches!(lower.as_str(), "power" | "watts" | "watt" | "energy")
}

fn unit(name: &str) -> Option<Unit> {
    unit_of_name(name).or_else(|| unit_of_name(&name.to_ascii_lowercase()))
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header = |names: &[String]| names.iter().any(|n| is_time(n)) && names.iter().any(|n| is_value(n));
    const WANTED: &str = "time and power_w (or energy_j), as docs/imports/csv.md says";
    let mut table = Table::find(source.lines()?, &is_header, WANTED)?;
    let (header, decimal) = (table.header.clone(), table.decimal);
    let time = header.find(&TIMES).unwrap_or(0);
    let values: Vec<usize> = (0..header.names.len()).filter(|&at| is_value(&header.names[at])).collect();
    let value = match (values.as_slice(), sink.options.select.as_slice()) {
        ([only], []) => *only,
        (_, [name]) => header.must(name)?,
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|&at| header.names[at].as_str()).collect();
            let remedy = format!("say which: --select {}", names.join(" or --select "));
            return Err(Fault::new("several columns of power or energy", names.len(), remedy).at(header.line));
        }
    };
    let name = &header.names[value];
    let unit = unit(name);
    let sign = name.trim_end_matches([']', ')', ' ']);
    let is_mega = ["MW", "MJ", "MWH"].iter().any(|mega| sign.ends_with(mega));
    if is_mega && !name.contains(char::is_lowercase) {
        let remedy = "write the unit of the column in lower case, power_mw or energy_mj, or with its capital, power_MW";
        return Err(Fault::new("milli or mega?", quoted(name), remedy).at(header.line));
    }
    let is_energy = name.trim().to_ascii_lowercase().starts_with("energy");
    let counts = unit.map_or(is_energy, |u| u.of == Measure::Energy);
    let is_unitless = unit.is_none();
    let factor = match (counts, sink.options.energy_unit, unit) {
        (true, Some(asked), _) => asked.factor(),
        (_, _, Some(unit)) => unit.factor,
        _ => 1.0,
    };
    let column = |name: &str| header.find(&[name]);
    let (device, kind, scope) = (column("device"), column("kind"), column("scope"));
    let (range, temperature, utilisation) =
        (column("energy_range_j"), column("temperature_c"), column("utilisation_pct"));
    let used: Vec<usize> = [Some(time), kind, scope, range, temperature, utilisation]
        .into_iter()
        .flatten()
        .chain(values.clone())
        .collect();
    sink.use_columns(Columns::new(&header, &used));
    let of_names = totals::by_name(&header.names[value], &header.names);
    let identity: Identity =
        survey(sink, &header, &mut || Table::find(source.lines()?, &is_header, WANTED), (time, &used, device))?;
    while let Some(row) = table.next(&mut sink.notes)? {
        let text = |at: Option<usize>| at.map(|at| row.get(at).into_owned()).filter(|t| !t.is_empty());
        let number = |at: Option<usize>| match at.map(|at| cell(&row.get(at), decimal)) {
            Some(Cell::Number(q)) => Some(q.value),
            _ => None,
        };
        let Some(t) = sink.time(row.line, &row.get(time))? else { continue };
        let kind = match text(kind) {
            None if counts => Kind::Counter,
            None => Kind::Instant,
            Some(name) => {
                *Kind::ALL.iter().find(|k| k.name() == name && (**k == Kind::Counter) == counts).ok_or_else(|| {
                    let known = if counts { "counter" } else { "instant, average, interval_mean, model" };
                    Fault::new("no kind of reading for this column", quoted(&name), format!("use {known}")).at(row.line)
                })?
            }
        };
        let scope = match text(scope) {
            None if identity.gpu(&row).is_some() => Scope::Gpu,
            None => Scope::Node,
            Some(name) => *[Scope::Gpu, Scope::CpuPackage, Scope::Dram, Scope::Node]
                .iter()
                .find(|s| s.name() == name)
                .ok_or_else(|| {
                    Fault::new("no scope", quoted(&name), "use gpu, cpu_package, dram or node").at(row.line)
                })?,
        };
        let id = format!("csv{}", identity.suffix(&row));
        let name = identity.gpu(&row).or_else(|| text(device)).filter(|_| scope == Scope::Gpu);
        let gpu = name.map(|name| Gpu { index: Some(name), uuid: None });
        let has_unit = !is_unitless || matches!(cell(&row.get(value), decimal), Cell::Number(q) if q.unit.is_some());
        if counts && !has_unit && sink.options.energy_unit.is_none() {
            let remedy = "say the unit of its column: --energy-unit J, --energy-unit Wh or --energy-unit kWh";
            return Err(Fault::new("energies without a unit", quoted(&row.get(value)), remedy).at(row.line));
        }
        let totals = if counts { Totals::Named(of_names) } else { Totals::Stated };
        let sensor =
            Sensor { range_j: number(range), gpu, totals, is_unitless: !has_unit, ..Sensor::new(id, kind, scope) };
        let Some(series) = sink.series(sensor) else { continue };
        let mut extras = NO_EXTRAS;
        extras[TEMPERATURE] = number(temperature).unwrap_or(f64::NAN);
        extras[UTILISATION] = number(utilisation).unwrap_or(f64::NAN);
        match cell(&row.get(value), decimal) {
            Cell::Number(q) => {
                let measure = if counts { Measure::Energy } else { Measure::Power };
                match q.unit {
                    Some(u) if u.of != measure => sink.leave_out(row.line, "another unit than the column's, left out"),
                    unit => sink.push(series, t, q.value * unit.map_or(factor, |u| u.factor), Some(&extras))?,
                }
            }
            Cell::Absent(why) => sink.failed(series, row.line, t, &why)?,
            Cell::Rubbish => sink.leave_out(row.line, "no number in the field of the value, left out"),
        }
    }
    sink.left_out(table.left_out);
    Ok(())
}
