//! A samples query that is nothing but columns of local Parquet files is read here: row groups that no run meets are skipped, and
//! a key that is the same all over a row group is not decoded.

use super::{
    columns::{Chunk, Columns},
    spans::Table,
};
use crate::folders;
use datafusion::{
    arrow::datatypes::{DataType, Field, Schema},
    datasource::{
        physical_plan::{FileScanConfig, FileSource, ParquetSource},
        source::DataSourceExec,
    },
    error::Result,
    parquet::{
        arrow::{
            ProjectionMask,
            arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        },
        file::{metadata::RowGroupMetaData, statistics::Statistics},
    },
    physical_expr::expressions::Column,
    physical_plan::ExecutionPlan,
};
use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    path::PathBuf,
    sync::Arc,
};

/// Rows of a batch: their columns stay in the second-level cache.
const ROWS: usize = 8192;

struct Opened {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

/// The files of a samples query.
pub struct Scan {
    files: Vec<Opened>,
    /// Column of the files by its name in the query.
    names: BTreeMap<String, String>,
    groups: Vec<RowGroup>,
}

/// One row group, as far as statistics tell.
#[derive(Debug)]
struct RowGroup {
    file: usize,
    group: usize,
    /// Keys that are the same in all rows, by their names in the query.
    constant: BTreeMap<String, String>,
    /// First and last instant.
    span: Option<(i64, i64)>,
}

/// The scan behind a plan, where it is nothing else.
pub fn of(plan: &Arc<dyn ExecutionPlan>, columns: &Columns) -> Result<Option<Scan>> {
    let Some(config) =
        plan.downcast_ref::<DataSourceExec>().and_then(|source| source.data_source().downcast_ref::<FileScanConfig>())
    else {
        return Ok(None);
    };
    let Some(source) = config.file_source().downcast_ref::<ParquetSource>() else { return Ok(None) };
    let plain = config.limit.is_none() && source.filter().is_none() && config.table_partition_cols().is_empty();
    let Some(names) = names(config).filter(|_| plain) else { return Ok(None) };
    // Files cut into ranges for several partitions are whole here.
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for file in config.file_groups.iter().flat_map(|group| group.files()) {
        let Some(path) = folders::local(&config.object_store_url, &file.object_meta.location) else { return Ok(None) };
        if seen.insert(path.clone()) {
            let Some(opened) = Opened::new(path, &names, columns)? else { return Ok(None) };
            files.push(opened);
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let groups = files.iter().enumerate().flat_map(|(file, opened)| {
        let row_groups = opened.metadata.metadata().row_groups().iter().enumerate();
        row_groups.map(move |(group, metadata)| (file, group, metadata))
    });
    let groups = groups.map(|(file, group, metadata)| RowGroup::new(file, group, metadata, &names, columns)).collect();
    Ok(Some(Scan { files, names, groups }))
}

/// Column of the files by its name in the query; `None` where the query computes.
fn names(config: &FileScanConfig) -> Option<BTreeMap<String, String>> {
    let Some(projection) = config.file_source().projection() else {
        let fields = config.file_schema().fields().iter();
        return Some(fields.map(|f| (f.name().clone(), f.name().clone())).collect());
    };
    let named = projection.iter().map(|projected| {
        let column = projected.expr.downcast_ref::<Column>()?;
        Some((projected.alias.clone(), column.name().to_string()))
    });
    named.collect()
}

impl Opened {
    /// Keys come as dictionaries. `None` where a file lacks a column or has it in another type than the table: DataFusion adapts such.
    fn new(path: PathBuf, names: &BTreeMap<String, String>, columns: &Columns) -> Result<Option<Self>> {
        let file = File::open(&path)?;
        let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new().with_skip_arrow_metadata(true))?;
        let keys: HashSet<&String> = columns.keys.iter().filter_map(|key| names.get(key)).collect();
        let mut fields = Vec::new();
        for field in plain.schema().fields() {
            let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            fields.push(match keys.contains(field.name()) {
                true => Field::new(field.name(), dictionary, field.is_nullable()),
                false => field.as_ref().clone(),
            });
        }
        let schema = Arc::new(Schema::new(fields));
        let typed = |name: &str, wanted: &[DataType]| match names.get(name) {
            None => true,
            Some(column) => schema.field_with_name(column).is_ok_and(|f| wanted.contains(f.data_type())),
        };
        let doubles = ["power_w", "energy_j", "energy_range_j"].into_iter().all(|n| typed(n, &[DataType::Float64]));
        let gauges = ["temperature_c", "memory_mb"].into_iter();
        let fits = doubles
            && typed("t_ns", &[DataType::Int64])
            && typed("throttled", &[DataType::Boolean])
            && gauges.into_iter().all(|n| typed(n, &[DataType::Float32, DataType::Float64]))
            && keys.iter().all(|key| schema.field_with_name(key).is_ok());
        if !fits {
            return Ok(None);
        }
        let options = ArrowReaderOptions::new().with_schema(schema);
        Ok(Some(Opened { metadata: ArrowReaderMetadata::load(&file, options)?, path }))
    }
}

impl RowGroup {
    fn new(
        file: usize,
        group: usize,
        metadata: &RowGroupMetaData,
        names: &BTreeMap<String, String>,
        columns: &Columns,
    ) -> Self {
        let statistics = |name: &str| {
            let column = names.get(name)?;
            let found = metadata.columns().iter().find(|c| c.column_path().string() == *column);
            found.and_then(|c| c.statistics())
        };
        let constant =
            columns.keys.iter().filter_map(|key| Some((key.clone(), only_value(statistics(key)?)?))).collect();
        let span = match statistics("t_ns") {
            Some(Statistics::Int64(t)) => t.min_opt().copied().zip(t.max_opt().copied()),
            _ => None,
        };
        RowGroup { file, group, constant, span }
    }
}

/// The value of a text column whose statistics say that it has no other.
fn only_value(statistics: &Statistics) -> Option<String> {
    let Statistics::ByteArray(bytes) = statistics else { return None };
    let (least, most) = (bytes.min_opt()?, bytes.max_opt()?);
    let same = least.data() == most.data() && bytes.min_is_exact() && bytes.max_is_exact();
    (same && bytes.null_count_opt() == Some(0)).then(|| String::from_utf8(least.data().to_vec()).ok()).flatten()
}

impl Scan {
    pub fn row_groups(&self) -> usize {
        self.groups.len()
    }

    /// Row groups that a run may need: those that one meets, and of a pair of successive ones both where a run lies between.
    /// Without statistics, or where a series' row groups are not in order of time, all. Of every series that runs agree with, one.
    pub fn wanted(&self, table: &Table, columns: &Columns) -> Vec<usize> {
        let mut of_series: BTreeMap<Vec<&String>, Vec<usize>> = BTreeMap::new();
        let mut wanted = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let key: Option<Vec<&String>> = columns.keys.iter().map(|key| group.constant.get(key)).collect();
            match key.filter(|_| group.span.is_some()) {
                Some(key) => of_series.entry(key).or_default().push(index),
                None => wanted.push(index),
            }
        }
        // A row group of several series is read. It may lie between two of one series, which only widens what those are asked for.
        for (key, members) in of_series {
            let shared: Vec<String> = columns.shared.iter().map(|&i| key[i].clone()).collect();
            let Some(group) = table.group(&shared) else { continue };
            let spans: Vec<(i64, i64)> = members.iter().filter_map(|&m| self.groups[m].span).collect();
            let ordered = spans.windows(2).all(|pair| pair[0].1 <= pair[1].0);
            let before_it = wanted.len();
            for (i, &member) in members.iter().enumerate() {
                let before = if i > 0 { spans[i - 1].1 } else { i64::MIN };
                let after = spans.get(i + 1).map_or(i64::MAX, |next| next.0);
                if !ordered || table.groups[group].any_meets(before, after) {
                    wanted.push(member);
                }
            }
            // A series that no run meets is still one, with no energy in any of its runs.
            if wanted.len() == before_it {
                wanted.extend(members.first());
            }
        }
        wanted.sort_unstable();
        wanted
    }

    /// Reads a row group, until `see` has seen enough.
    pub fn read(&self, index: usize, columns: &Columns, mut see: impl FnMut(Chunk) -> Result<bool>) -> Result<()> {
        let RowGroup { file, group, constant, .. } = &self.groups[index];
        let opened = &self.files[*file];
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(&opened.path)?, opened.metadata.clone());
        let read: Vec<&str> = self
            .names
            .iter()
            .filter(|(name, _)| !constant.contains_key(*name))
            .map(|(_, column)| column.as_str())
            .collect();
        let mask = ProjectionMask::columns(builder.parquet_schema(), read);
        let reader = builder.with_row_groups(vec![*group]).with_projection(mask).with_batch_size(ROWS).build()?;
        for batch in reader {
            let batch = batch?;
            let schema = batch.schema();
            let named = |name: &str| schema.index_of(self.names.get(name)?).ok();
            if !see(Chunk::new(columns, &batch, named, |key| constant.get(key).cloned())?)? {
                break;
            }
        }
        Ok(())
    }
}
