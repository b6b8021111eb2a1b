//! Status of Shelly plugs and meters, asked again and again: `http://PLUG/status` (first generation) or `http://PLUG/rpc/Shelly.GetStatus`
//! (later ones). The energy of the first counts watt-minutes (Shelly's API, "meters"), of the later ones watt-hours ("aenergy", "emdata").

use super::sink::{Sensor, Sink};
use crate::read::{
    fault::{Fault, Result},
    format::Format,
    source::Source,
    zone::{Stamp, epoch},
};
use sensor::{Kind, Scope};
use serde_json::{Map, Value};

pub const FORMAT: Format<Sink> = Format {
    name: "shelly",
    about: "Shelly: /status or /rpc/Shelly.GetStatus, one answer after another",
    recognises: |head| {
        let keys = ["\"meters\"", "\"emeters\"", "\"aenergy\"", "\"em:0\"", "\"em1:0\""];
        let has_meter = keys.iter().any(|key| head.contains(key));
        head.trim_start().starts_with(['{', '[']) && head.contains("\"unixtime\"") && has_meter
    },
    read,
};

const J_PER_WATT_MINUTE: f64 = 60.0;
const J_PER_WH: f64 = 3600.0;
const LABEL: &str = "Shelly: all that is plugged in";
/// Meters of whole installations: of three phases and of one, their power, where their energy is and its name.
const METERS: [(&str, &str, &str, &str); 2] =
    [("em:", "total_act_power", "emdata:", "total_act"), ("em1:", "act_power", "em1data:", "total_act_energy")];

/// By how much a sum may differ from its phases, which are rounded and read one after another: W, and share.
const APART_W: f64 = 5.0;
const APART: f64 = 0.05;

/// Objects in objects that are looked into.
const DEPTH: usize = 6;

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut found = 0;
    answers(&source.text()?, &mut |line, value| match value {
        Some(value) => look(sink, line, &value, DEPTH, &mut found),
        None => {
            sink.leave_out(line, "no whole answer, left out");
            Ok(())
        }
    })?;
    if found == 0 {
        return Err(Fault::new(
            "no status with a time and a meter",
            "0 answers",
            "give answers of /status or /rpc/Shelly.GetStatus",
        ));
    }
    Ok(())
}

/// Calls `each` with every JSON value and the line that it begins in, and with nothing for what is none: the next may be whole.
fn answers(text: &str, each: &mut dyn FnMut(u64, Option<Value>) -> Result<()>) -> Result<()> {
    let (mut at, mut line) = (0, 1);
    let lines = |part: &str| part.bytes().filter(|b| *b == b'\n').count() as u64;
    loop {
        let begin =
            at + text[at..].find(|c: char| !c.is_whitespace() && c != ',' && c != ']').unwrap_or(text.len() - at);
        line += lines(&text[at..begin]);
        at = begin;
        let rest = &text[at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let end = match values.next() {
            None => return Ok(()),
            Some(Ok(value)) => {
                each(line, Some(value))?;
                values.byte_offset()
            }
            Some(Err(_)) => {
                // A list is looked into; of anything else its line is lost, and with it those that go on within it.
                let inside = rest.starts_with('[').then_some(1);
                if inside.is_none() {
                    each(line, None)?;
                }
                inside.or_else(|| rest.find("\n{").map(|end| end + 1)).unwrap_or(rest.len())
            }
        };
        line += lines(&rest[..end]);
        at += end;
    }
}

/// Finds answers in whatever somebody put around them.
fn look(sink: &mut Sink, number: u64, value: &Value, depth: usize, found: &mut u64) -> Result<()> {
    match value {
        Value::Array(items) if depth > 0 => {
            items.iter().try_for_each(|item| look(sink, number, item, depth - 1, found))
        }
        Value::Object(map) if status(sink, number, map)? => {
            *found += 1;
            Ok(())
        }
        Value::Object(map) if depth > 0 => map.values().try_for_each(|item| look(sink, number, item, depth - 1, found)),
        _ => Ok(()),
    }
}

/// Whether this was an answer. The `timestamp` of a meter is local time and not read.
fn status(sink: &mut Sink, number: u64, map: &Map<String, Value>) -> Result<bool> {
    let late = map.get("sys").and_then(|sys| sys.get("unixtime"));
    let Some(time) = map.get("unixtime").or(late).filter(|t| t.is_number()) else { return Ok(false) };
    let is_meter = |key: &str| METERS.iter().any(|(begin, ..)| key.starts_with(begin));
    let has_meter =
        map.iter().any(|(k, v)| k == "meters" || k == "emeters" || is_meter(k) || v.get("aenergy").is_some());
    if !has_meter {
        return Ok(false);
    }
    let Some(ns) = epoch(&time.to_string()) else {
        sink.leave_out(number, "the plug does not know the time yet, left out");
        return Ok(true);
    };
    let t = sink.at(number, Stamp::Utc(ns), "unixtime")?;
    let mac = map.get("mac").or_else(|| map.get("sys").and_then(|s| s.get("mac"))).and_then(Value::as_str);
    let plug = mac.map_or_else(String::new, |mac| format!("{mac}:"));
    for key in ["meters", "emeters"] {
        for (i, meter) in map.get(key).and_then(Value::as_array).into_iter().flatten().enumerate() {
            // An `emeter` counts watt-hours already in the first generation.
            let unit = if key == "meters" { J_PER_WATT_MINUTE } else { J_PER_WH };
            let total = meter.get("total").map(|t| (t, unit));
            reading(sink, number, t, &format!("shelly:{plug}{key}:{i}"), meter, "power", total)?;
        }
    }
    for (name, meter) in map.iter().filter(|(_, v)| v.get("aenergy").is_some()) {
        let total = meter.get("aenergy").and_then(|a| a.get("total")).map(|t| (t, J_PER_WH));
        reading(sink, number, t, &format!("shelly:{plug}{name}"), meter, "apower", total)?;
    }
    for (begin, power, counter, total) in METERS {
        for (name, meter) in map.iter().filter(|(name, _)| name.starts_with(begin)) {
            let counter = format!("{counter}{}", &name[begin.len()..]);
            let total = map.get(&counter).and_then(|c| c.get(total)).map(|t| (t, J_PER_WH));
            reading(sink, number, t, &format!("shelly:{plug}{name}"), meter, power, total)?;
        }
    }
    Ok(true)
}

fn reading(
    sink: &mut Sink,
    number: u64,
    t: i64,
    id: &str,
    meter: &Value,
    power: &str,
    total: Option<(&Value, f64)>,
) -> Result<()> {
    let valid = meter.get("is_valid").and_then(Value::as_bool).unwrap_or(true);
    let phase = |name: &str| meter.get(name).and_then(Value::as_f64);
    let phases = ["a_act_power", "b_act_power", "c_act_power"].map(phase).into_iter().sum::<Option<f64>>();
    if let Some((sum, whole)) = phases.zip(meter.get(power).and_then(Value::as_f64))
        && (sum - whole).abs() > APART_W + APART * whole.abs()
    {
        let what = format!("phases of {sum} W together, and {whole} W in all");
        return match sink.series(Sensor::new(id, Kind::Instant, Scope::Node).label(LABEL)) {
            Some(series) => sink.failed(series, number, t, &what),
            None => Ok(()),
        };
    }
    let watt = meter.get(power).and_then(Value::as_f64).filter(|w| valid && *w >= 0.0);
    let joules = total.and_then(|(t, unit)| Some(t.as_f64()? * unit)).filter(|_| valid);
    for (kind, value) in [(Kind::Instant, watt), (Kind::Counter, joules)] {
        let Some(series) = sink.series(Sensor::new(id, kind, Scope::Node).label(LABEL)) else { continue };
        match value {
            Some(value) => sink.push(series, t, value, None)?,
            None => sink.failed(series, number, t, "no valid value")?,
        }
    }
    Ok(())
}
