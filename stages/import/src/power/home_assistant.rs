//! Home Assistant's history as CSV (History, Download data) or as JSON (`/api/history/period`): only changes are recorded, so that a value
//! holds until the next row. The CSV has no unit, the JSON has it. `unavailable` is a hole. Energy of the steps is kept as a counter that
//! begins anew behind each hole.

use super::sink::{
    Sensor, Sink, Totals, plausible,
    windows::{Window, give},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, Measure, cell},
    source::Source,
    table::Table,
};
use sensor::{Kind, Scope};
use serde::Deserialize;
use std::collections::BTreeMap;

pub const FORMAT: Format<Sink> = Format {
    name: "home-assistant",
    about: "Home Assistant: History, Download data (entity_id,state,last_changed), or /api/history/period",
    recognises: |head| {
        let has = |text: &str| ["entity_id", "state", "last_changed"].iter().all(|name| text.contains(name));
        head.lines().take(3).any(has) || is_json(head) && has(head)
    },
    read,
};

const LABEL: &str = "Home Assistant: changes only, each value holds until the next";

/// Whether an entity without a unit is called something else than power: by its last word, or as what was consumed in all or in a day.
fn is_other(entity: &str) -> bool {
    let name = entity.to_ascii_lowercase();
    let words: Vec<&str> = name.split(['_', '.']).collect();
    let has = |word: &str| words.contains(&word);
    let ends = ["energy", "kwh", "wh", "voltage", "cost"].iter().any(|word| words.last() == Some(word));
    let spans = ["total", "today", "daily", "day", "weekly", "monthly", "month", "yearly", "year"];
    ends || has("consumption") && spans.iter().any(|word| has(word))
}

fn named(entity: &str) -> Result<()> {
    let other = || Fault::new("an entity that is no power", quoted(entity), "export the entity of the power, in W");
    if is_other(entity) { Err(other()) } else { Ok(()) }
}

/// Of each entity by time: the line or the number of the entry, and the power or nothing.
type Changes = BTreeMap<String, BTreeMap<i64, (u64, Option<f64>)>>;

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let (changes, is_unitless) =
        if is_json(&source.head()?) { json(source, sink)? } else { (csv(source, sink)?, true) };
    steps(changes, is_unitless, sink)
}

fn csv(source: Source, sink: &mut Sink) -> Result<Changes> {
    let is_header =
        |names: &[String]| ["entity_id", "state", "last_changed"].iter().all(|n| names.iter().any(|m| m == n));
    let mut table = Table::find(source.lines()?, &is_header, "entity_id, state and last_changed")?;
    let header = table.header.clone();
    let (decimal, entity) = (table.decimal, header.must("entity_id")?);
    let (state, time) = (header.must("state")?, header.must("last_changed")?);
    let mut changes = Changes::new();
    while let Some(row) = table.next(&mut sink.notes)? {
        let name = row.get(entity).into_owned();
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            continue;
        }
        let Some(t) = sink.time(row.line, &row.get(time))? else { continue };
        add(&mut changes, sink, row.line, name, t, cell(&row.get(state), decimal), 1.0);
    }
    sink.left_out(table.left_out);
    changes.keys().try_for_each(|name| named(name))?;
    Ok(changes)
}

/// An entry of `/api/history/period`; with `minimal_response` only the first and the last of an entity name it and its unit.
#[derive(Deserialize)]
struct Entry {
    entity_id: Option<String>,
    state: String,
    last_changed: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
struct Attributes {
    unit_of_measurement: Option<String>,
}

/// Whether the unit of one is missing, too.
fn json(source: Source, sink: &mut Sink) -> Result<(Changes, bool)> {
    let entities: Vec<Vec<Entry>> = source.document()?;
    let (mut changes, mut number, mut is_unitless) = (Changes::new(), 0, false);
    for entries in entities {
        let name = entries.iter().find_map(|e| e.entity_id.clone()).unwrap_or_default();
        let unit = entries.iter().find_map(|e| e.attributes.unit_of_measurement.clone());
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            number += entries.len() as u64;
            continue;
        }
        let factor = match unit.as_deref() {
            None => {
                named(&name)?;
                is_unitless = true;
                1.0
            }
            Some("W") => 1.0,
            Some("kW") => 1e3,
            Some("mW") => 1e-3,
            Some(other) => {
                let value = format!("{name} in {other}");
                return Err(Fault::new("an entity that is no power", quoted(&value), "export the entity of the power"));
            }
        };
        for entry in entries {
            number += 1;
            let Some(t) = sink.time(number, &entry.last_changed)? else { continue };
            add(&mut changes, sink, number, name.clone(), t, cell(&entry.state, Decimal::Point), factor);
        }
    }
    Ok((changes, is_unitless))
}

/// `factor` to W of a state that names no unit.
fn add(changes: &mut Changes, sink: &mut Sink, line: u64, name: String, t: i64, state: Cell, factor: f64) {
    let watt = match state {
        Cell::Number(q) if q.of(Measure::Power, factor).is_some_and(|watt| watt >= 0.0) => q.of(Measure::Power, factor),
        Cell::Absent(why) => {
            sink.notes.line(line, &format!("{}, a hole and not 0", quoted(&why)));
            None
        }
        _ => return sink.leave_out(line, "a state that is no number, left out"),
    };
    let of_one = changes.entry(name).or_default();
    match of_one.get(&t) {
        // A hole and a state of one instant: the state came behind it.
        Some((_, Some(_))) if watt.is_none() => {}
        Some((before, Some(other))) if Some(*other) != watt => {
            let what = format!("two states at one instant, the later line counts: the other was in line {before}");
            sink.notes.line(line, &what);
            of_one.insert(t, (line, watt));
        }
        _ => {
            of_one.insert(t, (line, watt));
        }
    }
}

fn steps(changes: Changes, is_unitless: bool, sink: &mut Sink) -> Result<()> {
    if changes.len() > 1 {
        let names: Vec<&str> = changes.keys().map(String::as_str).collect();
        let remedy = format!("say which is the machine's: --select {}", names.join(" or --select "));
        return Err(Fault::new("several entities", changes.len(), remedy).at(1));
    }
    let Some((name, changes)) = changes.into_iter().next() else {
        return Err(match sink.options.select.as_slice() {
            [] => Fault::new("no samples", "0 changes under the header", "export a time in which something ran"),
            asked => Fault::new("no such entity", quoted(&asked.join(",")), "use one of column entity_id"),
        });
    };
    let id = format!("home-assistant:{name}");
    // The power of the steps is what its bounds are of; their energy is what is written.
    if is_unitless && sink.options.power_unit.is_none() {
        let highest = changes.values().filter_map(|(_, watt)| *watt).fold(0.0, f64::max);
        plausible::check_unitless(&id, highest)?;
    }
    let sensor = Sensor::new(id, Kind::Counter, Scope::Node).label(LABEL);
    let series = sink.series(Sensor { totals: Totals::Made, ..sensor });
    let factor = sink.options.power_unit.filter(|_| is_unitless).map_or(1.0, |unit| unit.factor());
    let (mut windows, mut hole_ns) = (Vec::new(), 0);
    for ((&start_ns, &(line, watt)), (&end_ns, _)) in changes.iter().zip(changes.iter().skip(1)) {
        match watt {
            Some(watt) => {
                let joules = vec![Some(factor * watt * (end_ns - start_ns) as f64 / 1e9)];
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
