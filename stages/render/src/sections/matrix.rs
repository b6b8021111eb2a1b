//! What ran, on what, and how its power was read.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const CELLS: Layout = Layout {
    rows: table!("matrix"),
    caption: "Matrix: cells and runs by mode and scenario",
    method: "Counts of table run",
    source: source!("matrix"),
    evidence: Evidence::None,
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("scenario", Show::Text("scenario")),
        ("batch", Show::Number("batch")),
        ("prompt tokens", Show::Number("prompt_tokens")),
        ("padded", Show::Number("padded_tokens")),
        ("new tokens each", Show::Number("new_tokens")),
        ("backends", Show::Number("backends")),
        ("runs", Show::Number("runs")),
        ("finished", Show::Number("finished")),
    ],
};

const SESSIONS: Layout = Layout {
    rows: table!("sessions"),
    caption: "Sessions",
    method: "",
    source: source!("sessions"),
    evidence: Evidence::None,
    columns: &[
        ("session", Show::Text("session_id")),
        ("processor", Show::Text("cpu")),
        ("cores", Show::Number("logical_cores")),
        ("memory, MiB", Show::Number("memory_mb")),
        ("GPU", Show::Text("gpu_names")),
        ("instance", Show::Text("ran_as")),
        ("system", Show::Text("os")),
        ("engines", Show::Text("engines")),
        ("commit", Show::Text("git_commit")),
        ("configuration", Show::Text("config_sha256")),
    ],
};

const ATTESTED: Layout = Layout {
    rows: table!("attested"),
    caption: "What ran, as the engines report it",
    method: "",
    source: source!("attested"),
    evidence: Evidence::None,
    columns: &[
        ("backend", Show::Text("backend")),
        ("device", Show::Text("device")),
        ("dtype", Show::Text("dtype")),
        ("provider", Show::Text("provider")),
        ("library", Show::Text("library")),
        ("threads", Show::Number("threads")),
        ("model", Show::Text("model")),
        ("weights", Show::Text("weights")),
        ("status", Show::Text("status")),
        ("runs", Show::Number("runs")),
    ],
};

const SENSORS: Layout = Layout {
    rows: table!("sensors"),
    caption: "Power sensors, as they were read; steps in W, of counters in J",
    method: "Counts, and inferred from the readings",
    source: source!("sensors"),
    evidence: Evidence::None,
    columns: &[
        ("sensor", Show::Text("device_id")),
        ("kind", Show::Text("kind")),
        ("scope", Show::Text("scope")),
        ("source", Show::Text("source")),
        ("readings", Show::Number("readings")),
        ("failed", Show::Number("errors")),
        ("deadlines missed", Show::Number("missed")),
        ("longest gap, ms", Show::Number("longest_gap_ms")),
        ("new every, ms", Show::Number("update_period_ms")),
        ("smallest step", Show::Number("step")),
        ("averages over, ms", Show::Number("averaging_ms")),
        ("cost, % of a core", Show::Number("cost_pct")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "matrix",
        title: "Matrix and environment".into(),
        charts: material.charts(&["trace", "sensors"]),
        tables: material.tables(&[&CELLS, &SESSIONS, &ATTESTED, &SENSORS])?,
        ..Section::default()
    })
}
