//! Home Assistant's history as CSV (History, Download data) or as JSON (`/api/history/period`): only changes are recorded, so that a value
//! holds until the next row. The CSV has no unit, the JSON has it. `unavailable` is a hole. Energy of the steps is kept as a counter that
//! begins anew behind each hole.

use super::sink::{
    Sensor, Sink, Totals,
    windows::{Choice, Mark, Span},
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

pub const FORMAT: Format<Sink> = Format {
    name: "home-assistant",
    about: "Home Assistant: History, Download data (entity_id,state,last_changed), or /api/history/period",
    recognises: |head| {
        let has = |text: &str| ["entity_id", "state", "last_changed"].iter().all(|name| text.contains(name));
        head.lines().take(3).any(has) || is_json(head) && has(head)
    },
    read,
};

const ENTITIES: Choice = Choice {
    name: "entities",
    missing: "no such entity",
    remedy: "use one of column entity_id",
    is_zero_absent: false,
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

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.begin_spans(ENTITIES);
    if is_json(&source.head()?) { json(source, sink) } else { csv(source, sink) }
}

fn csv(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header =
        |names: &[String]| ["entity_id", "state", "last_changed"].iter().all(|n| names.iter().any(|m| m == n));
    let mut table = Table::find(source.lines()?, &is_header, "entity_id, state and last_changed")?;
    let header = table.header.clone();
    let (decimal, entity) = (table.decimal, header.must("entity_id")?);
    let (state, time) = (header.must("state")?, header.must("last_changed")?);
    let (mut before, mut slot) = (String::new(), 0);
    while let Some(row) = table.next(&mut sink.notes)? {
        let name = row.get(entity);
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            sink.pass_over();
            continue;
        }
        if before != *name {
            named(&name)?;
            (before, slot) = (name.to_string(), slot_of(sink, &name, true));
        }
        let Some(t) = sink.time(row.line, &row.get(time))? else { continue };
        add(sink, row.line, (&name, slot), t, cell(&row.get(state), decimal), None);
    }
    sink.left_out(table.left_out);
    Ok(())
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

fn json(source: Source, sink: &mut Sink) -> Result<()> {
    let entities: Vec<Vec<Entry>> = source.document()?;
    let mut number = 0;
    for entries in entities {
        let name = entries.iter().find_map(|e| e.entity_id.clone()).unwrap_or_default();
        let unit = entries.iter().find_map(|e| e.attributes.unit_of_measurement.clone());
        if !sink.options.select.is_empty() && !sink.is_selected(&name) {
            number += entries.len() as u64;
            sink.pass_over();
            continue;
        }
        let factor = match unit.as_deref() {
            None => {
                named(&name)?;
                None
            }
            Some("W") => Some(1.0),
            Some("kW") => Some(1e3),
            Some("mW") => Some(1e-3),
            Some(other) => {
                let value = format!("{name} in {other}");
                return Err(Fault::new("an entity that is no power", quoted(&value), "export the entity of the power"));
            }
        };
        let slot = slot_of(sink, &name, factor.is_none());
        for entry in entries {
            number += 1;
            let Some(t) = sink.time(number, &entry.last_changed)? else { continue };
            add(sink, number, (&name, slot), t, cell(&entry.state, Decimal::Point), factor);
        }
    }
    Ok(())
}

fn slot_of(sink: &mut Sink, name: &str, is_unitless: bool) -> usize {
    let sensor = Sensor::new(format!("home-assistant:{name}"), Kind::Counter, Scope::Node).label(LABEL);
    sink.slot(Sensor { totals: Totals::Made, is_unitless, ..sensor })
}

/// `factor` to W of a state that names no unit; `None` where nothing says it.
fn add(sink: &mut Sink, line: u64, (name, slot): (&str, usize), t: i64, state: Cell, factor: Option<f64>) {
    let to_watt = factor.unwrap_or_else(|| sink.options.power_unit.map_or(1.0, |unit| unit.factor()));
    let watt = match state {
        Cell::Number(q) if q.of(Measure::Power, to_watt).is_some_and(|watt| watt >= 0.0) => {
            q.of(Measure::Power, to_watt)
        }
        Cell::Absent(why) => {
            sink.notes.line(line, &format!("{}, a hole and not 0", quoted(&why)));
            None
        }
        _ => return sink.leave_out(line, "a state that is no number, left out"),
    };
    let values = watt.map(|watt| (slot, watt)).into_iter().collect();
    sink.mark(Mark { span: Span::Held, line, name: name.into(), t, length_ns: 0, from_ns: None, values });
}
