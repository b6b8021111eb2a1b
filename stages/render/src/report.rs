//! The report as data: both outputs show the same one, and `report.json` holds it.

use crate::{answer::Answer, charts::Chart, table::Table, whatif::WhatIf};
use serde::Serialize;

/// Raised when a field of `report.json` changes its name or meaning.
pub const VERSION: u32 = 3;

#[derive(Debug, Serialize)]
pub struct Report {
    pub version: u32,
    pub title: String,
    pub answer: Answer,
    pub sections: Vec<Section>,
}

#[derive(Debug, Default, Serialize)]
pub struct Section {
    pub id: String,
    pub title: String,
    /// Paragraphs; text between backticks is code.
    pub texts: Vec<String>,
    pub list: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatif: Option<WhatIf>,
    pub charts: Vec<Chart>,
    pub tables: Vec<Table>,
}

impl Report {
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.answer.tables.iter().chain(self.sections.iter().flat_map(|s| &s.tables))
    }
}
