//! What a reader must know before using the numbers.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const FINDINGS: Layout = Layout {
    rows: table!("findings"),
    caption: "Findings, gravest first",
    method: "",
    source: source!("findings"),
    evidence: Evidence::None,
    columns: &[
        ("severity", Show::Text("severity")),
        ("finding", Show::Text("what")),
        ("where", Show::Text("place")),
        ("code", Show::Text("code")),
    ],
};

const VERDICTS: Layout = Layout {
    rows: table!("verdicts"),
    caption: "Whether each cell may be used, and how many runs it needs; worst first",
    method: "Thresholds of [analyze]",
    source: source!("verdicts"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("verdict", Show::Text("verdict")),
        ("mode", Show::Text("label")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("backend")),
        ("checks that found something", Show::Text("found")),
        ("runs", Show::Number("runs")),
        ("usable", Show::Number("usable")),
        ("variation, %", Show::Number("cv_pct")),
        ("half width, %", Show::Number("half_width_pct")),
        ("runs needed", Show::Number("runs_needed")),
        ("outliers", Show::Number("outliers")),
        ("runs independent?", Show::Text("independence")),
    ],
};

const SPREAD: Layout = Layout {
    rows: table!("spread"),
    caption: "Spread of the runs of each cell, widest first; latency over the cell's median",
    method: "Extremes and median of the runs",
    source: source!("spread"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("variation, %", Show::Number("cv_pct")),
        ("least", Show::Number("least")),
        ("most", Show::Number("most")),
        ("runs", Show::Number("n")),
    ],
};

const ENERGY: Layout = Layout {
    rows: table!("energy_known"),
    caption: "How the energy of the runs is known",
    method: "Counts of table run_energy",
    source: source!("energy_known"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("scope", Show::Text("scope")),
        ("runs", Show::Number("runs")),
        ("covered, %", Show::Number("coverage_pct")),
        ("readings in a window, median", Show::Number("samples")),
        ("longest gap, ms", Show::Number("gap_ms")),
        ("why not", Show::Text("reasons")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "findings",
        title: "Validation and findings: what to know before using the numbers".into(),
        tables: material.tables(&[&FINDINGS, &VERDICTS, &ENERGY, &SPREAD])?,
        ..Section::default()
    })
}
