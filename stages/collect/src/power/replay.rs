//! Recorded samples played back: a contract CSV of `power_sample` whose first instant is taken as the moment of opening.

use super::{
    polled::Polled,
    source::{Sample, Settings, Source, Values, new_sensor},
};
use protocol::monotonic_ns;
use sensor::Sensor;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub file: PathBuf,
    pub sample_hz: f64,
    pub required: bool,
}

impl Settings for Config {
    fn required(&self) -> bool {
        self.required
    }
}

/// Each look gives the last recorded reading of each sensor; after the end of the record, its last.
pub fn open(config: &Config) -> Result<Box<dyn Source>, String> {
    let path = config.file.display();
    let rows = schemas::text::read_csv(&config.file, &schemas::tables::POWER_SAMPLE).map_err(|e| e.to_string())?;
    // Of each sensor, in order of time.
    let mut recorded: Vec<(Sensor, Vec<(i64, Values)>)> = Vec::new();
    for row in rows {
        let row: Sample = serde_json::from_value(row.into()).map_err(|e| format!("{path}: {e}"))?;
        let known = recorded.iter().position(|(s, _)| s.device_id == row.device_id && s.kind == row.kind);
        let at = known.unwrap_or_else(|| {
            recorded.push((new_sensor(&row.device_id, row.kind, row.scope), Vec::new()));
            recorded.len() - 1
        });
        recorded[at].1.push((row.t_ns, row.values));
    }
    let first = recorded.iter().flat_map(|(_, values)| values).map(|(t, _)| *t).min().unwrap_or_default();
    let began_ns = monotonic_ns() - first;
    let mut replay = Polled::default();
    for (sensor, mut values) in recorded {
        values.sort_by_key(|(t, _)| *t);
        replay.add(sensor, move || {
            let past = values.partition_point(|(t, _)| *t <= monotonic_ns() - began_ns);
            Ok(values[..past].last().map(|(_, values)| *values))
        });
    }
    replay.opened(|_| format!("{path}: no samples"))
}
