//! `amd-smi metric --power --usage -w 1 --csv`, or `monitor` with the same (AMD SMI's manual): a sentence, then the header again for every
//! sweep. Times are whole seconds, so that two sweeps may share one.

use super::sink::identity::{Columns, Identity};
use super::sink::{Blend, CLOCK, Gpu, NO_EXTRAS, Sensor, Sink, TEMPERATURE, UTILISATION};
use crate::read::{
    fault::Result,
    format::Format,
    number::{Cell, Measure, cell, factor_of_name},
    source::Source,
    table::Table,
};
use sensor::{Kind, Scope};
use std::collections::{HashMap, HashSet};

pub const FORMAT: Format<Sink> = Format {
    name: "amd-smi",
    about: "amd-smi metric --power --usage -w 1 --csv",
    recognises: |head| {
        let is_header = |line: &str| line.contains("gpu") && line.split(',').any(|c| POWERS.contains(&c.trim()));
        head.lines().take(20).any(is_header)
    },
    read,
};

/// By the version of amd-smi.
const POWERS: [&str; 4] = ["socket_power", "current_socket_power", "average_socket_power", "power_usage"];
const EXTRAS: [(&[&str], usize); 3] = [
    (&["hotspot", "temperature_hotspot", "edge"], TEMPERATURE),
    (&["gfx_activity", "gfx_usage"], UTILISATION),
    (&["gfx_0_clk", "gfx_clk"], CLOCK),
];

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header =
        |names: &[String]| names.iter().any(|n| n == "gpu") && names.iter().any(|n| POWERS.contains(&n.as_str()));
    let mut table = Table::find(source.lines()?, &is_header, "timestamp, gpu and socket_power")?;
    let header = table.header.clone();
    let (decimal, gpu) = (table.decimal, header.must("gpu")?);
    // What one column never has, the next may: it depends on the chip.
    let powers: Vec<(&str, usize)> = POWERS.iter().filter_map(|p| Some((*p, header.find(&[p])?))).collect();
    let time = header.find(&["timestamp"]);
    let used: Vec<usize> = [Some(gpu), time].into_iter().flatten().chain(powers.iter().map(|p| p.1)).collect();
    sink.use_columns(Columns::new(&header, &used));
    let machines = Identity::of_machines(&header, &used, &sink.options.series)?;
    let mut said: HashSet<String> = HashSet::new();
    let extras_at = EXTRAS.map(|(names, extra)| (header.find(names), extra));
    let mut chosen: HashMap<String, (&str, usize)> = HashMap::new();
    while let Some(row) = table.next(&mut sink.notes)? {
        let index = row.get(gpu).into_owned();
        let t = match time {
            Some(at) => sink.time(row.line, &row.get(at))?,
            None => Some(sink.swept(&index, "no column timestamp (amd-smi metric without -w)")?),
        };
        let Some(t) = t else { continue };
        if index.is_empty() || index.len() > 40 {
            sink.leave_out(row.line, "no GPU in the row, left out");
            continue;
        }
        let mut extras = NO_EXTRAS;
        for (at, extra) in extras_at.iter().filter_map(|(at, extra)| Some(((*at)?, *extra))) {
            if let Cell::Number(q) = cell(&row.get(at), decimal) {
                extras[extra] = q.value;
            }
        }
        let absent = |at: usize| matches!(cell(&row.get(at), decimal), Cell::Absent(_));
        // Of each GPU the first column that it was seen to have: a reading that fails later is none in another.
        let there = || powers.iter().copied().find(|(_, at)| !absent(*at));
        if let Some(found) = there().filter(|_| !chosen.contains_key(&index)) {
            chosen.insert(index.clone(), found);
        }
        let (name, power) = chosen.get(&index).or(powers.first()).copied().unwrap_or(("gpu", gpu));
        if name != powers[0].0 && said.insert(index.clone()) {
            sink.notes.line(row.line, &format!("GPU {index} has no {}: {name} is taken", powers[0].0));
        }
        let host = machines.suffix(&row);
        let of = Gpu { index: Some(format!("{host}:{index}").trim_start_matches(':').to_string()), uuid: None };
        let sensor = Sensor::new(format!("amd-smi{host}:{index}"), Kind::Average, Scope::Gpu)
            .label(format!("{name} of amd-smi"))
            .gpu(of);
        // Times are whole seconds: two sweeps may share one.
        let sensor = Sensor { blend: Blend::Seldom, ..sensor };
        let Some(series) = sink.series(sensor) else { continue };
        match cell(&row.get(power), decimal) {
            Cell::Number(q) if q.of(Measure::Power, 1.0).is_some_and(|w| w >= 0.0) => {
                let factor = factor_of_name(&header.names[power], Measure::Power)?;
                sink.push(series, t, q.of(Measure::Power, factor).unwrap_or(f64::NAN), Some(&extras))?
            }
            Cell::Absent(why) => sink.failed(series, row.line, t, &why)?,
            _ => sink.leave_out(row.line, "no power in its field, left out"),
        }
    }
    sink.left_out(table.left_out);
    Ok(())
}
