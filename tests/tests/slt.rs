//! `.slt` files beside the SQL: the language is sqllogictest's; a statement `model NAME` loads `NAME.sql` of the stage,
//! `facts` loads what `join-telemetry` says of the runs, `check NAME` expects that check to find nothing, and the queries `chart NAME` and `table NAME` are those of the report.

use arrow::util::display::array_value_to_string;
use recombine::{Model, Workbench};
use sqllogictest::{DB, DBOutput, DefaultColumnType, Runner};
use std::{
    fmt,
    path::{Path, PathBuf},
};

struct Stage {
    bench: Workbench,
    folder: PathBuf,
}

#[derive(Debug)]
struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl Stage {
    fn load(&self, folder: &str, name: &str) -> Result<Model, Failure> {
        let own = self.folder.join(folder).join(format!("{name}.sql"));
        // What several stages compute is the library's, and every stage reads the facts of runs.
        let stages = ["recombine", "join-telemetry"].map(|s| tests::root().join(format!("stages/{s}/sql/{name}.sql")));
        let path = [own].into_iter().chain(stages).find(|path| path.is_file()).unwrap_or_default();
        let sql = std::fs::read_to_string(&path).map_err(|e| Failure(format!("{name}: {e}")))?;
        Ok(Model { name: name.to_string().leak(), sql: sql.leak() })
    }

    fn model(&self, name: &str) -> Result<Model, Failure> {
        self.load(if self.folder.join("sql/relations").is_dir() { "sql/relations" } else { "sql" }, name)
    }

    fn dispatch(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let fail = |e: recombine::Error| Failure(e.to_string());
        match sql.trim().split_once(' ') {
            Some(("model", name)) => self.bench.materialise(self.model(name)?).map_err(fail)?,
            Some(("check", name)) => self.bench.check(self.load("checks", name)?).map_err(fail)?,
            Some(("empty", name)) => self.bench.empty(schemas::tables::find(name).unwrap()).map_err(fail)?,
            Some(("chart", name)) => return self.query(self.load("sql/charts", name)?.sql).map_err(fail),
            Some(("table", name)) => return self.query(self.load("sql/tables", name)?.sql).map_err(fail),
            None if sql.trim() == "facts" => {
                for name in ["run_window", "cell", "run_fact"] {
                    self.bench.materialise(self.model(name)?).map_err(fail)?;
                }
            }
            _ => return self.query(sql).map_err(fail),
        }
        Ok(DBOutput::StatementComplete(0))
    }

    fn query(&self, sql: &str) -> recombine::Result<DBOutput<DefaultColumnType>> {
        let batches = self.bench.batches(sql)?;
        let columns = batches[0].num_columns();
        let show = |b: &arrow::array::RecordBatch, c: usize, r: usize| match b.column(c).is_null(r) {
            true => "NULL".to_string(),
            false => Some(array_value_to_string(b.column(c), r).unwrap())
                .filter(|s| !s.is_empty())
                .unwrap_or("(empty)".into()),
        };
        let rows =
            batches.iter().flat_map(|b| (0..b.num_rows()).map(move |r| (0..columns).map(|c| show(b, c, r)).collect()));
        Ok(match columns {
            0 => DBOutput::StatementComplete(0),
            _ => DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows: rows.collect() },
        })
    }
}

impl DB for Stage {
    type Error = Failure;
    type ColumnType = DefaultColumnType;
    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        self.dispatch(sql)
    }
}

fn files() -> Vec<PathBuf> {
    let stages = std::fs::read_dir(tests::root().join("stages")).unwrap().map(|e| e.unwrap().path().join("tests"));
    let mut files: Vec<PathBuf> = stages
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|x| x == "slt"))
        .collect();
    files.sort();
    files
}

fn run_file(path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap().parent().unwrap().to_path_buf();
    let mut runner = Runner::new(|| {
        let stage = Stage { bench: Workbench::new("slt", &()).unwrap(), folder: folder.clone() };
        async move { Ok(stage) }
    });
    runner.run_file(path).map_err(|e| e.to_string())
}

#[test]
fn every_slt_file() {
    let files = files();
    assert!(files.len() >= 4, "{files:?}");
    let failed: Vec<String> = files.iter().filter_map(|f| run_file(f).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
