//! Rows of the result: a run's own columns, the series, what the run got from it.

use super::{
    columns::Columns,
    feed::Gathered,
    kernel::{Cut, Meaning, State, Sums},
    spans::{Key, Table},
};
use datafusion::{
    arrow::{
        array::{
            ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, PrimitiveArray, RecordBatch,
            StringBuilder, UInt32Array,
        },
        buffer::{BooleanBuffer, NullBuffer, ScalarBuffer},
        compute::take,
        datatypes::{Float64Type, Int64Type, SchemaRef},
    },
    common::DataFusionError,
    error::Result,
};
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

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
    // Where rows find their states is all over memory. Looking them up needs no state, so many are on their way at once.
    let mut found: Vec<Found> = Vec::with_capacity(rows.len());
    for row in rows.clone() {
        let place = table.places[row];
        let met = place.group().map_or(&[][..], |group| &lines[group]);
        for line in met {
            picked.push(row as u32);
            columns.added().zip(&mut keys).for_each(|((i, _), builder)| builder.append_value(&line.key[i]));
            let state = place.span().and_then(|span| line.states.get(span));
            found.push(Found { row, meaning: line.meaning, state, covered_ns: state.map_or(0, |s| s.covered_ns) });
        }
        if met.is_empty() {
            picked.push(row as u32);
            keys.iter_mut().for_each(StringBuilder::append_null);
            found.push(Found { row, meaning: Meaning::Linear, state: None, covered_ns: 0 });
        }
    }
    let (start, end) = (window(runs, "start_ns")?, window(runs, "end_ns")?);
    let made: Vec<Row> = found
        .iter()
        .map(|found| Row {
            meaning: found.meaning,
            state: found.state.copied().unwrap_or_default(),
            bracketed: table.places[found.row].span().is_some()
                && found.covered_ns == end.value(found.row) - start.value(found.row),
        })
        .collect();
    let one_each = picked.len() == rows.len();
    let picked = UInt32Array::from(picked);
    let own = runs.columns().iter().map(|column| match one_each {
        true => Ok(column.slice(rows.start, rows.len())),
        false => Ok(take(column, &picked, None)?),
    });
    let mut arrays = own.collect::<Result<Vec<ArrayRef>>>()?;
    arrays.extend(keys.into_iter().map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
    arrays.extend(measured(&made));
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

/// A row's state, if any reading was seen, and its first number.
struct Found<'a> {
    row: usize,
    meaning: Meaning,
    state: Option<&'a State>,
    covered_ns: i64,
}

/// What one row is made from.
struct Row {
    meaning: Meaning,
    state: State,
    bracketed: bool,
}

fn window<'a>(runs: &'a RecordBatch, name: &str) -> Result<&'a Int64Array> {
    let column = runs.column_by_name(name).and_then(|column| column.as_primitive_opt());
    column.ok_or_else(|| DataFusionError::Internal(format!("energy_join: no column {name}")))
}

impl Row {
    fn was_reset(&self) -> bool {
        self.state.sums.energy.is_nan()
    }

    fn has_energy(&self) -> bool {
        self.bracketed && !self.was_reset()
    }

    /// From the unit of the state's energies.
    fn joule(&self) -> f64 {
        if self.meaning == Meaning::Counter { 1.0 } else { 1e-9 }
    }

    fn edge_error(&self) -> f64 {
        self.state.edge * self.joule()
    }

    /// Standard error of sampling; the readings at both ends, which have no residual, are as noisy as the others.
    fn sampling_se(&self) -> f64 {
        let Sums { residual2, residuals, .. } = self.state.sums;
        let residuals = f64::from(residuals);
        (residual2 * (residuals + 2.0) / residuals).sqrt() * self.joule()
    }

    /// Degrees of freedom of the standard error: neighbouring residuals share readings, and n of them count as n / 1.94 (their
    /// correlations are -2/3 and 1/6; Bayley and Hammersley 1946, doi:10.2307/2983560).
    fn sampling_df(&self) -> i64 {
        (f64::from(self.state.sums.residuals) / 1.94).floor().max(1.0) as i64
    }

    fn has_residuals(&self) -> bool {
        self.has_energy() && self.state.sums.residuals > 0
    }

    fn error(&self) -> f64 {
        let Sums { least, most, .. } = self.state.sums;
        let sampling = match self.meaning {
            Meaning::Linear if self.has_residuals() => t95(self.sampling_df()) * self.sampling_se(),
            // Too few readings to tell noise from change: half of what was seen, all the time.
            Meaning::Linear if most > least => (most - least) / 2.0 * self.state.covered_ns as f64 * self.joule(),
            _ => 0.0,
        };
        self.edge_error() + sampling
    }

    /// W, from the unit of the state's powers.
    fn watt(&self) -> f64 {
        if self.meaning == Meaning::Counter { 1e9 } else { 1.0 }
    }
}

/// Student's t of a two-sided interval of 95 %.
pub fn t95(df: i64) -> f64 {
    static SMALL: OnceLock<Vec<f64>> = OnceLock::new();
    let small = SMALL.get_or_init(|| {
        let quantile = |df: i64| StudentsT::new(0.0, 1.0, df as f64).map_or(f64::NAN, |t| t.inverse_cdf(0.975));
        (1..=200).map(quantile).collect()
    });
    usize::try_from(df - 1).ok().and_then(|at| small.get(at)).copied().unwrap_or(NORMAL_95)
}

/// A column that is null where `known` does not hold.
fn nullable<T: ArrowPrimitiveType>(
    rows: &[Row],
    known: impl Fn(&Row) -> bool,
    value: impl Fn(&Row) -> T::Native,
) -> ArrayRef {
    let values: ScalarBuffer<T::Native> = rows.iter().map(value).collect();
    let known = BooleanBuffer::collect_bool(rows.len(), |row| known(&rows[row]));
    Arc::new(PrimitiveArray::<T>::new(values, Some(NullBuffer::new(known))))
}

fn flag(rows: &[Row], holds: impl Fn(&Row) -> bool) -> ArrayRef {
    Arc::new(BooleanArray::from(BooleanBuffer::collect_bool(rows.len(), |row| holds(&rows[row]))))
}

fn whole(rows: &[Row], value: impl Fn(&Row) -> i64) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Int64Array>())
}

/// Columns of [`super::columns::MEASURED`].
fn measured(rows: &[Row]) -> Vec<ArrayRef> {
    let double = |known: fn(&Row) -> bool, value: fn(&Row) -> f64| nullable::<Float64Type>(rows, known, value);
    let sums = |row: &Row| row.state.sums;
    let has = |row: &Row, cut: fn(&State) -> Cut| row.has_energy() && cut(&row.state).width_ns > 0;
    const CUTS: [fn(&State) -> Cut; 2] = [|state| state.start, |state| state.end];
    let mut columns = vec![
        double(Row::has_energy, |row| row.state.sums.energy * row.joule()),
        double(Row::has_energy, Row::error),
        double(Row::has_energy, Row::edge_error),
        double(Row::has_residuals, Row::sampling_se),
        nullable::<Int64Type>(rows, Row::has_residuals, Row::sampling_df),
    ];
    for cut in CUTS {
        columns.push(nullable::<Float64Type>(rows, |row| has(row, cut), |row| cut(&row.state).power * row.watt()));
        columns.push(nullable::<Int64Type>(rows, |row| has(row, cut), |row| cut(&row.state).width_ns));
        columns.push(nullable::<Float64Type>(rows, |row| has(row, cut), |row| cut(&row.state).share));
    }
    columns.extend([
        whole(rows, |row| row.state.covered_ns),
        flag(rows, |row| row.bracketed),
        flag(rows, Row::was_reset),
        whole(rows, |row| i64::from(sums(row).samples)),
        nullable::<Int64Type>(rows, |row| sums(row).gap_ns > 0, |row| sums(row).gap_ns),
        nullable::<Float64Type>(rows, |row| sums(row).least.is_finite(), |row| sums(row).least * row.watt()),
        nullable::<Float64Type>(rows, |row| sums(row).most.is_finite(), |row| sums(row).most * row.watt()),
        double(
            |row| row.state.sums.temperatures > 0,
            |row| row.state.sums.temperature_sum / f64::from(row.state.sums.temperatures),
        ),
        double(|row| row.state.sums.memory.is_finite(), |row| row.state.sums.memory),
        double(
            |row| row.state.sums.throttle_known > 0,
            |row| 100.0 * f64::from(row.state.sums.throttled) / f64::from(row.state.sums.throttle_known),
        ),
    ]);
    columns
}
