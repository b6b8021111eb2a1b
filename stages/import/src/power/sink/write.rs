//! Series as `power_sample` and `sensor`.

use super::{
    Known, Sensor, Sink, THROTTLED, ordered,
    series::{CHUNK, Page, Store},
    shape::Shaper,
    summary::Summary,
};
use crate::session::SESSION;
use ::sensor::{
    Kind,
    averaging::{self, Averaging},
    rows::{self, WHOLE_WATT},
};
use anyhow::Result;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::{datatypes::DataType, error::ArrowError};
use schemas::{
    Provenance,
    tables::{POWER_SAMPLE, SENSOR},
};
use std::{io, path::Path, sync::Arc};

/// The columns of `power_sample` that are the same in every row of a sensor: pages take as many rows of them as they have.
pub(super) struct Frame {
    counts: bool,
    names: [ArrayRef; 4],
    range: ArrayRef,
    no_number: ArrayRef,
    no_answer: ArrayRef,
}

impl Frame {
    pub(super) fn new(known: &Known) -> Self {
        let (sensor, rows) = (&known.sensor, CHUNK.min((known.readings + known.errors) as usize));
        let counts = sensor.kind == Kind::Counter;
        let texts = [SESSION, &sensor.device_id, sensor.kind.name(), sensor.scope.name()];
        let text = |text| Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows))) as ArrayRef;
        let no_number = new_null_array(&DataType::Float64, rows);
        let range = sensor.range_j.filter(|_| counts);
        Frame {
            counts,
            names: texts.map(text),
            range: range.map_or(no_number.clone(), |range| Arc::new(Float64Array::from(vec![range; rows]))),
            no_number,
            no_answer: new_null_array(&DataType::Boolean, rows),
        }
    }

    /// The rows of one page, of at most [`CHUNK`].
    pub(super) fn batch(&self, page: &Page) -> Result<RecordBatch, ArrowError> {
        let n = page.len();
        let floats = |values: &[f64]| -> ArrayRef {
            if values.is_empty() {
                return self.no_number.slice(0, n);
            }
            let missing = values.iter().filter(|v| v.is_nan()).count();
            let valid = (missing > 0).then(|| NullBuffer::from_iter(values.iter().map(|v| !v.is_nan())));
            Arc::new(Float64Array::new(ScalarBuffer::from(values.to_vec()), valid))
        };
        let throttled = match page.extras[THROTTLED] {
            [] => self.no_answer.slice(0, n),
            values => Arc::new(values.iter().map(|v| (!v.is_nan()).then_some(*v != 0.0)).collect::<BooleanArray>()),
        };
        let [session, device, kind, scope] = self.names.each_ref().map(|name| name.slice(0, n));
        let (power, energy) = if self.counts { (&[] as &[f64], page.v) } else { (page.v, &[] as &[f64]) };
        let t = Arc::new(Int64Array::from(page.t.to_vec()));
        let mut columns = vec![session, device, kind, t, scope, floats(power), floats(energy), self.range.slice(0, n)];
        columns.extend(page.extras[..THROTTLED].iter().map(|values| floats(values)));
        columns.push(throttled);
        RecordBatch::try_new(POWER_SAMPLE.arrow(), columns)
    }
}

/// Gives the readings of a series as they are written.
pub(super) fn shaped(
    store: &Store,
    series: usize,
    known: &Known,
    each: &mut dyn FnMut(Page) -> io::Result<()>,
) -> io::Result<()> {
    let mut shaper = Shaper::new(&known.plan, &known.sensor);
    ordered::read(store, known.stored.unwrap_or(series), &mut |page| shaper.page(page, each))
}

/// Writes both tables. What every sensor told comes back, in the order of the table.
pub fn write<'s>(sink: &'s Sink, folder: &Path, by: &Provenance) -> Result<Vec<(&'s Known, Summary)>> {
    let mut order: Vec<usize> = (0..sink.known.len()).filter(|&at| sink.known[at].dropped.is_none()).collect();
    order.sort_by_key(|&at| (&sink.known[at].sensor.device_id, sink.known[at].sensor.kind.name()));
    let mut told = Vec::new();
    let path = folder.join("power_sample.parquet");
    schemas::io::write_each(&path, &POWER_SAMPLE, by, &mut |write| {
        for &at in &order {
            let known = &sink.known[at];
            let frame = Frame::new(known);
            let mut of = Summary::new(known.sensor.kind, known.sensor.range_j);
            let mut refused = None;
            let done = shaped(&sink.store, at, known, &mut |page| {
                of.see(&page);
                let rows = |cause: String| schemas::Error::Rows { table: POWER_SAMPLE.name, cause };
                let written = frame.batch(&page).map_err(|e| rows(e.to_string())).and_then(|b| write(&b));
                written.map_err(|e| {
                    refused = Some(e);
                    io::Error::other("refused")
                })
            });
            if let Some(error) = refused {
                return Err(error);
            }
            done.map_err(|cause| schemas::Error::Io { path: path.clone(), action: "put readings aside for", cause })?;
            told.push((known, of));
        }
        Ok(())
    })?;
    let rows: Vec<rows::Sensor> =
        told.iter().map(|(known, told)| row(known, told, sink.options.averages_over)).collect();
    schemas::io::write_rows(&folder.join("sensor.parquet"), &SENSOR, &rows, by)?;
    Ok(told)
}

/// What a sensor averages over, ms, and how that is known: by what was asked for, by the log, by board and driver.
fn averaging(sensor: &Sensor, kind: Kind, asked: Option<f64>) -> Option<(f64, &'static str)> {
    if !matches!(kind, Kind::Instant | Kind::Average) {
        return None;
    }
    let of_board = |reading| {
        let Averaging { window_ms, known } = averaging::averaging(reading, None, &sensor.board, &sensor.driver);
        (window_ms, if known == averaging::Known::Assumed { "assumed" } else { "stated" })
    };
    let stated = asked.or(sensor.averaging_ms).map(|ms| (ms, "stated"));
    stated.or(sensor.reading.map(of_board)).or_else(|| rows::assumed_averaging(kind.name()))
}

fn row(known: &Known, told: &Summary, asked: Option<f64>) -> rows::Sensor {
    let sensor = &known.sensor;
    // The second part of a power is written as another kind than it is.
    let kind = match (known.stored, sensor.kind) {
        (Some(_), Kind::Average) => Kind::Instant,
        (Some(_), _) => Kind::Average,
        (None, kind) => kind,
    };
    let averaging = averaging(sensor, kind, asked);
    let counts = sensor.kind == Kind::Counter;
    rows::Sensor {
        session_id: SESSION.into(),
        device_id: sensor.device_id.clone(),
        kind: sensor.kind.name().into(),
        scope: sensor.scope.name().into(),
        source: known.source.into(),
        label: sensor.label.clone(),
        readings: told.rows as i64,
        missed: None,
        errors: Some(known.errors as i64),
        last_error: known.last_error.clone(),
        longest_gap_ns: told.longest_gap_ns,
        update_period_ms: told.period_ms(),
        resolution_w: told.updates.quantum().filter(|_| !counts).map(|step| step.min(WHOLE_WATT)),
        resolution_j: told.updates.quantum().filter(|_| counts && !sensor.is_exact && known.plan.was.is_none()),
        averaging_ms: averaging.map(|(ms, _)| ms),
        averaging_from: averaging.map(|(_, from)| from.into()),
        clock: Some(if sensor.is_exact { "runs" } else { "other" }.into()),
        error_w: None,
        error_pct: None,
        cost_pct: None,
    }
}
