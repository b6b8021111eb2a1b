//! The SQL of the crate, each file compiled in under its name: `relation!("headline")` is `sql/relations/headline.sql`.

macro_rules! sql {
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
        sql!("relations", $name)
    };
}

/// Rows of a chart's shape, ordered.
macro_rules! chart {
    ($name:literal) => {
        sql!("charts", $name)
    };
}

/// Rows as they are shown, ordered.
macro_rules! table {
    ($name:literal) => {
        sql!("tables", $name)
    };
}

/// What finds a row again in the contract tables: see [`crate::source`].
macro_rules! source {
    ($name:literal) => {
        sql!("sources", $name)
    };
}
