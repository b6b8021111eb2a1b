//! What can stop a model.

use datafusion::error::DataFusionError;
use std::path::PathBuf;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Contract(#[from] schemas::Error),

    #[error("{model}: SQL failed, {cause}, correct the query or model")]
    Sql { model: String, cause: String },

    #[error("check {check}: {says} {count} rows break it, first {first}, correct the input that they came from")]
    Check { check: &'static str, says: String, count: usize, first: String },

    #[error("{table}: column `{column}` does not fit the contract, {cause}, correct the model")]
    Fit { table: &'static str, column: &'static str, cause: String },

    #[error("{}: cannot be a table, {cause}, rename or copy it", path.display())]
    Place { path: PathBuf, cause: String },

    #[error("SQL engine: cannot run, {cause}, check memory and the number of threads allowed")]
    Runtime { cause: String },
}

impl Error {
    pub(crate) fn sql(model: &str, cause: &DataFusionError) -> Self {
        Error::Sql { model: model.into(), cause: cause.strip_backtrace().replace('\n', " ") }
    }

    pub(crate) fn named(self, name: &str) -> Self {
        match self {
            Error::Sql { cause, .. } => Error::Sql { model: name.into(), cause },
            other => other,
        }
    }
}
