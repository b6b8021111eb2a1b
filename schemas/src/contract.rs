//! A contract: the fixed shape of one table.

use crate::column::Column;
use arrow::datatypes::{Schema, SchemaRef};
use std::sync::Arc;

/// The shape of one table. Files hold exactly these columns in this order, sorted by the key, without duplicate keys.
#[derive(Debug)]
pub struct Contract {
    pub name: &'static str,
    /// Raised whenever a column is added, dropped, renamed or given another meaning.
    pub version: u32,
    /// The stage that writes it.
    pub stage: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// Columns that together are unique; rows are sorted by them.
    pub key: &'static [&'static str],
    pub columns: &'static [Column],
}

impl Contract {
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Arrow schema of the file, without metadata.
    pub fn arrow(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(Column::field).collect::<Vec<_>>()))
    }

    /// Positions of the key columns.
    pub fn key_indices(&self) -> Vec<usize> {
        self.key.iter().filter_map(|k| self.index(k)).collect()
    }
}

/// Declares a table: its contract, and `Row`, one row of it in Rust. A column is `NAME: KIND(ARGUMENTS)`, as in [`crate::column`]; in
/// `Row` a column that may be absent is an `Option`. Columns that several tables begin with are groups, named after `with`.
#[macro_export]
macro_rules! table {
    (
        $contract:ident: $name:literal, version $version:literal, written by $stage:literal;
        grain: $grain:expr;
        key: $key:expr;
        with $($group:ident),+;
        $($columns:tt)*
    ) => {
        $crate::table! {
            @with [$($group)+] []
            [$contract: $name, version $version, written by $stage; grain: $grain; key: $key;]
            $($columns)*
        }
    };
    (@with [cell $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! { @with [backend mode scenario $($more)*] [$($done)* cell_id: text("Cell"),] $($rest)* }
    };
    (@with [backend $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! {
            @with [$($more)*]
            [
                $($done)*
                backend: text("Engine and device"),
                device: text("`cpu`, or the GPU's product name"),
                model: text("Model"),
                dtype: text("Number format of the weights"),
            ]
            $($rest)*
        }
    };
    (@with [mode $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! {
            @with [$($more)*]
            [
                $($done)*
                mode: choice($crate::tables::run::MODES, "Mode"),
                kv_cache: boolean("Whether keys and values were kept"),
            ]
            $($rest)*
        }
    };
    (@with [scenario $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! { @with [$($more)*] [$($done)* scenario: text("Scenario"),] $($rest)* }
    };
    (@with [request $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! {
            @with [$($more)*]
            [$($done)* kv_cache: boolean("Whether decoding kept keys and values"), workload: text("Workload"),]
            $($rest)*
        }
    };
    (@with [price $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! {
            @with [$($more)*]
            [
                $($done)*
                provider: text("Seller"),
                region: text("Seller's region"),
                instance: text("Instance"),
                tier: choice($crate::tables::TIERS, "Terms"),
            ]
            $($rest)*
        }
    };
    (@with [family $($more:ident)*] [$($done:tt)*] $($rest:tt)*) => {
        $crate::table! {
            @with [mode $($more)*]
            [
                $($done)*
                metric: choice($crate::metrics::COMPARED, "Quantity and unit"),
                model: text("Model"),
            ]
            $($rest)*
        }
    };
    (@with [] [$($done:tt)*] [$($head:tt)*] $($columns:tt)*) => { $crate::table! { $($head)* $($done)* $($columns)* } };
    (
        $contract:ident: $name:literal, version $version:literal, written by $stage:literal;
        grain: $grain:expr;
        key: $key:expr;
        $($column:ident: $kind:ident($($argument:expr),+ $(,)?) $(.at_least($bound:expr))? $(.or_null($when:expr $(,)?))?,)+
    ) => {
        pub const $contract: $crate::Contract = $crate::Contract {
            name: $name,
            version: $version,
            stage: $stage,
            grain: $grain,
            key: $key,
            columns: &[$($kind($crate::contract::plain(stringify!($column)), $($argument),+)$(.at_least($bound))?$(.or_null($when))?),+],
        };

        #[doc = concat!("A row of `", $name, "`.")]
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Row {
            $(pub $column: $crate::table!(@type $kind $($when)?),)+
        }
    };
    (@type $kind:ident $when:expr) => { Option<$crate::table!(@type $kind)> };
    (@type boolean) => { bool };
    (@type int) => { i64 };
    (@type count) => { i64 };
    (@type float) => { f64 };
    (@type floats) => { Vec<f64> };
    (@type texts) => { Vec<String> };
    (@type $text:ident) => { String };
}

/// The name of a field, without the mark of Rust's own words: `r#match` is column `match`.
pub const fn plain(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', name @ ..] => match str::from_utf8(name) {
            Ok(name) => name,
            Err(_) => field,
        },
        _ => field,
    }
}
