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
