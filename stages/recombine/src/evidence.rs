//! `weakest(evidence)` over rows and `weakest_of(evidence, ...)` within one: SQL's way to [`Evidence`], whose order is written there.

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, StringArray},
        datatypes::DataType,
    },
    common::{ScalarValue, exec_datafusion_err, exec_err},
    error::Result,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator, ScalarFunctionArgs,
        ScalarUDF, ScalarUDFImpl, Signature, Volatility, function::AccumulatorArgs,
    },
    prelude::SessionContext,
};
use schemas::Evidence;
use std::sync::Arc;

pub(crate) fn register(context: &SessionContext) {
    context.register_udaf(AggregateUDF::from(Weakest { signature: Signature::exact(TEXT.into(), IMMUTABLE) }));
    context.register_udf(ScalarUDF::from(WeakestOf { signature: Signature::variadic(TEXT.into(), IMMUTABLE) }));
}

const TEXT: [DataType; 1] = [DataType::Utf8];
const IMMUTABLE: Volatility = Volatility::Immutable;

/// What is not said is not known; a word that no table writes is refused.
fn parse(value: Option<&str>) -> Result<Evidence> {
    let Some(name) = value else { return Ok(Evidence::Unknown) };
    Evidence::named(name)
        .ok_or_else(|| exec_datafusion_err!("no such evidence, \"{name}\", use one of {}", Evidence::NAMES.join(", ")))
}

fn texts(array: &ArrayRef) -> Result<&StringArray> {
    array.as_string_opt::<i32>().ok_or_else(|| exec_datafusion_err!("evidence is text, {}", array.data_type()))
}

/// `weakest(evidence)`: the weakest of a group's rows; null of none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Weakest {
    signature: Signature,
}

impl AggregateUDFImpl for Weakest {
    fn name(&self) -> &'static str {
        "weakest"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Groups(vec![None])))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups(Vec::new())))
    }
}

/// The weakest seen of each group.
#[derive(Debug)]
struct Groups(Vec<Option<Evidence>>);

impl Groups {
    fn see(&mut self, group: usize, evidence: Evidence) {
        self.0[group] = self.0[group].max(Some(evidence));
    }
}

impl Accumulator for Groups {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        texts(&values[0])?.iter().try_for_each(|value| parse(value).map(|e| self.see(0, e)))
    }

    /// A part without rows says nothing.
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        texts(&states[0])?.iter().flatten().try_for_each(|value| parse(Some(value)).map(|e| self.see(0, e)))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Utf8(self.0[0].map(|evidence| evidence.name().to_string())))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![Accumulator::evaluate(self)?])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.0.resize(total, None);
        for (row, (value, group)) in texts(&values[0])?.iter().zip(groups).enumerate() {
            if filter.is_none_or(|f| f.is_valid(row) && f.value(row)) {
                self.see(*group, parse(value)?);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.0.resize(total, None);
        for (value, group) in texts(&states[0])?.iter().zip(groups) {
            if value.is_some() {
                self.see(*group, parse(value)?);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let names = emit_to.take_needed(&mut self.0).into_iter().map(|weakest| weakest.map(Evidence::name));
        Ok(Arc::new(names.collect::<StringArray>()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![GroupsAccumulator::evaluate(self, emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let kept = |row: usize| filter.is_none_or(|f| f.is_valid(row) && f.value(row));
        let state = |(row, value)| if kept(row) { parse(value).map(|e| Some(e.name())) } else { Ok(None) };
        let names = texts(&values[0])?.iter().enumerate().map(state).collect::<Result<StringArray>>()?;
        Ok(vec![Arc::new(names)])
    }

    fn size(&self) -> usize {
        self.0.capacity() * size_of::<Option<Evidence>>()
    }
}

/// `weakest_of(evidence, ...)`: the weakest of one row's parts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct WeakestOf {
    signature: Signature,
}

impl ScalarUDFImpl for WeakestOf {
    fn name(&self) -> &'static str {
        "weakest_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(first) = arrays.first() else { return exec_err!("weakest_of has no argument") };
        let parts = arrays.iter().map(texts).collect::<Result<Vec<_>>>()?;
        let of_row = |row: usize| -> Result<Option<&'static str>> {
            let mut weakest = Evidence::Measured;
            for part in &parts {
                weakest = weakest.weaker(parse(part.is_valid(row).then(|| part.value(row)))?);
            }
            Ok(Some(weakest.name()))
        };
        let names = (0..first.len()).map(of_row).collect::<Result<StringArray>>()?;
        Ok(ColumnarValue::Array(Arc::new(names)))
    }
}

#[cfg(test)]
mod tests {
    use crate::Workbench;

    fn answers(sql: &str) -> Vec<Option<String>> {
        #[derive(serde::Deserialize)]
        struct Row {
            e: Option<String>,
        }
        let bench = Workbench::new("test", &()).unwrap();
        bench.select::<Row>(sql).unwrap_or_else(|e| panic!("{e}")).into_iter().map(|r| r.e).collect()
    }

    const ROWS: &str = "(values (1, 'measured'), (1, 'imported'), (1, 'derived'), (2, 'estimated'), (2, null), \
        (3, 'measured_counter'), (3, 'extrapolated')) as t (g, e)";

    #[test]
    fn over_rows_and_within_one() {
        let some = |names: [&str; 3]| names.map(|n| Some(n.to_string())).to_vec();
        let by_group = format!("select weakest(e) as e from {ROWS} group by g order by g");
        assert_eq!(answers(&by_group), some(["imported", "unknown", "extrapolated"]));
        let filtered =
            format!("select weakest(e) filter (where e <> 'imported') as e from {ROWS} group by g order by g");
        assert_eq!(answers(&filtered), some(["derived", "estimated", "extrapolated"]));
        assert_eq!(answers(&format!("select weakest(e) as e from {ROWS} where g = 4")), [None]);
        let window = format!("select distinct weakest(e) over (partition by g) as e from {ROWS} where g = 3");
        assert_eq!(answers(&window), [Some("extrapolated".to_string())]);
        let within =
            format!("select weakest_of(e, 'derived', 'measured_integral') as e from {ROWS} where g = 1 order by e");
        assert_eq!(answers(&within), some(["derived", "derived", "imported"]));
        assert_eq!(answers("select weakest_of('measured', cast(null as varchar)) as e"), [Some("unknown".to_string())]);
    }

    #[test]
    fn a_word_that_no_table_writes_is_refused() {
        let bench = Workbench::new("test", &()).unwrap();
        let refused = bench.select::<serde_json::Value>("select weakest_of('guessed') as e").unwrap_err().to_string();
        assert!(refused.contains("no such evidence, \"guessed\", use one of measured, measured_counter"), "{refused}");
    }
}
