//! HWiNFO's sensor log on Windows: Windows-1252, day first, a comma at the end of each row, the header again and the names of the devices
//! at the end. Two GPUs give two columns of one name.

use super::sink::{Gpu, Sensor, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Measure, cell, factor_of_name, unit_of_name},
    source::Source,
    table::{Header, Table},
    zone::{DateOrder, stamp},
};
use sensor::{Kind, Scope};

pub const FORMAT: Format<Sink> = Format {
    name: "hwinfo",
    about: "HWiNFO: Sensors, Log to file (.CSV)",
    recognises: |head| {
        let first = head.lines().next().unwrap_or("");
        let has_power = ["[W]", "[mW]", "[kW]"].iter().any(|unit| first.contains(unit));
        first.trim_start_matches('"').starts_with("Date") && first.contains("Time") && has_power
    },
    read,
};

/// Columns that are taken unless `--select` says otherwise: of each device the one that covers most of it.
const DEFAULTS: [(&[&str], Scope); 3] = [
    (&["CPU Package Power", "CPU Package Power (SMU)", "CPU PPT"], Scope::CpuPackage),
    (&["Total Board Power (TBP)", "GPU Power", "GPU ASIC Power", "GPU Chip Power"], Scope::Gpu),
    (&["DRAM Power", "Total DRAM Power"], Scope::Dram),
];

/// Whether a column is one of powers: `GPU Power [W]`.
fn is_power(name: &str) -> bool {
    name.ends_with(']') && unit_of_name(name).is_some_and(|unit| unit.of == Measure::Power)
}

/// Whether the name is one of powers that are taken, whatever its unit.
fn is_called_power(name: &str) -> bool {
    DEFAULTS.iter().any(|(names, _)| names.iter().any(|known| quantity(name).eq_ignore_ascii_case(known)))
}

/// A column's name without its unit.
fn quantity(name: &str) -> &str {
    name.rsplit_once('[').map_or(name, |(quantity, _)| quantity).trim()
}

struct Column {
    at: usize,
    name: String,
    scope: Scope,
    /// To W.
    factor: f64,
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header = |names: &[String]| names.iter().any(|n| n == "Date") && names.iter().any(|n| is_power(n));
    let mut table = Table::find(source.lines()?, &is_header, "Date, Time and powers in [W]")?;
    let header = table.header.clone();
    let (decimal, date, time) = (table.decimal, header.must("Date")?, header.must("Time")?);
    let columns = columns(&header, &sink.options.select)?;
    for name in
        header.names.iter().filter(|name| sink.options.select.is_empty() && is_called_power(name) && !is_power(name))
    {
        sink.notes.say(format!("column {} is called a power and has no unit of one: not read", quoted(name)));
    }
    while let Some(row) = table.next(&mut sink.notes)? {
        if row.get(date) == "Date" {
            // The footer: the header with the devices under it.
            continue;
        }
        let text = format!("{} {}", row.get(date), row.get(time));
        let order =
            if sink.options.date_order == DateOrder::Unknown { DateOrder::DayFirst } else { sink.options.date_order };
        let t = match stamp(&text, order) {
            Ok(stamp) => sink.at(row.line, stamp, &text)?,
            Err(_) => {
                sink.leave_out(row.line, super::sink::NO_TIME);
                continue;
            }
        };
        for column in &columns {
            let gpu = (column.scope == Scope::Gpu).then(|| Gpu { index: None, uuid: Some(column.name.clone()) });
            let sensor = Sensor { gpu, ..Sensor::new(format!("hwinfo:{}", column.name), Kind::Instant, column.scope) };
            let Some(series) = sink.series(sensor) else { continue };
            let reading = cell(&row.get(column.at), decimal);
            let watt = match &reading {
                Cell::Number(q) => q.of(Measure::Power, column.factor).filter(|watt| *watt >= 0.0),
                _ => None,
            };
            match (watt, reading) {
                (Some(watt), _) => sink.push(series, t, watt, None)?,
                (_, Cell::Absent(why)) => sink.failed(series, row.line, t, &why)?,
                _ => sink.leave_out(row.line, "no power in its field, left out"),
            }
        }
    }
    sink.left_out(table.left_out);
    Ok(())
}

fn columns(header: &Header, asked: &[String]) -> Result<Vec<Column>> {
    if !asked.is_empty() {
        return asked.iter().map(|name| chosen(header, name)).collect();
    }
    let mut columns = Vec::new();
    for (names, scope) in DEFAULTS {
        let of = |wanted: &&str| {
            let is_it = |n: &&String| is_power(n) && quantity(n).eq_ignore_ascii_case(wanted);
            header.names.iter().find(is_it).map(|name| name.trim())
        };
        if let Some(name) = names.iter().find_map(of)
            && let Some(at) = header.one(name)?
        {
            let factor = factor_of_name(name, Measure::Power).map_err(|fault| fault.at(header.line))?;
            columns.push(Column { at, name: name.to_string(), scope, factor });
        }
    }
    if columns.is_empty() {
        let powers: Vec<&str> = header.names.iter().filter(|n| is_power(n)).map(String::as_str).collect();
        let remedy = format!("say which columns count: --select \"{}\"", powers.join("\" or --select \""));
        return Err(Fault::new("no power of a processor or GPU by a known name", powers.len(), remedy).at(header.line));
    }
    Ok(columns)
}

/// `GPU Power [W]`, or with `#2` the second of that name.
fn chosen(header: &Header, asked: &str) -> Result<Column> {
    let (name, which) = match asked.rsplit_once('#') {
        Some((name, n)) if n.parse::<usize>().is_ok_and(|n| n > 0) => (name, n.parse::<usize>().ok()),
        _ => (asked, None),
    };
    let at = match which {
        None => header.must(name)?,
        Some(n) => *header.all(name).get(n - 1).ok_or_else(|| {
            Fault::new(
                "no such column",
                quoted(asked),
                format!("the header has {} of this name", header.all(name).len()),
            )
            .at(header.line)
        })?,
    };
    let scope = match name {
        _ if name.contains("GPU") || name.contains("Board") => Scope::Gpu,
        _ if name.contains("CPU") => Scope::CpuPackage,
        _ if name.contains("DRAM") => Scope::Dram,
        _ => Scope::Node,
    };
    let factor = factor_of_name(name, Measure::Power).map_err(|fault| fault.at(header.line))?;
    Ok(Column { at, name: asked.to_string(), scope, factor })
}
