//! Recorded samples played back: a contract CSV of `power_sample` whose first instant is taken as the moment of opening.

use super::{Reading, Source};
use crate::clock::monotonic_ns;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Recorded {
    t_ns: i64,
    #[serde(flatten)]
    reading: Reading,
}

pub struct Replay {
    recorded: Vec<Recorded>,
    opened_ns: i64,
}

impl Replay {
    pub fn open(file: &Path) -> Result<Self, String> {
        let rows = schemas::text::read_csv(file, &schemas::tables::POWER_SAMPLE).map_err(|e| e.to_string())?;
        let mut recorded = rows
            .into_iter()
            .map(|row| serde_json::from_value::<Recorded>(row.into()).map_err(|e| format!("{}: {e}", file.display())))
            .collect::<Result<Vec<_>, _>>()?;
        recorded.sort_by_key(|r| r.t_ns);
        match recorded.is_empty() {
            true => Err(format!("{}: no samples", file.display())),
            false => Ok(Replay { recorded, opened_ns: monotonic_ns() }),
        }
    }

    /// The last recorded reading of each sensor and kind at `elapsed_ns`; after the end of the record, its last.
    fn at(&self, elapsed_ns: i64, out: &mut Vec<Reading>) {
        let until = self.recorded[0].t_ns + elapsed_ns;
        let past = self.recorded.partition_point(|r| r.t_ns <= until);
        for r in self.recorded[..past].iter().rev() {
            if !out.iter().any(|o| o.device_id == r.reading.device_id && o.kind == r.reading.kind) {
                out.push(r.reading.clone());
            }
        }
    }
}

impl Source for Replay {
    fn devices(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.recorded.iter().map(|r| r.reading.device_id.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn read(&mut self, out: &mut Vec<Reading>) -> Result<(), String> {
        self.at(monotonic_ns() - self.opened_ns, out);
        Ok(())
    }
}
