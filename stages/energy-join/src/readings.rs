//! Readings of one series, as slices of Arrow arrays.

use super::{columns::Chunk, kernel::Meaning};
use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array},
        compute::{cast, filter},
        datatypes::{DataType, Float32Type, Float64Type},
        error::ArrowError,
    },
    error::Result,
};

/// Successive readings of one series.
pub struct Readings<'a> {
    pub t: &'a [i64],
    /// Power in W, or for a counter energy in J. All finite.
    pub v: &'a [f64],
    /// Energy at which the counter wraps, J; not a number where unknown.
    pub range: f64,
    pub meaning: Meaning,
    pub temperature: Option<Gauge<'a>>,
    pub memory: Option<Gauge<'a>>,
    pub throttled: Option<&'a BooleanArray>,
}

/// Something read beside power.
pub enum Gauge<'a> {
    Single(&'a [f32]),
    Double(&'a [f64]),
    /// With nulls.
    Sparse(Float64Array),
}

impl<'a> Gauge<'a> {
    /// Of an array of floating-point numbers; `None` where none is known.
    fn new(array: &'a ArrayRef) -> Result<Option<Self>> {
        if array.null_count() == array.len() {
            return Ok(None);
        }
        Ok(Some(match array.data_type() {
            DataType::Float32 if array.null_count() == 0 => Gauge::Single(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 if array.null_count() == 0 => Gauge::Double(array.as_primitive::<Float64Type>().values()),
            _ => Gauge::Sparse(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone()),
        }))
    }
}

impl Gauge<'_> {
    /// Sum of the known values of `a..z`, and how many they are.
    #[inline(always)]
    pub fn sum(&self, a: usize, z: usize) -> (f64, u32) {
        match self {
            Gauge::Single(values) => (lanes_sum(&values[a..z]), (z - a) as u32),
            Gauge::Double(values) => (lanes_sum(&values[a..z]), (z - a) as u32),
            Gauge::Sparse(values) => (a..z)
                .filter(|&i| values.is_valid(i))
                .fold((0.0, 0), |(sum, known), i| (sum + values.value(i), known + 1)),
        }
    }

    /// Largest of the known values of `a..z`, minus infinity where there is none.
    #[inline(always)]
    pub fn max(&self, a: usize, z: usize) -> f64 {
        match self {
            Gauge::Single(values) => f64::from(lanes_max(&values[a..z], f32::NEG_INFINITY)),
            Gauge::Double(values) => lanes_max(&values[a..z], f64::NEG_INFINITY),
            Gauge::Sparse(values) => {
                let known = (a..z).filter(|&i| values.is_valid(i)).map(|i| values.value(i));
                known.fold(f64::NEG_INFINITY, f64::max)
            }
        }
    }
}

#[inline(always)]
fn lanes_sum<T: Copy + Into<f64>>(values: &[T]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    chunks.iter().for_each(|chunk| (0..8).for_each(|lane| sums[lane] += chunk[lane].into()));
    sums.iter().sum::<f64>() + rest.iter().map(|&v| v.into()).sum::<f64>()
}

#[inline(always)]
fn lanes_max<T: Copy + PartialOrd>(values: &[T], least: T) -> T {
    let (chunks, rest) = values.as_chunks::<8>();
    let larger = |a: T, b: T| if b > a { b } else { a };
    let mut most = [least; 8];
    chunks.iter().for_each(|chunk| (0..8).for_each(|lane| most[lane] = larger(most[lane], chunk[lane])));
    most.iter().chain(rest).fold(least, |a, &b| larger(a, b))
}

/// The values that count for a meaning; `None` where the query has no such column.
fn values(chunk: &Chunk, meaning: Meaning) -> Option<&Float64Array> {
    if meaning == Meaning::Counter { chunk.energy.as_ref() } else { chunk.power.as_ref() }
}

fn all_finite(values: &[f64]) -> bool {
    let (chunks, rest) = values.as_chunks::<32>();
    let finite = |chunk: &[f64]| chunk.iter().fold(true, |all, v| all & v.is_finite());
    chunks.iter().all(|chunk| finite(chunk)) && finite(rest)
}

/// Calls `see` with the readings of one series' rows. One without an instant or without a finite value is no reading; whether there
/// was such.
pub fn with(chunk: &Chunk, meaning: Meaning, see: impl FnOnce(&Readings) -> Result<()>) -> Result<bool> {
    let Some(v) = values(chunk, meaning) else { return Ok(false) };
    if v.null_count() > 0 || chunk.t.null_count() > 0 || !all_finite(v.values()) {
        let known = (0..v.len()).map(|i| Some(chunk.t.is_valid(i) && v.is_valid(i) && v.value(i).is_finite()));
        let kept = kept(chunk, &known.collect())?;
        with_whole(&kept, meaning, see)?;
        return Ok(true);
    }
    with_whole(chunk, meaning, see)?;
    Ok(false)
}

fn with_whole(chunk: &Chunk, meaning: Meaning, see: impl FnOnce(&Readings) -> Result<()>) -> Result<()> {
    let Some(v) = values(chunk, meaning) else { return Ok(()) };
    let range = chunk.range.as_ref().filter(|_| meaning == Meaning::Counter);

    see(&Readings {
        t: chunk.t.values(),
        v: v.values(),
        range: range.and_then(|r| r.iter().flatten().find(|r| r.is_finite())).unwrap_or(f64::NAN),
        meaning,
        temperature: chunk.temperature.as_ref().map(Gauge::new).transpose()?.flatten(),
        memory: chunk.memory.as_ref().map(Gauge::new).transpose()?.flatten(),
        throttled: chunk.throttled.as_ref(),
    })
}

/// The rows where `known` holds.
fn kept(chunk: &Chunk, known: &BooleanArray) -> Result<Chunk> {
    let array = |a: &ArrayRef| filter(a, known);
    let double = |a: &Float64Array| Ok::<_, ArrowError>(filter(a, known)?.as_primitive::<Float64Type>().clone());
    let t: Int64Array = filter(&chunk.t, known)?.as_primitive().clone();
    Ok(Chunk {
        t,
        power: chunk.power.as_ref().map(double).transpose()?,
        energy: chunk.energy.as_ref().map(double).transpose()?,
        range: chunk.range.as_ref().map(double).transpose()?,
        temperature: chunk.temperature.as_ref().map(array).transpose()?,
        memory: chunk.memory.as_ref().map(array).transpose()?,
        throttled: chunk
            .throttled
            .as_ref()
            .map(|a| Ok::<_, ArrowError>(filter(a, known)?.as_boolean().clone()))
            .transpose()?,
        keys: Vec::new(),
    })
}
