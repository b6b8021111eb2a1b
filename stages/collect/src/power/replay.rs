//! Recorded samples played back: a contract CSV of `power_sample` whose first instant is taken as the moment of opening.

use super::source::{Look, Sensor, Settings, Source, Values};
use protocol::monotonic_ns;
use sensor::{Kind, Scope};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub file: PathBuf,
    pub sample_hz: f64,
    pub required: bool,
}

#[derive(Deserialize)]
struct Recorded {
    t_ns: i64,
    device_id: String,
    kind: Kind,
    scope: Scope,
    #[serde(flatten)]
    values: Values,
}

struct Replay {
    sensors: Vec<Sensor>,
    /// Of each sensor, in order of time.
    recorded: Vec<Vec<(i64, Values)>>,
    /// CLOCK_MONOTONIC of the record's first instant.
    began_ns: i64,
}

impl Settings for Config {
    fn open(&self) -> Result<Box<dyn Source>, String> {
        let rows = schemas::text::read_csv(&self.file, &schemas::tables::POWER_SAMPLE).map_err(|e| e.to_string())?;
        let (mut sensors, mut recorded): (Vec<Sensor>, Vec<Vec<(i64, Values)>>) = Default::default();
        for row in rows {
            let row: Recorded =
                serde_json::from_value(row.into()).map_err(|e| format!("{}: {e}", self.file.display()))?;
            let known = sensors.iter().position(|s| s.device_id == row.device_id && s.kind == row.kind);
            let at = known.unwrap_or_else(|| {
                sensors.push(Sensor::new(&row.device_id, row.kind, row.scope));
                recorded.push(Vec::new());
                sensors.len() - 1
            });
            recorded[at].push((row.t_ns, row.values));
        }
        recorded.iter_mut().for_each(|of| of.sort_by_key(|(t, _)| *t));
        match recorded.iter().filter_map(|of| of.first()).map(|(t, _)| *t).min() {
            None => Err(format!("{}: no samples", self.file.display())),
            Some(first) => Ok(Box::new(Replay { sensors, recorded, began_ns: monotonic_ns() - first })),
        }
    }

    fn required(&self) -> bool {
        self.required
    }
}

impl Source for Replay {
    fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    /// The last recorded reading of each sensor; after the end of the record, its last.
    fn read(&mut self, look: &mut Look) {
        let until = monotonic_ns() - self.began_ns;
        for (sensor, recorded) in self.recorded.iter().enumerate() {
            let past = recorded.partition_point(|(t, _)| *t <= until);
            if let Some((_, values)) = recorded[..past].last() {
                look.values(sensor, *values);
            }
        }
    }
}
