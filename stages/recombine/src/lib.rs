//! Runs `.sql` models over contract tables. The only crate that names DataFusion.
//!
//! A model is one `.sql` file: one SELECT, one relation, named like the file. Configuration enters SQL only as rows of a
//! table. Results are the same bytes for the same inputs: one partition, sorted by the contract's key.

mod error;
mod evidence;
mod files;
mod functions;
mod hardware;
mod lineage;
mod propagation;
mod values;

pub use error::{Error, Result};

use lineage::Lineage;

use arrow::{array::RecordBatch, compute, datatypes::SchemaRef};
use datafusion::{
    arrow,
    datasource::MemTable,
    error::DataFusionError,
    execution::{
        context::SQLOptions,
        disk_manager::DiskManagerBuilder,
        memory_pool::FairSpillPool,
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
        session_state::SessionStateBuilder,
    },
    prelude::{DataFrame, SessionConfig, SessionContext},
};
use futures::StreamExt;
use schemas::{
    Contract, Provenance, io, rows,
    sorted::{self, Aside, Sorter},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::runtime::Runtime;

/// One `.sql` file: its name is the relation's name.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    pub name: &'static str,
    pub sql: &'static str,
}

/// The model in the calling crate's `sql/NAME.sql`, compiled in.
#[macro_export]
macro_rules! model {
    ($name:literal) => {
        $crate::Model { name: $name, sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sql")) }
    };
}

/// The check in the calling crate's `checks/NAME.sql`: it selects offending rows.
#[macro_export]
macro_rules! check {
    ($name:literal) => {
        $crate::Model { name: $name, sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/checks/", $name, ".sql")) }
    };
}

/// Bytes that a bounded bench may write to temporary files.
pub const SPILLED: u64 = 20 << 30;

/// Between which lengths the runs of a backend lie: costs and decisions extrapolate requests by one rule.
pub const MEASURED_LENGTH: Model = model!("measured_length");

/// Tables, models and checks of one stage's work.
pub struct Workbench {
    context: SessionContext,
    runtime: Runtime,
    provenance: Provenance,
    /// Tables that lie sorted and checked in a file already.
    settled: BTreeMap<&'static str, (Aside, PathBuf)>,
    lineage: Lineage,
}

impl Workbench {
    /// An empty bench for a stage with the given configuration (kept in the provenance of what it writes).
    pub fn new<C: Serialize>(stage: &'static str, config: &C) -> Result<Self> {
        Self::parallel(stage, config, 1)
    }

    /// The same, computing on several threads: then rows come in any order, and sums may differ in the last digit.
    pub fn parallel<C: Serialize>(stage: &'static str, config: &C, threads: usize) -> Result<Self> {
        Self::within(stage, config, threads, Arc::new(RuntimeEnv::default()))
    }

    /// The same within `memory` bytes: what sorts, joins and groups beyond that goes to files of at most [`SPILLED`] bytes.
    pub fn bounded<C: Serialize>(stage: &'static str, config: &C, threads: usize, memory: usize) -> Result<Self> {
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_max_temp_directory_size(SPILLED))
            .build_arc()
            .map_err(|e| Error::Runtime { cause: e.strip_backtrace() })?;
        Self::within(stage, config, threads, environment)
    }

    fn within<C: Serialize>(
        stage: &'static str,
        config: &C,
        threads: usize,
        environment: Arc<RuntimeEnv>,
    ) -> Result<Self> {
        let mut session = SessionConfig::new().with_target_partitions(threads).with_information_schema(true);
        let options = session.options_mut();
        options.execution.parquet.schema_force_view_types = false;
        options.execution.collect_statistics = false;
        options.sql_parser.map_string_types_to_utf8view = false;
        let builder =
            SessionStateBuilder::new().with_config(session).with_runtime_env(environment).with_default_features();
        let state = energy_join::taught(builder).build();
        let context = SessionContext::new_with_state(state);
        functions::register(&context);
        evidence::register(&context);
        hardware::register(&context);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(2))
            .enable_all()
            .build()
            .map_err(|e| Error::Runtime { cause: e.to_string() })?;
        let provenance = Provenance::new(stage, schemas::config::as_json(config));
        Ok(Workbench { context, runtime, provenance, settled: BTreeMap::new(), lineage: Lineage::default() })
    }

    /// Reads contract files, checks every row and registers each under its table's name.
    pub fn read<'a>(&mut self, paths: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        paths.into_iter().try_for_each(|path| self.read_as(io::contract_of(path)?.name, path))
    }

    /// Reads one contract file, checks every row and registers it under another name.
    pub fn read_as(&mut self, name: &str, path: &Path) -> Result<()> {
        let contract = io::contract_of(path)?;
        let checked = io::scan(path, contract, |_| {})?;
        if name == contract.name {
            self.lineage.take(path, contract, &checked.seal)?;
        }
        self.register(name, path, contract)?;
        self.hashed(path, checked.seal);
        Ok(())
    }

    fn register(&self, name: &str, path: &Path, contract: &'static Contract) -> Result<()> {
        self.runtime.block_on(files::register(&self.context, name, path, Some(contract.arrow())))
    }

    /// Registers sorted rows as the contract's table, which need not fit into memory: then it waits in a file of `aside`. Two rows
    /// with one key are refused.
    pub fn sorted<T: Serialize>(&mut self, sorter: Sorter<T>, aside: Aside) -> Result<()> {
        let (contract, small) = (sorter.contract(), sorter.is_small());
        if small {
            let mut batches = Vec::new();
            sorter.merge(&mut sorted::only, &mut |batch| {
                batches.push(batch.clone());
                Ok(())
            })?;
            let schema = batches.first().map_or(contract.arrow(), RecordBatch::schema);
            let batch =
                compute::concat_batches(&schema, &batches).map_err(|e| Error::Runtime { cause: e.to_string() })?;
            return self.batch(contract.name, batch);
        }
        let path = aside.file(&format!("{}.parquet", contract.name))?;
        let mut sorter = Some(sorter);
        io::write_each(&path, contract, &self.provenance, &mut |write| {
            sorter.take().map_or(Ok(()), |s| s.merge(&mut sorted::only, write))
        })?;
        self.register(contract.name, &path, contract)?;
        self.settled.insert(contract.name, (aside, path));
        Ok(())
    }

    /// Registers any Parquet file, or a folder of such with the same columns, under a name. Rows are not checked.
    pub fn parquet(&mut self, name: &str, path: &Path) -> Result<()> {
        self.runtime.block_on(files::register(&self.context, name, path, None))
    }

    /// Registers a CSV file with a header under a name; its types are those of its values.
    pub fn csv(&mut self, name: &str, path: &Path) -> Result<()> {
        self.runtime.block_on(files::register_csv(&self.context, name, path))
    }

    /// Adds a file whose hash is known to the provenance.
    pub fn hashed(&mut self, path: &Path, seal: String) {
        self.provenance.hashed(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), seal);
    }

    /// Adds a file that was read by other means to the provenance.
    pub fn input(&mut self, path: &Path) -> Result<()> {
        Ok(self.provenance.input(path)?)
    }

    /// Registers rows of a contract table.
    pub fn rows<T: Serialize>(&self, contract: &'static Contract, rows: &[T]) -> Result<()> {
        self.batch(contract.name, rows::to_batch(contract, rows)?)
    }

    /// Registers a contract's table without rows.
    pub fn empty(&self, contract: &'static Contract) -> Result<()> {
        self.batch(contract.name, RecordBatch::new_empty(contract.arrow()))
    }

    /// Registers values as a table: one row a value, one column a scalar field. How configuration enters SQL.
    pub fn values<T: Serialize>(&self, name: &'static str, values: &[T]) -> Result<()> {
        self.batch(name, values::to_batch(name, values)?)
    }

    /// Registers a batch as a table, in place of an earlier one of that name.
    pub fn batch(&self, name: &str, batch: RecordBatch) -> Result<()> {
        self.table(name, batch.schema(), vec![batch])
    }

    fn table(&self, name: &str, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<()> {
        let table = MemTable::try_new(schema, vec![batches]).map_err(|e| Error::sql(name, &e))?;
        self.context.deregister_table(name).map_err(|e| Error::sql(name, &e))?;
        self.context.register_table(name, Arc::new(table)).map_err(|e| Error::sql(name, &e))?;
        Ok(())
    }

    /// Registers a model's relation; it is computed where it is used.
    pub fn model(&self, model: Model) -> Result<()> {
        let frame = self.frame(model.name, model.sql)?;
        self.context.register_table(model.name, frame.into_view()).map_err(|e| Error::sql(model.name, &e))?;
        Ok(())
    }

    /// Computes a model once and registers the result.
    pub fn materialise(&self, model: Model) -> Result<()> {
        let (schema, batches) = self.collected(model.name, model.sql)?;
        self.table(model.name, schema, batches)
    }

    /// Stops on the offending rows of a check. The first of them by its text is told: they come in no order.
    pub fn check(&self, check: Model) -> Result<()> {
        let (mut count, mut first) = (0, None::<String>);
        let seen = self.read_only(check.sql, |batch| {
            count += batch.num_rows();
            let rows = rows::from_batches::<serde_json::Value>("query", &[batch])?;
            first = first.take().into_iter().chain(rows.iter().map(ToString::to_string)).min();
            Ok::<(), Error>(())
        });
        seen.map_err(|e| e.named(check.name))?;
        match first {
            None => Ok(()),
            Some(first) => Err(Error::Check {
                check: check.name,
                says: check.sql.lines().next().unwrap_or_default().trim_start_matches("--").trim().to_string(),
                count,
                first,
            }),
        }
    }

    /// Rows of a query as values.
    pub fn select<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>> {
        Ok(rows::from_batches("query", &self.batches(sql)?)?)
    }

    /// Batches of a query (at least one, so that the columns are known).
    pub fn batches(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        Ok(vec![self.one_batch("query", sql)?])
    }

    /// Batches of a query that may only read (no DDL, DML, COPY or SET), one after the other; at least one, so that the columns are
    /// known. `see` may refuse.
    pub fn read_only<E: From<Error>>(
        &self,
        sql: &str,
        mut see: impl FnMut(RecordBatch) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let failed = |e: &DataFusionError| E::from(Error::sql("query", e));
        let mut stream = self
            .runtime
            .block_on(async { self.context.sql_with_options(sql, only).await?.execute_stream().await })
            .map_err(|e| failed(&e))?;
        let mut none = true;
        while let Some(batch) = self.runtime.block_on(stream.next()) {
            none = false;
            see(batch.map_err(|e| failed(&e))?)?;
        }
        if none {
            see(RecordBatch::new_empty(stream.schema()))?;
        }
        Ok(())
    }

    /// Computes the relation of the contract that `path` is named after, checks it and writes it; later models read the
    /// result. Columns are taken by name.
    pub fn write(&mut self, path: &Path) -> Result<()> {
        let contract = io::contract_of(path)?;
        if let Some((_, from)) = self.settled.get(contract.name) {
            return Ok(io::write_each(path, contract, &self.provenance, &mut |write| {
                io::scan_each(from, contract, &mut |batch| write(&batch)).map(|_| ())
            })?);
        }
        let batch = self.one_batch(contract.name, &format!("select * from {}", contract.name))?;
        let batch = rows::sort(contract, &values::fit(contract, &batch)?)?;
        io::write(path, contract, std::slice::from_ref(&batch), &self.provenance)?;
        self.batch(contract.name, batch)
    }

    fn frame(&self, name: &str, sql: &str) -> Result<DataFrame> {
        self.runtime.block_on(self.context.sql(sql)).map_err(|e| Error::sql(name, &e))
    }

    fn collected(&self, name: &str, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let frame = self.frame(name, sql)?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let batches = self.runtime.block_on(frame.collect()).map_err(|e| Error::sql(name, &e))?;
        Ok((batches.first().map_or(schema, RecordBatch::schema), batches))
    }

    fn one_batch(&self, name: &str, sql: &str) -> Result<RecordBatch> {
        let (schema, batches) = self.collected(name, sql)?;
        compute::concat_batches(&schema, &batches).map_err(|e| Error::Runtime { cause: e.to_string() })
    }
}
