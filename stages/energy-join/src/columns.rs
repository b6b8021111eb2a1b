//! Which columns the two queries of `energy_join` have, and what its rows are made of.

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch},
        compute::partition,
        datatypes::{DataType, Field, Int32Type, Schema, SchemaRef},
        util::display::array_value_to_string,
    },
    common::{DataFusionError, plan_err},
    error::Result,
};
use std::{ops::Range, sync::Arc};

/// Columns of the samples query that are no keys.
const READ: &[&str] = &["t_ns", "power_w", "energy_j", "energy_range_j", "temperature_c", "memory_mb", "throttled"];

/// Columns of the samples query by what they are for; indices into its schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Columns {
    /// Text columns: rows that agree in all of them are one series.
    pub keys: Vec<String>,
    /// Which key says how the values are to be understood.
    pub kind: Option<usize>,
    /// Places in `keys` of those that the runs query has too: a run meets the series that agree with it in these.
    pub shared: Vec<usize>,
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

impl Columns {
    pub fn new(samples: &Schema, runs: &Schema) -> Result<Self> {
        for (query, schema, name) in
            [("samples", samples, "t_ns"), ("runs", runs, "start_ns"), ("runs", runs, "end_ns")]
        {
            typed(query, schema, name, &[DataType::Int64])?;
        }
        for name in ["power_w", "energy_j", "energy_range_j"] {
            if samples.index_of(name).is_ok() {
                typed("samples", samples, name, &[DataType::Float64])?;
            }
        }
        for name in ["temperature_c", "memory_mb"] {
            if samples.index_of(name).is_ok() {
                typed("samples", samples, name, &[DataType::Float64, DataType::Float32])?;
            }
        }
        if samples.index_of("throttled").is_ok() {
            typed("samples", samples, "throttled", &[DataType::Boolean])?;
        }
        let (mut keys, mut shared) = (Vec::new(), Vec::new());
        for field in samples.fields().iter().filter(|f| !READ.contains(&f.name().as_str())) {
            if !is_text(field.data_type()) {
                return plan_err!(
                    "energy_join: column \"{}\" of the samples query is neither read nor text, leave it out",
                    field.name()
                );
            }
            if runs.index_of(field.name()).is_ok_and(|i| is_text(runs.field(i).data_type())) {
                shared.push(keys.len());
            }
            keys.push(field.name().clone());
        }
        let kind = keys.iter().position(|k| k == "kind");
        let has = |name: &str| samples.index_of(name).is_ok();
        let counts = kind.is_some() && has("energy_j");
        if !has("power_w") && !counts {
            return plan_err!(
                "energy_join: the samples query has neither \"power_w\" nor \"kind\" and \"energy_j\", select them"
            );
        }
        Ok(Columns { keys, kind, shared })
    }

    /// Names of the keys that the runs query does not have.
    pub fn added(&self) -> impl Iterator<Item = (usize, &str)> {
        self.keys.iter().enumerate().filter(|(i, _)| !self.shared.contains(i)).map(|(i, name)| (i, name.as_str()))
    }

    /// Columns of the runs query, then the keys that it does not have, then what was measured.
    pub fn output(&self, runs: &Schema) -> SchemaRef {
        let measured =
            MEASURED.iter().map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable));
        let added = self.added().map(|(_, name)| Field::new(name, DataType::Utf8, true));
        let fields = runs.fields().iter().map(|f| f.as_ref().clone()).chain(added).chain(measured);
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

/// What the operator adds, in this order.
pub const MEASURED: &[(&str, DataType, bool)] = &[
    ("energy_j", DataType::Float64, true),
    ("energy_error_j", DataType::Float64, true),
    ("edge_error_j", DataType::Float64, true),
    ("sampling_se_j", DataType::Float64, true),
    ("sampling_df", DataType::Int64, true),
    ("start_power_w", DataType::Float64, true),
    ("start_pair_ns", DataType::Int64, true),
    ("start_share", DataType::Float64, true),
    ("end_power_w", DataType::Float64, true),
    ("end_pair_ns", DataType::Int64, true),
    ("end_share", DataType::Float64, true),
    ("covered_ns", DataType::Int64, false),
    ("bracketed", DataType::Boolean, false),
    ("was_reset", DataType::Boolean, false),
    ("samples", DataType::Int64, false),
    ("max_gap_ns", DataType::Int64, true),
    ("min_power_w", DataType::Float64, true),
    ("max_power_w", DataType::Float64, true),
    ("mean_temperature_c", DataType::Float64, true),
    ("max_memory_mb", DataType::Float64, true),
    ("throttled_pct", DataType::Float64, true),
];

fn typed(query: &str, schema: &Schema, name: &str, wanted: &[DataType]) -> Result<()> {
    let Ok(index) = schema.index_of(name) else {
        return plan_err!("energy_join: the {query} query has no column \"{name}\", select it");
    };
    let found = schema.field(index).data_type();
    if !wanted.contains(found) {
        return plan_err!("energy_join: column \"{name}\" of the {query} query is {found}, cast it to {}", wanted[0]);
    }
    Ok(())
}

/// A key of some rows.
#[derive(Debug, Clone)]
pub enum KeyColumn {
    /// The same for all of them, known without reading it.
    Constant(String),
    Values(ArrayRef),
}

/// Rows of the samples query.
#[derive(Debug, Clone)]
pub struct Chunk {
    pub t: Int64Array,
    pub power: Option<Float64Array>,
    pub energy: Option<Float64Array>,
    pub range: Option<Float64Array>,
    pub temperature: Option<ArrayRef>,
    pub memory: Option<ArrayRef>,
    pub throttled: Option<BooleanArray>,
    pub keys: Vec<KeyColumn>,
}

impl Chunk {
    /// `named(name)` is the batch's column of that name in the samples query; `constant(key)` a key that it does not hold.
    pub fn new(
        columns: &Columns,
        batch: &RecordBatch,
        named: impl Fn(&str) -> Option<usize>,
        constant: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let array = |name: &str| named(name).map(|i| batch.column(i).clone());
        let double = |name: &str| array(name).map(|a| a.as_primitive().clone());
        let missing = |name: &str| DataFusionError::Internal(format!("energy_join: no column {name}"));
        let keys = columns.keys.iter().map(|name| match constant(name) {
            Some(value) => Ok(KeyColumn::Constant(value)),
            None => array(name).map(KeyColumn::Values).ok_or_else(|| missing(name)),
        });
        Ok(Chunk {
            t: array("t_ns").ok_or_else(|| missing("t_ns"))?.as_primitive().clone(),
            power: double("power_w"),
            energy: double("energy_j"),
            range: double("energy_range_j"),
            temperature: array("temperature_c"),
            memory: array("memory_mb"),
            throttled: array("throttled").map(|a| a.as_boolean().clone()),
            keys: keys.collect::<Result<Vec<_>>>()?,
        })
    }

    /// Rows that follow one another and agree in all keys.
    pub fn series(&self) -> Result<Vec<Range<usize>>> {
        let varying: Vec<ArrayRef> = self.keys.iter().filter_map(KeyColumn::varying).cloned().collect();
        match varying.is_empty() {
            true => Ok(std::iter::once(0..self.t.len()).collect()),
            false => Ok(partition(&varying)?.ranges()),
        }
    }

    /// The key of a row; `None` where a part of it is null.
    pub fn key(&self, row: usize) -> Result<Option<Vec<String>>> {
        let parts = self.keys.iter().map(|key| match key {
            KeyColumn::Constant(value) => Ok(Some(value.clone())),
            KeyColumn::Values(array) if array.is_null(row) => Ok(None),
            KeyColumn::Values(array) => Ok(Some(array_value_to_string(array, row)?)),
        });
        parts.collect()
    }

    pub fn slice(&self, rows: &Range<usize>) -> Self {
        let (from, length) = (rows.start, rows.len());
        Chunk {
            t: self.t.slice(from, length),
            power: self.power.as_ref().map(|a| a.slice(from, length)),
            energy: self.energy.as_ref().map(|a| a.slice(from, length)),
            range: self.range.as_ref().map(|a| a.slice(from, length)),
            temperature: self.temperature.as_ref().map(|a| a.slice(from, length)),
            memory: self.memory.as_ref().map(|a| a.slice(from, length)),
            throttled: self.throttled.as_ref().map(|a| a.slice(from, length)),
            keys: Vec::new(),
        }
    }
}

impl KeyColumn {
    /// The column where it has to be looked at row by row.
    fn varying(&self) -> Option<&ArrayRef> {
        let KeyColumn::Values(array) = self else { return None };
        if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>()
            && dictionary.null_count() == 0
            && let [first, rest @ ..] = &dictionary.keys().values()[..]
            && rest.iter().fold(true, |all, key| all & (key == first))
        {
            return None;
        }
        Some(array)
    }
}
