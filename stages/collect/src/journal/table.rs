//! Samples of a journal as tables, however many they are: sorted in bounded memory, and each sensor told on the way.

use super::{Journal, lines};
use crate::power::source::Values;
use anyhow::Result;
use arrow::{
    array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder},
    error::ArrowError,
};
use schemas::{
    Provenance,
    sorted::{Aside, Kept, Sorter},
    tables::POWER_SAMPLE,
};
use sensor::{Kind, Scope, rows::Traces};
use serde::Deserialize;
use std::{borrow::Cow, path::Path, sync::Arc};

/// Rows that become one batch.
const ROWS: usize = 8192;

/// A line of samples.jsonl.
#[derive(Deserialize)]
struct Sample<'a> {
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    #[serde(borrow)]
    device_id: Cow<'a, str>,
    kind: Kind,
    scope: Scope,
    t_ns: i64,
    #[serde(flatten)]
    values: Values,
}

/// The columns of [`POWER_SAMPLE`], in its order.
#[derive(Default)]
struct Rows {
    session: StringBuilder,
    device: StringBuilder,
    kind: StringBuilder,
    t: Int64Builder,
    scope: StringBuilder,
    floats: [Float64Builder; 8],
    throttled: BooleanBuilder,
    rows: usize,
}

impl Rows {
    fn push(&mut self, sample: &Sample) {
        self.session.append_value(&sample.session_id);
        self.device.append_value(&sample.device_id);
        self.kind.append_value(sample.kind.name());
        self.t.append_value(sample.t_ns);
        self.scope.append_value(sample.scope.name());
        let v = &sample.values;
        let floats = [
            v.power_w,
            v.energy_j,
            v.energy_range_j,
            v.temperature_c,
            v.memory_mb,
            v.utilisation_pct,
            v.clock_mhz,
            v.power_limit_w,
        ];
        self.floats.iter_mut().zip(floats).for_each(|(column, value)| column.append_option(value));
        self.throttled.append_option(v.throttled);
        self.rows += 1;
    }

    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.session.finish()),
            Arc::new(self.device.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.t.finish()),
            Arc::new(self.scope.finish()),
        ];
        columns.extend(self.floats.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        columns.push(Arc::new(self.throttled.finish()));
        RecordBatch::try_new(POWER_SAMPLE.arrow(), columns)
    }
}

/// Whether the contract takes a sample; those of earlier versions may be anything.
fn is_row(sample: &Sample) -> bool {
    let v = &sample.values;
    let at_least_0 = [v.energy_range_j, v.memory_mb, v.utilisation_pct, v.clock_mhz, v.power_limit_w];
    at_least_0.iter().flatten().all(|value| *value >= 0.0)
}

impl Journal {
    /// What the samples tell of their sensors, and the samples as a table where that is asked for. Damaged lines are left out and said.
    pub fn sample_table(&self, path: Option<&Path>, by: &Provenance) -> Result<Traces> {
        let mut sorter: Sorter<()> = Sorter::new(&POWER_SAMPLE, Aside::beside(path.unwrap_or(&self.samples.path)));
        let (mut rows, mut failed): (_, Result<()>) = (Rows::default(), Ok(()));
        let damaged = lines::each(&self.samples.path, |line| {
            let Some(sample) = serde_json::from_slice::<Sample>(line).ok().filter(is_row) else { return false };
            rows.push(&sample);
            if rows.rows == ROWS && failed.is_ok() {
                failed = rows.batch().map_err(anyhow::Error::from).and_then(|batch| Ok(sorter.batch(&batch)?));
            }
            true
        })?;
        failed?;
        sorter.batch(&rows.batch()?)?;
        damaged.say(&self.samples.path, "");
        let (mut traces, mut twice) = (Traces::default(), 0);
        let mut first = |group: &schemas::sorted::Group| {
            twice += group.rows() - 1;
            Ok(Some(Kept::row(0)))
        };
        match path {
            Some(path) => schemas::io::write_each(path, &POWER_SAMPLE, by, &mut |write| {
                let sorter = std::mem::replace(&mut sorter, Sorter::new(&POWER_SAMPLE, Aside::beside(path)));
                sorter.merge(&mut first, &mut |batch| {
                    traces.batch(batch);
                    write(batch)
                })
            })?,
            None => sorter.merge(&mut first, &mut |batch| {
                traces.batch(batch);
                Ok(())
            })?,
        }
        if twice > 0 {
            eprintln!("collect: {}: {twice} samples are there twice, the first counts", self.samples.path.display());
        }
        Ok(traces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let traces = journal.sample_table(Some(&path), &by).unwrap();
        let read = schemas::io::read(&path, &POWER_SAMPLE).unwrap();
        let rows: Vec<serde_json::Value> = schemas::rows::from_batches("power_sample", &read).unwrap();
        assert_eq!(rows, [1, 3, 4, 5, 9].map(sample));
        let told = traces.rows(Vec::new(), "unknown");
        let again = journal.sample_table(None, &by).unwrap().rows(Vec::new(), "unknown");
        assert_eq!((told[0].readings, told[0].longest_gap_ns), (5, Some(4_000_000)));
        assert_eq!(told, again);
        schemas::rows::to_batch(&SENSOR, &told).unwrap();
    }
}
