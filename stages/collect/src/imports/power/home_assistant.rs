//! Home Assistant's history as CSV (History, Download data): only changes are recorded, so that a value holds until the next row.
//! `unavailable` is a hole. Energy of the steps is kept as a counter that begins anew behind each hole.

use super::{
    Format, Source,
    sink::{
        Sensor, Sink,
        windows::{Window, give},
    },
};
use crate::{
    imports::{
        fault::{Fault, Result, quoted},
        number::{Cell, cell},
        table::Table,
    },
    power::{Kind, Scope},
};
use std::collections::BTreeMap;

pub const FORMAT: Format = Format {
    name: "home-assistant",
    about: "Home Assistant: History, Download data (entity_id,state,last_changed)",
    recognises: |head| {
        head.lines().take(3).any(|line| ["entity_id", "state", "last_changed"].iter().all(|name| line.contains(name)))
    },
    read,
};

const LABEL: &str = "Home Assistant: changes only, each value holds until the next";

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header =
        |names: &[String]| ["entity_id", "state", "last_changed"].iter().all(|n| names.iter().any(|m| m == n));
    let mut table = Table::find(source.lines()?, &is_header, "entity_id, state and last_changed")?;
    let header = table.layout.header.clone();
    let (decimal, entity) = (table.layout.decimal, header.must("entity_id")?);
    let (state, time) = (header.must("state")?, header.must("last_changed")?);
    // Of each entity by time: the line, and the power or nothing.
    let mut changes: BTreeMap<String, BTreeMap<i64, (u64, Option<f64>)>> = BTreeMap::new();
    while let Some(row) = table.next(&mut sink.notes)? {
        let name = row.get(entity).into_owned();
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            continue;
        }
        let Some(t) = sink.time(row.line, &row.get(time))? else { continue };
        let watt = match cell(&row.get(state), decimal) {
            Cell::Number(q) if q.value >= 0.0 => Some(q.value * q.unit.map_or(1.0, |u| u.factor)),
            Cell::Absent(why) => {
                sink.notes.line(row.line, &format!("{}, a hole and not 0", quoted(&why)));
                None
            }
            _ => {
                sink.leave_out(row.line, "a state that is no number, left out");
                continue;
            }
        };
        changes.entry(name).or_default().insert(t, (row.line, watt));
    }
    sink.left_out(table.layout.left_out);
    if let Some(name) = changes.keys().find(|name| name.ends_with("_energy")) {
        return Err(Fault::new("an entity that counts energy", quoted(name), "export the entity of the power, in W"));
    }
    if changes.len() > 1 {
        let names: Vec<&str> = changes.keys().map(String::as_str).collect();
        let remedy = format!("say which is the machine's: --select {}", names.join(" or --select "));
        return Err(Fault::new("several entities", changes.len(), remedy).at(header.line));
    }
    let Some((name, changes)) = changes.into_iter().next() else {
        return Err(match sink.options.select.as_slice() {
            [] => Fault::new("no samples", "0 changes under the header", "export a time in which something ran"),
            asked => Fault::new("no such entity", quoted(&asked.join(",")), "use one of column entity_id"),
        });
    };
    let series = sink.series(Sensor::new(format!("home-assistant:{name}"), Kind::Counter, Scope::Node).label(LABEL));
    let (mut windows, mut hole_ns) = (Vec::new(), 0);
    for ((&start_ns, &(line, watt)), (&end_ns, _)) in changes.iter().zip(changes.iter().skip(1)) {
        match watt {
            Some(watt) => {
                let joules = vec![Some(watt * (end_ns - start_ns) as f64 / 1e9)];
                windows.push(Window { line, name: name.clone(), start_ns, end_ns, joules });
            }
            None => hole_ns += end_ns - start_ns,
        }
    }
    if hole_ns > 0 {
        sink.notes.say(format!("a hole of {:.1} s in which nothing was recorded", hole_ns as f64 / 1e9));
    }
    if windows.is_empty() {
        return Err(Fault::new("one sample", "no interval", "a value holds until the next change, and there is none"));
    }
    give(sink, &[series], &mut windows, "entity")
}
