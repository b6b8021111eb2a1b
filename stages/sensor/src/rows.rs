//! Rows of `sensor`: what the samples say of the sensors that gave them, beside what the session knows of them.

use crate::{Kind, State, updates::Updates};
use anyhow::Result;
use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Float64Type, Int64Type},
};
use schemas::{tables::POWER_SAMPLE, text::Row};
use std::collections::BTreeMap;

pub use schemas::tables::sensor::Row as Sensor;

/// Intervals between changes that the update period is the median of.
const CHANGES: usize = 1 << 16;

/// No power is taken to be known to less than a watt because all its readings are round.
pub const WHOLE_WATT: f64 = 1.0;

/// What a sensor is taken to average over that says no more than that it averages: a second, as boards and meters do.
pub fn assumed_averaging(kind: &str) -> Option<(f64, &'static str)> {
    (kind == "average").then_some((1000.0, "assumed"))
}

type Key = (String, String, String);

/// What the samples of one sensor tell.
#[derive(Default)]
struct Trace {
    scope: String,
    readings: usize,
    last_ns: Option<i64>,
    longest_gap_ns: Option<i64>,
    updates: Updates,
}

/// What samples tell of their sensors, seen in the order of the table.
#[derive(Default)]
pub struct Traces(BTreeMap<Key, Trace>);

impl Traces {
    /// Rows of `power_sample`, behind those before.
    pub fn batch(&mut self, batch: &RecordBatch) {
        let text = |at: usize| batch.column(at).as_string::<i32>();
        let number = |name| POWER_SAMPLE.index(name).map(|at| batch.column(at).as_primitive::<Float64Type>());
        let (session, device, kind, scope) = (text(0), text(1), text(2), text(4));
        let t = batch.column(3).as_primitive::<Int64Type>();
        let values = [number("energy_j"), number("power_w")];
        let mut from = 0;
        while from < batch.num_rows() {
            let key = |row: usize| (session.value(row), device.value(row), kind.value(row));
            let to = (from..batch.num_rows()).find(|&row| key(row) != key(from)).unwrap_or(batch.num_rows());
            let (s, d, k) = key(from);
            let new = || Trace { updates: Updates::of(counts_up(k)).bounded(CHANGES), ..Trace::default() };
            let trace = self.0.entry((s.into(), d.into(), k.into())).or_insert_with(new);
            trace.scope = scope.value(from).into();
            for row in from..to {
                let at = t.value(row);
                if let Some(before) = trace.last_ns.replace(at) {
                    trace.longest_gap_ns = trace.longest_gap_ns.max(Some(at - before));
                }
                let value = values.iter().flatten().find(|v| v.is_valid(row)).map(|v| v.value(row));
                value.iter().for_each(|v| trace.updates.see(at, *v));
            }
            trace.readings += to - from;
            from = to;
        }
    }

    /// One row a session x device x kind, of the samples and of the states of a session; sensors without a state are `source`'s.
    pub fn rows(mut self, states: Vec<State>, source: &str) -> Vec<Sensor> {
        let mut known: BTreeMap<Key, State> = BTreeMap::new();
        for state in states {
            let sensor = &state.sensor;
            let key = (state.session_id.clone(), sensor.device_id.clone(), sensor.kind.name().to_string());
            self.0.entry(key.clone()).or_default().scope = sensor.scope.name().into();
            known.insert(key, state);
        }
        self.0.into_iter().map(|(key, trace)| row(trace, known.remove(&key), key, source)).collect()
    }
}

/// [`Traces::rows`] of samples in any order.
pub fn rows(samples: &[Row], states: Vec<State>, source: &str) -> Result<Vec<Sensor>> {
    let mut traces = Traces::default();
    traces.batch(&schemas::rows::to_batch(&POWER_SAMPLE, samples)?);
    Ok(traces.rows(states, source))
}

fn counts_up(kind: &str) -> bool {
    kind == "counter"
}

fn row(trace: Trace, state: Option<State>, (session_id, device_id, kind): Key, source: &str) -> Sensor {
    let updates = trace.updates;
    let counts = counts_up(&kind);
    let made_by_reading = Kind::ALL.iter().any(|k| k.name() == kind && k.made_by_reading());
    let state = state.as_ref();
    let known = state.map(|s| &s.sensor);
    let from = known.map_or("stated", |s| if s.is_averaging_assumed { "assumed" } else { "stated" });
    let stated = known.and_then(|s| s.averaging_ms).map(|ms| (ms, from));
    let averaging = stated.or_else(|| assumed_averaging(&kind));
    Sensor {
        readings: trace.readings as i64,
        longest_gap_ns: trace.longest_gap_ns,
        update_period_ms: updates.period_ns().filter(|_| !made_by_reading).map(|ns| ns as f64 / 1e6),
        resolution_w: updates.quantum().filter(|_| !counts).map(|step| step.min(WHOLE_WATT)),
        resolution_j: updates.quantum().filter(|_| counts),
        scope: trace.scope,
        source: state.map_or(source, |s| &s.source).into(),
        label: known.and_then(|s| s.label.clone()),
        missed: state.map(|s| s.missed as i64),
        errors: state.map(|s| s.errors as i64),
        last_error: state.and_then(|s| s.last_error.clone()),
        averaging_ms: averaging.map(|(ms, _)| ms),
        averaging_from: averaging.map(|(_, from)| from.into()),
        clock: state.map(|s| if s.source == "external" || s.source == "replay" { "other" } else { "runs" }.into()),
        error_w: known.and_then(|s| s.error_w),
        error_pct: known.and_then(|s| s.error_pct),
        cost_pct: state.map(|s| s.cost_pct),
        session_id,
        device_id,
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use serde_json::json;

    fn sample(device: &str, kind: &str, t_ms: i64, value: f64) -> Row {
        let column = if kind == "counter" { "energy_j" } else { "power_w" };
        let row = json!({"session_id": "s", "device_id": device, "kind": kind, "scope": "gpu", "t_ns": t_ms * 1_000_000,
                         column: value});
        row.as_object().unwrap().clone()
    }

    #[test]
    fn samples_in_any_order_tell_gap_period_and_step_of_each_kind() {
        let mut samples: Vec<Row> = (0..40).map(|i| sample("a", "counter", i * 50, 7.0 * (i / 2) as f64)).collect();
        samples.extend((0..40).map(|i| sample("a", "instant", i * 50, 30.0 + 0.25 * (i % 3) as f64)));
        samples.extend([sample("a", "instant", 9000, 31.0), sample("b", "average", 5, 1.0)]);
        samples.extend((0..4).map(|i| sample("c", "model", i * 50, i as f64)));
        samples.reverse();
        let rows = rows(&samples, Vec::new(), "import").unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|r| (r.device_id.as_str(), r.kind.as_str(), r.readings, r.longest_gap_ns, r.update_period_ms))
            .collect();
        assert_eq!(
            told,
            [
                ("a", "counter", 40, Some(50_000_000), Some(100.0)),
                ("a", "instant", 41, Some(7_050_000_000), None),
                ("b", "average", 1, None, None),
                ("c", "model", 4, Some(50_000_000), None)
            ]
        );
        assert_eq!(
            rows.iter().map(|r| (r.resolution_j, r.resolution_w)).collect::<Vec<_>>(),
            [(Some(7.0), None), (None, Some(0.25)), (None, Some(1.0)), (None, Some(1.0))]
        );
        let unsaid = |r: &Sensor| (r.source.clone(), r.missed, r.errors, r.cost_pct);
        assert_eq!(unsaid(&rows[0]), ("import".into(), None, None, None));
    }

    #[test]
    fn a_sensor_that_never_spoke_has_a_row_with_its_errors() {
        let state = State {
            session_id: "s".into(),
            sensor: crate::Sensor::new("external:plug", Kind::Instant, Scope::Node),
            source: "external".into(),
            missed: 2,
            errors: 5,
            last_error: Some("line 1".into()),
            cost_pct: 0.5,
        };
        let rows = rows(&[sample("a", "counter", 0, 1.0)], vec![state], "unknown").unwrap();
        let silent = &rows[1];
        assert_eq!((silent.readings, silent.longest_gap_ns, silent.errors), (0, None, Some(5)));
        assert_eq!((silent.scope.as_str(), silent.source.as_str(), silent.cost_pct), ("node", "external", Some(0.5)));
        assert_eq!(silent.last_error.as_deref(), Some("line 1"));
        assert_eq!(rows[0].source, "unknown");
    }
}
