//! Rows of the result: a run's own columns, the series, what the run got from it.

use super::{
    columns::Columns,
    feed::Gathered,
    kernel::{Meaning, State},
    spans::{Key, Table},
};
use datafusion::{
    arrow::{
        array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder, UInt32Array},
        compute::take,
        datatypes::SchemaRef,
    },
    error::Result,
};
use std::{ops::Range, sync::Arc};

/// Standard deviations that 95 % of a normal distribution lie within.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// One series under a group of spans.
pub struct Line {
    key: Key,
    meaning: Meaning,
    states: Vec<State>,
}

/// The series of each group, in order of their keys.
pub fn lines(gathered: Gathered) -> Vec<Vec<Line>> {
    let of = |(key, (meaning, states))| Line { key, meaning, states };
    gathered.by_group.into_iter().map(|group| group.into_iter().map(of).collect()).collect()
}

/// Rows of the result for `rows` of the runs query: one for each series that the run meets, or a single one without a series.
pub fn batch(
    schema: &SchemaRef,
    columns: &Columns,
    runs: &RecordBatch,
    table: &Table,
    lines: &[Vec<Line>],
    rows: Range<usize>,
) -> Result<RecordBatch> {
    let mut picked: Vec<u32> = Vec::with_capacity(rows.len());
    let mut keys: Vec<StringBuilder> = columns.added().map(|_| StringBuilder::new()).collect();
    let mut measured = Measured::with_capacity(rows.len());
    for row in rows.clone() {
        let place = table.places[row];
        let met = place.group().map_or(&[][..], |group| &lines[group]);
        let window = place.group().zip(place.span()).map(|(group, span)| table.groups[group].window(span));
        for line in met {
            picked.push(row as u32);
            columns.added().zip(&mut keys).for_each(|((i, _), builder)| builder.append_value(&line.key[i]));
            let state = place.span().and_then(|span| line.states.get(span)).copied().unwrap_or_default();
            measured.push(line.meaning, &state, window);
        }
        if met.is_empty() {
            picked.push(row as u32);
            keys.iter_mut().for_each(StringBuilder::append_null);
            measured.push(Meaning::Linear, &State::default(), window);
        }
    }
    let one_each = picked.len() == rows.len();
    let picked = UInt32Array::from(picked);
    let own = runs.columns().iter().map(|column| match one_each {
        true => Ok(column.slice(rows.start, rows.len())),
        false => Ok(take(column, &picked, None)?),
    });
    let mut arrays = own.collect::<Result<Vec<ArrayRef>>>()?;
    arrays.extend(keys.into_iter().map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
    arrays.extend(measured.finish());
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

/// Columns of [`super::columns::MEASURED`].
struct Measured {
    energy: Float64Builder,
    error: Float64Builder,
    covered: Int64Builder,
    bracketed: BooleanBuilder,
    was_reset: BooleanBuilder,
    samples: Int64Builder,
    gap: Int64Builder,
    least: Float64Builder,
    most: Float64Builder,
    temperature: Float64Builder,
    memory: Float64Builder,
    throttled: Float64Builder,
}

impl Measured {
    fn with_capacity(rows: usize) -> Self {
        let double = || Float64Builder::with_capacity(rows);
        let whole = || Int64Builder::with_capacity(rows);
        let flag = || BooleanBuilder::with_capacity(rows);
        Measured {
            energy: double(),
            error: double(),
            covered: whole(),
            bracketed: flag(),
            was_reset: flag(),
            samples: whole(),
            gap: whole(),
            least: double(),
            most: double(),
            temperature: double(),
            memory: double(),
            throttled: double(),
        }
    }

    fn push(&mut self, meaning: Meaning, state: &State, window: Option<(i64, i64)>) {
        let bracketed = window.is_some_and(|(start, end)| state.covered_ns == end - start);
        let was_reset = state.energy.is_nan();
        let known = bracketed && !was_reset;
        let to_joule = if meaning == Meaning::Counter { 1.0 } else { 1e-9 };
        let error = state.edge + NORMAL_95 * (state.step2 / 2.0).sqrt();
        let finite = |v: f64| v.is_finite().then_some(v);
        let share = |part: f64, whole: u32| (whole > 0).then(|| part / f64::from(whole));
        self.energy.append_option(known.then_some(state.energy * to_joule));
        self.error.append_option(known.then_some(error * to_joule));
        self.covered.append_value(state.covered_ns);
        self.bracketed.append_value(bracketed);
        self.was_reset.append_value(was_reset);
        self.samples.append_value(i64::from(state.samples));
        self.gap.append_option((state.gap_ns > 0).then_some(state.gap_ns));
        self.least.append_option(finite(state.least));
        self.most.append_option(finite(state.most));
        self.temperature.append_option(share(state.temperature_sum, state.temperatures));
        self.memory.append_option(finite(state.memory));
        self.throttled.append_option(share(100.0 * f64::from(state.throttled), state.throttle_known));
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.energy.finish()),
            Arc::new(self.error.finish()),
            Arc::new(self.covered.finish()),
            Arc::new(self.bracketed.finish()),
            Arc::new(self.was_reset.finish()),
            Arc::new(self.samples.finish()),
            Arc::new(self.gap.finish()),
            Arc::new(self.least.finish()),
            Arc::new(self.most.finish()),
            Arc::new(self.temperature.finish()),
            Arc::new(self.memory.finish()),
            Arc::new(self.throttled.finish()),
        ]
    }
}
