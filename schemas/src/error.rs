//! Everything a contract file, a contract CSV or `pipeline.toml` can be refused for.
//!
//! Each message reads `<file>: <what>, <offending value>, <what to do>`; the stage puts its own name in front.

use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: cannot {action}, {cause}, {}", path.display(), remedy(&cause.to_string()))]
    Io { path: PathBuf, action: &'static str, cause: std::io::Error },

    #[error("{}: cannot write, {cause}, {}; what was there before is unchanged", path.display(), remedy(cause))]
    Write { path: PathBuf, cause: String },

    #[error("{}: not a plain file, {kind}, name another file", path.display())]
    NotPlain { path: PathBuf, kind: &'static str },

    #[error("{}: no file to read in this folder, 0 files *.csv, name a file or another folder", path.display())]
    NoFiles { path: PathBuf },

    #[error("{}: no contract has this name, \"{name}\", name the file after one of: {known}", path.display())]
    UnknownTable { path: PathBuf, name: String, known: String },

    #[error("{}: {}", path.display(), unreadable(cause))]
    NotParquet { path: PathBuf, cause: String },

    #[error("{}: damaged, or written by something else, {how}, delete it and run `make` again to rewrite it", path.display())]
    Damaged { path: PathBuf, how: &'static str },

    #[error(
        "{}: made from another {input} than the one that is read beside it, {found} where that has {wanted}, \
         run `make` to rewrite it with `{stage}`", path.display()
    )]
    OtherInput { path: PathBuf, input: String, found: String, wanted: String, stage: String },

    #[error("{}: not a contract file, no {missing} in the footer, write it with the stage `{stage}`", path.display())]
    NoContract { path: PathBuf, missing: &'static str, stage: &'static str },

    #[error("{}: holds another table, \"{found}\", give the file of table `{wanted}`", path.display())]
    OtherTable { path: PathBuf, found: String, wanted: &'static str },

    #[error(
        "{}: contract of another version, {found} where this build reads {wanted}, \
         delete it and run `make` to rewrite it with `{stage}`", path.display()
    )]
    OtherVersion { path: PathBuf, found: String, wanted: u32, stage: String },

    #[error("{}: columns do not match contract `{table}`, {difference}, rewrite it with `{stage}`", path.display())]
    Columns { path: PathBuf, table: &'static str, difference: String, stage: &'static str },

    #[error("{}: row {row}: {problem}, fix it in the stage or input that produced the row", path.display())]
    Row { path: PathBuf, row: usize, problem: Problem },

    #[error("{}: line {line}: {problem}, correct the line", path.display())]
    Line { path: PathBuf, line: u64, problem: Problem },

    #[error("{}: not readable as CSV, {cause}, save it as UTF-8 comma-separated text with one header line", path.display())]
    Csv { path: PathBuf, cause: String },

    #[error("{}: unknown column, \"{column}\", use: {known}", path.display())]
    UnknownColumn { path: PathBuf, column: String, known: String },

    #[error("{}: missing column, \"{column}\", add it ({doc})", path.display())]
    MissingColumn { path: PathBuf, column: &'static str, doc: &'static str },

    #[error("{}: line {line}: {message}, correct the line", path.display())]
    Config { path: PathBuf, line: usize, message: String },

    #[error("{}: line {line}: {message}, {remedy}", path.display())]
    Value { path: PathBuf, line: usize, message: String, remedy: String },

    #[error("{}: no table [{table}], nothing, add it (see the pipeline.toml that ships with Tallywatt)", path.display())]
    ConfigTable { path: PathBuf, table: String },

    #[error("rows of table `{table}`: {cause}")]
    Rows { table: &'static str, cause: String },
}

impl Error {
    /// What an error of the system means for the file at `path`, for `map_err`.
    pub fn io(path: &Path, action: &'static str) -> impl Fn(std::io::Error) -> Error {
        move |cause| Error::Io { path: path.to_path_buf(), action, cause }
    }

    /// What an error of a library means for rows of `table`, for `map_err`.
    pub fn rows<E: std::fmt::Display>(table: &'static str) -> impl Fn(E) -> Error {
        move |cause| Error::Rows { table, cause: cause.to_string() }
    }
}

/// Why a table cannot be read. Nobody should delete it when what is missing is memory, open files or permission.
fn unreadable(cause: &str) -> String {
    match remedy(cause) {
        GENERAL => format!("not a readable Parquet file, {cause}, delete it and run `make` again to rewrite it"),
        specific => format!("cannot read, {cause}, {specific}"),
    }
}

/// What installs the pinned model and libraries: make's own target, or what an installed program names in `TALLYWATT_SETUP`.
pub fn setup() -> String {
    std::env::var("TALLYWATT_SETUP").unwrap_or_else(|_| "run `make setup`".into())
}

/// What helps against other errors than those that [`remedy`] knows.
const GENERAL: &str = "check that the path exists and may be used";

/// What helps against an error of the operating system (Linux: errno(3)), which is in the text with its number.
pub fn remedy(cause: &str) -> &'static str {
    let is = |number: u8| cause.contains(&format!("(os error {number})"));
    match () {
        () if is(28) || is(122) => "free space on that disk and run it again",
        () if is(27) => "raise the limit of file sizes (`ulimit -f`) and run it again",
        () if is(23) || is(24) => "raise the limit of open files (`ulimit -n`) and run it again",
        () if is(12) => "free memory and run it again",
        () if is(1) || is(13) || is(30) => "allow it there or name another place",
        () => GENERAL,
    }
}

/// What a [`Problem::NotA`] of a day wants.
pub const A_DATE: &str = "a date YYYY-MM-DD";

/// What is wrong with one row of a table or one line of a CSV file.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum Problem {
    #[error("column `{column}` must not be empty")]
    Empty { column: &'static str },
    #[error("column `{column}` is not a finite number, \"{value}\"")]
    NotFinite { column: &'static str, value: String },
    #[error("column `{column}` is not {wanted}, \"{value}\"")]
    NotA { column: &'static str, wanted: &'static str, value: String },
    #[error("column `{column}` must be at least {bound}, \"{value}\"")]
    TooSmall { column: &'static str, bound: f64, value: String },
    #[error("column `{column}` must be one of {known}, \"{value}\"")]
    NotAChoice { column: &'static str, known: String, value: String },
    #[error("same key as {earlier}, ({key})")]
    DuplicateKey { earlier: String, key: String },
    #[error("rows are not sorted by the key, ({key})")]
    NotSorted { key: String },
    #[error("tier `{tier}` needs a price, `{column}` is empty")]
    NoPrice { tier: String, column: &'static str },
    #[error("{found} fields where the header has {wanted}")]
    FieldCount { found: usize, wanted: usize },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_damaged_file_is_to_be_deleted() {
        let said = |cause: &str| Error::NotParquet { path: "run.parquet".into(), cause: cause.into() }.to_string();
        let too_many = "External: Too many open files (os error 24)";
        let remedy = "raise the limit of open files (`ulimit -n`) and run it again";
        assert_eq!(said(too_many), format!("run.parquet: cannot read, {too_many}, {remedy}"));
        assert!(said("no footer").contains("no footer, delete it"));
    }
}
