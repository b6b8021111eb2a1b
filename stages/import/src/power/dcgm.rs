//! Prometheus's answer to `query_range` (or `query` with a range) over metrics of dcgm-exporter (Prometheus HTTP API; DCGM fields 155
//! to 157). Values are strings; a GPU that is split into MIG instances repeats the power of the whole board for each of them.

use super::sink::{Blend, Gpu, Sensor, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, cell},
    source::Source,
    zone::{Stamp, epoch},
};
use sensor::{Kind, Scope, averaging::Reading};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

pub const FORMAT: Format<Sink> = Format {
    name: "dcgm-prometheus",
    about: "Prometheus query_range JSON of DCGM_FI_DEV_POWER_USAGE or DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    recognises: |head| head.trim_start().starts_with('{') && head.contains("\"resultType\""),
    read,
};

#[derive(Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(serde_json::Number, String)>,
}

/// What a metric counts: kind, and factor to W or J.
fn metric(name: &str) -> Option<(Kind, f64, &'static str)> {
    Some(match name {
        "DCGM_FI_DEV_POWER_USAGE" => {
            (Kind::Average, 1.0, "DCGM field 155: mean over a second from Ampere on (but GA100)")
        }
        "DCGM_FI_DEV_POWER_USAGE_INSTANT" => (Kind::Instant, 1.0, "DCGM field 157"),
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION" => {
            (Kind::Counter, 1e-3, "DCGM field 156: mJ since the driver was loaded")
        }
        _ => return None,
    })
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let answer: Answer = source.document()?;
    let remedy = "ask again: /api/v1/query_range?query=DCGM_FI_DEV_POWER_USAGE&start=..&end=..&step=1s";
    let Some(data) = answer.data.filter(|_| answer.status == "success") else {
        return Err(Fault::new("Prometheus refused the query", quoted(&answer.error.unwrap_or(answer.status)), remedy));
    };
    if data.kind != "matrix" {
        return Err(Fault::new("an answer without a range of times", quoted(&data.kind), remedy));
    }
    let (mut instances, mut reset) = (HashMap::<String, HashSet<String>>::new(), false);
    for series in data.result {
        let label =
            |names: &[&str]| names.iter().find_map(|n| series.metric.get(*n).filter(|v| !v.is_empty()).cloned());
        let name = label(&["__name__"]).unwrap_or_default();
        let Some((kind, factor, about)) = metric(&name) else {
            let known = "query DCGM_FI_DEV_POWER_USAGE or DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION by name, without rate() or sum()";
            return Err(Fault::new("a metric that is no power or energy of DCGM", quoted(&name), known));
        };
        let (uuid, index) = (label(&["UUID", "uuid"]), label(&["gpu"]));
        let Some(gpu) = uuid.clone().or(index.clone()) else {
            return Err(Fault::new("a series without a GPU", quoted(&name), "query it without sum(), by UUID"));
        };
        // A UUID is one GPU wherever its exporter runs.
        let host = label(&["Hostname", "instance"]).filter(|_| uuid.is_none());
        let id = ["dcgm"].into_iter().chain(host.as_deref()).chain([gpu.as_str()]).collect::<Vec<_>>().join(":");
        if let Some(instance) = label(&["GPU_I_ID"]) {
            instances.entry(id.clone()).or_default().insert(instance);
        }
        let (board, driver) = (label(&["modelName"]), label(&["DCGM_FI_DRIVER_VERSION", "driver_version"]));
        let reading = if kind == Kind::Instant { Reading::Instant } else { Reading::Usage };
        let sensor = Sensor::new(&id, kind, Scope::Gpu).label(about).gpu(Gpu { index, uuid });
        let sensor = sensor.nvidia(reading, &board.unwrap_or_default());
        let sensor = Sensor { driver: driver.unwrap_or_default(), ..sensor };
        // Each MIG instance repeats the power of its board.
        let blend = if label(&["GPU_I_ID"]).is_some() { Blend::Mean } else { Blend::Ask };
        let Some(at) = sink.series(Sensor { blend, ..sensor }) else { continue };
        let mut before = f64::NEG_INFINITY;
        for (i, (time, value)) in (1..).zip(series.values) {
            let Some(ns) = epoch(&time.to_string()) else {
                sink.leave_out(i, super::sink::NO_TIME);
                continue;
            };
            let t = sink.at(i, Stamp::Utc(ns), &value)?;
            match cell(&value, Decimal::Point) {
                Cell::Number(q) if q.value >= 0.0 => {
                    reset |= kind == Kind::Counter && q.value < before;
                    before = q.value;
                    sink.push(at, t, q.value * factor, None)?;
                }
                Cell::Absent(why) => sink.failed(at, i, t, &why)?,
                _ => sink.leave_out(i, "a value that is no number, left out"),
            }
        }
    }
    for (id, of) in instances.iter().filter(|(_, of)| !of.is_empty()) {
        let count = of.len();
        sink.notes.say(format!(
            "{id} is split into {count} MIG instances, each with the power of the whole board: counted once, as their mean. \
             What one instance used is not known"
        ));
    }
    if reset {
        sink.notes.say(
            "the energy counter began anew (driver reloaded or node restarted): what was used around it is not known",
        );
    }
    Ok(())
}
