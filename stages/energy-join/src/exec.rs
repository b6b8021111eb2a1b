//! The operator: runs are held in memory, samples pass by once.
//!
//! Samples may come in any partitioning and order of batches; a batch is a piece, and pieces are put in order of time at the end.
//! Samples that are not in order within a series are sorted by DataFusion and read again. Memory: about 130 bytes a run and
//! series, beside what reading takes.

use super::{
    columns::{Chunk, Columns},
    feed::Feeder,
    output,
    scan::{self, Scan},
    spans::{Group, Key, Table},
};
use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, RecordBatch},
        compute::{cast, concat_batches},
        datatypes::{DataType, Int32Type},
    },
    common::{DataFusionError, plan_err, tree_node::TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext, memory_pool::MemoryConsumer},
    physical_expr::{
        Distribution, EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr,
        expressions::col,
    },
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties, ReplaceChildrenOptions,
        coalesce_partitions::CoalescePartitionsExec,
        execution_plan::{Boundedness, EmissionType},
        metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet},
        sorts::sort::SortExec,
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt};
use std::{collections::HashMap, fmt, sync::Arc};
use tokio::task::JoinSet;

#[derive(Debug)]
pub struct EnergyJoinExec {
    samples: Arc<dyn ExecutionPlan>,
    runs: Arc<dyn ExecutionPlan>,
    columns: Arc<Columns>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl EnergyJoinExec {
    pub fn new(samples: Arc<dyn ExecutionPlan>, runs: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let columns = Columns::new(&samples.schema(), &runs.schema())?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(columns.output(&runs.schema())),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        let (columns, properties) = (Arc::new(columns), Arc::new(properties));
        Ok(EnergyJoinExec { samples, runs, columns, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    fn with_children(&self, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[Arc<dyn ExecutionPlan>; 2]>::try_from(children) {
            Ok([samples, runs]) => Ok(Arc::new(EnergyJoinExec::new(samples, runs)?)),
            Err(_) => plan_err!("energy_join has two inputs"),
        }
    }

    fn count(&self, name: &'static str, value: usize) {
        MetricBuilder::new(&self.metrics).global_counter(name).add(value);
    }
}

impl DisplayAs for EnergyJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "EnergyJoinExec: series={:?}", self.columns.keys)
    }
}

impl ExecutionPlan for EnergyJoinExec {
    fn name(&self) -> &str {
        "EnergyJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.samples, &self.runs]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::UnspecifiedDistribution, Distribution::SinglePartition]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.with_children(children)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.with_children(children)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let this = EnergyJoinExec {
            samples: self.samples.clone(),
            runs: self.runs.clone(),
            columns: self.columns.clone(),
            properties: self.properties.clone(),
            metrics: self.metrics.clone(),
        };
        let batches = futures::stream::once(this.join(context)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

impl EnergyJoinExec {
    async fn join(self, context: Arc<TaskContext>) -> Result<impl futures::Stream<Item = Result<RecordBatch>>> {
        let runs: Vec<RecordBatch> = self.runs.execute(0, context.clone())?.try_collect().await?;
        let runs = concat_batches(&self.runs.schema(), &runs)?;
        let table = Arc::new(table(&runs, &self.columns)?);
        let reservation = MemoryConsumer::new("energy_join").register(context.memory_pool());
        reservation.try_grow(runs.get_array_memory_size() + table.bytes())?;
        let fed = self.first_pass(&table, &context).await?;
        reservation.try_grow(fed.bytes())?;
        let gathered = match fed.finish(&table) {
            Some(gathered) => gathered,
            None => {
                self.count("samples_sorted", 1);
                let sorted = self.sorted()?;
                self.gather(&sorted, &table, &context)
                    .await?
                    .finish(&table)
                    .ok_or_else(|| DataFusionError::Internal("energy_join: sorted samples are not in order".into()))?
            }
        };
        let (schema, columns) = (self.schema(), self.columns.clone());
        let rows = (0..runs.num_rows()).step_by(context.session_config().batch_size());
        let size = context.session_config().batch_size();
        let lines = output::lines(gathered);
        Ok(futures::stream::iter(rows).map(move |first| {
            let _held = &reservation;
            let rows = first..(first + size).min(runs.num_rows());
            output::batch(&schema, &columns, &runs, &table, &lines, rows)
        }))
    }

    /// Straight from Parquet where the samples query is nothing but columns of local files, else as the plan gives them.
    async fn first_pass(&self, table: &Arc<Table>, context: &Arc<TaskContext>) -> Result<Feeder> {
        let Some(scan) = scan::of(&self.samples, &self.columns)? else {
            return self.gather(&self.samples, table, context).await;
        };
        let wanted = scan.wanted(table, &self.columns);
        let all = scan.row_groups();
        let scan = Arc::new(scan);
        let few = wanted.len() < all;
        let (mut read, mut fed) = (wanted.len(), self.read(&scan, wanted, table, context).await?);
        if few && fed.failed() {
            // Statistics do not tell failed readings, and one next to what was skipped would have widened a pair into it.
            read = all;
            fed = self.read(&scan, (0..all).collect(), table, context).await?;
        }
        self.count("row_groups_read", read);
        self.count("row_groups_skipped", all - read);
        Ok(fed)
    }

    async fn read(
        &self,
        scan: &Arc<Scan>,
        groups: Vec<usize>,
        table: &Arc<Table>,
        context: &Arc<TaskContext>,
    ) -> Result<Feeder> {
        let groups = Arc::new(groups);
        let workers = context.session_config().target_partitions().clamp(1, groups.len().max(1));
        let mut tasks = JoinSet::new();
        for worker in 0..workers {
            let (scan, groups, table, columns) = (scan.clone(), groups.clone(), table.clone(), self.columns.clone());
            tasks.spawn_blocking(move || {
                // Neighbours go to one worker, which then holds few series; and the same ones each time.
                let share = worker * groups.len() / workers..(worker + 1) * groups.len() / workers;
                let mut feeder = Feeder::default();
                for &group in &groups[share] {
                    scan.read(group, &columns, |chunk| {
                        feeder.feed(&columns, &chunk, &table)?;
                        Ok(!feeder.unsorted())
                    })?;
                }
                Ok::<_, DataFusionError>((worker, feeder))
            });
        }
        merged(tasks).await
    }

    async fn gather(
        &self,
        samples: &Arc<dyn ExecutionPlan>,
        table: &Arc<Table>,
        context: &Arc<TaskContext>,
    ) -> Result<Feeder> {
        let mut tasks = JoinSet::new();
        for partition in 0..samples.output_partitioning().partition_count() {
            let mut stream = samples.execute(partition, context.clone())?;
            let (table, columns, schema) = (table.clone(), self.columns.clone(), samples.schema());
            tasks.spawn(async move {
                let mut feeder = Feeder::default();
                while let Some(batch) = stream.next().await {
                    let chunk = Chunk::new(&columns, &batch?, |name| schema.index_of(name).ok(), |_| None)?;
                    feeder.feed(&columns, &chunk, &table)?;
                    if feeder.unsorted() {
                        break;
                    }
                }
                Ok::<_, DataFusionError>((partition, feeder))
            });
        }
        merged(tasks).await
    }

    fn sorted(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.samples.schema();
        let by = self.columns.keys.iter().map(String::as_str).chain(["t_ns"]);
        let by = by.map(|name| Ok(PhysicalSortExpr::new_default(col(name, &schema)?)));
        let by = LexOrdering::new(by.collect::<Result<Vec<_>>>()?)
            .ok_or_else(|| DataFusionError::Internal("energy_join: nothing to sort by".into()))?;
        Ok(Arc::new(SortExec::new(by, Arc::new(CoalescePartitionsExec::new(self.samples.clone())))))
    }
}

/// What all workers have seen, put together in their order, so that sums do not depend on which was faster.
async fn merged(mut tasks: JoinSet<Result<(usize, Feeder)>>) -> Result<Feeder> {
    let mut feeders = Vec::new();
    while let Some(done) = tasks.join_next().await {
        feeders.push(done.map_err(|e| DataFusionError::Execution(format!("energy_join: a worker ended, {e}")))??);
    }
    feeders.sort_by_key(|(worker, _)| *worker);
    let mut all = Feeder::default();
    feeders.into_iter().for_each(|(_, feeder)| all.merge(feeder));
    Ok(all)
}

fn table(runs: &RecordBatch, columns: &Columns) -> Result<Table> {
    let window = |name: &str| runs.column_by_name(name).map(|a| a.as_primitive().clone());
    let (Some(start), Some(end)) = (window("start_ns"), window("end_ns")) else {
        return plan_err!("energy_join: the runs query has no window");
    };
    let keys = columns.shared.iter().filter_map(|&i| runs.column_by_name(&columns.keys[i]));
    let (groups, by_key) = groups(runs.num_rows(), keys)?;
    Ok(Table::new(by_key, &groups, &start, &end))
}

/// The group of each row, and the groups by key: rows that agree in all key columns. `None` where one is null.
fn groups<'a>(rows: usize, keys: impl Iterator<Item = &'a ArrayRef>) -> Result<(Vec<Group>, HashMap<Key, usize>)> {
    let mut groups: Vec<Group> = vec![Some(0); rows];
    let mut known: Vec<Key> = vec![Key::new()];
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    for column in keys {
        // Numbers for its texts, so that no row is hashed as text more than once.
        let column = cast(column, &dictionary)?;
        let column = column.as_dictionary::<Int32Type>();
        let texts = column.values().as_string::<i32>();
        let mut split: HashMap<(usize, usize), usize> = HashMap::new();
        let mut finer: Vec<Key> = Vec::new();
        for (row, group) in groups.iter_mut().enumerate() {
            let text = column.key(row).filter(|text| texts.is_valid(*text));
            *group = group.zip(text).map(|(group, text)| {
                *split.entry((group, text)).or_insert_with(|| {
                    let more = std::iter::once(texts.value(text).to_string());
                    finer.push(known[group].iter().cloned().chain(more).collect());
                    finer.len() - 1
                })
            });
        }
        known = finer;
    }
    Ok((groups, known.into_iter().zip(0..).collect()))
}
