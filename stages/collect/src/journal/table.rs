//! Samples as tables, however many they are: sorted in bounded memory, and each sensor told on the way.

use super::LineFile;
use crate::power::source::Sample;
use anyhow::Result;
use schemas::{
    Provenance,
    io::Feed,
    sorted::{Aside, Kept, Sorter},
    tables::POWER_SAMPLE,
};
use sensor::rows::Traces;
use std::path::Path;

/// Whether the contract takes a sample; those of earlier versions may be anything.
fn is_row(sample: &Sample) -> bool {
    let v = &sample.values;
    let at_least_0 = [v.energy_range_j, v.memory_mb, v.utilisation_pct, v.clock_mhz, v.power_limit_w];
    at_least_0.iter().flatten().all(|value| *value >= 0.0)
}

impl LineFile {
    /// What samples tell of their sensors, and the samples as a table where that is asked for. Damaged lines are left out and said.
    pub fn sample_table(&self, path: Option<&Path>, by: &Provenance) -> Result<Traces> {
        let mut sorter: Sorter<Sample> = Sorter::new(&POWER_SAMPLE, Aside::beside(path.unwrap_or(&self.path)));
        let mut sorted = Ok(());
        let damaged = self.read(|line| {
            let Some(sample) = serde_json::from_slice(line).ok().filter(is_row) else { return false };
            if sorted.is_ok() {
                sorted = sorter.row(sorter.rows() as u64 + 1, sample);
            }
            true
        })?;
        sorted?;
        damaged.say(&self.path, "");
        let (mut traces, mut twice, mut sorter) = (Traces::default(), 0, Some(sorter));
        let mut first = |group: &schemas::sorted::Group| {
            twice += group.rows() - 1;
            Ok(Some(Kept::row(0)))
        };
        let feed: Feed = &mut |write| {
            let mut each = |batch: &_| {
                traces.batch(batch);
                write(batch)
            };
            sorter.take().map_or(Ok(()), |sorter| sorter.merge(&mut first, &mut each))
        };
        match path {
            Some(path) => schemas::io::write_each(path, &POWER_SAMPLE, by, feed)?,
            None => feed(&mut |_| Ok(()))?,
        }
        if twice > 0 {
            eprintln!("collect: {}: {twice} samples are there twice, the first counts", self.path.display());
        }
        Ok(traces)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Journal, lines},
        *,
    };
    use schemas::tables::SENSOR;
    use serde_json::json;

    #[test]
    fn samples_in_any_order_become_both_tables_and_damaged_ones_cost_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("j")).unwrap();
        let sample = |t: i64| {
            json!({"session_id": "s", "device_id": "a", "kind": "instant", "scope": "gpu", "t_ns": t * 1_000_000,
                   "power_w": 100.5 + t as f64, "throttled": t % 2 == 0})
        };
        let mut text: Vec<u8> = [5, 3, 4, 1, 3].iter().flat_map(|t| lines::sealed(&sample(*t)).unwrap()).collect();
        text.extend_from_slice(format!("{}\n", sample(9)).as_bytes());
        let mut flipped = lines::sealed(&sample(6)).unwrap();
        flipped[60] ^= 1;
        text.extend(flipped);
        text.extend_from_slice(b"{\"t_ns\": 7}\n");
        std::fs::write(&journal.samples.path, text).unwrap();
        let path = folder.path().join("power_sample.parquet");
        let by = Provenance::new("collect", json!({}));
        let traces = journal.samples.sample_table(Some(&path), &by).unwrap();
        let read = schemas::io::read(&path, &POWER_SAMPLE).unwrap();
        let rows: Vec<serde_json::Value> = schemas::rows::from_batches("power_sample", &read).unwrap();
        assert_eq!(rows, [1, 3, 4, 5, 9].map(sample));
        let told = traces.rows(Vec::new(), "unknown");
        let again = journal.samples.sample_table(None, &by).unwrap().rows(Vec::new(), "unknown");
        assert_eq!((told[0].readings, told[0].longest_gap_ns), (5, Some(4_000_000)));
        assert_eq!(told, again);
        schemas::rows::to_batch(&SENSOR, &told).unwrap();
    }
}
