//! The crate's SQL, each file compiled in under its name: `relation!("headline")` is `sql/relations/headline.sql`.

macro_rules! file {
    ($folder:literal, $name:literal) => {
        ::recombine::Model {
            name: $name,
            sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $folder, "/", $name, ".sql")),
        }
    };
}

/// A relation over the contract tables and earlier relations.
macro_rules! relation {
    ($name:literal) => {
        file!("relations", $name)
    };
}

/// Rows of a chart's shape, ordered.
macro_rules! chart {
    ($name:literal) => {
        file!("charts", $name)
    };
}

/// Rows as they are shown, ordered.
macro_rules! table {
    ($name:literal) => {
        file!("tables", $name)
    };
}

/// What finds a row again in the contract tables: see [`crate::source`].
macro_rules! source {
    ($name:literal) => {
        file!("sources", $name)
    };
}
