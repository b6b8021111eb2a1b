//! Latency and throughput.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Latency is the mean time of one iteration: one forward pass over the prompt in prefill, the whole greedy \
    decoding, its prefill included, in generate. The distribution shows each run against its cell's median: a mean of wide or \
    skewed runs says less.";

const BACKENDS: Layout = Layout {
    rows: table!("backends"),
    caption: "Backends over all scenarios",
    method: "",
    source: source!("backends"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("metric", Show::Text("metric")),
        ("backend", Show::Text("name")),
        ("mean [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
        ("how", Show::Text("method")),
        ("runs", Show::Number("n")),
    ],
};

const CELLS: Layout = Layout {
    rows: table!("latency"),
    caption: "Latency of every cell, ms",
    method: "",
    source: source!("of_cell"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("mean [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
        ("median", Show::Number("median")),
        ("runs", Show::Number("n")),
    ],
};

/// Cells of another run: whatever was published or measured elsewhere, on its own hardware.
const BESIDE: Layout = Layout {
    rows: table!("beside"),
    caption: "Another run's cells beside this run's (ratio: here / there)",
    method: "Means of cells; the other run's are in its own folder",
    source: source!("beside"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("metric", Show::Text("metric")),
        ("mode", Show::Text("mode_name")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("backend")),
        ("there", Show::Number("there_value")),
        ("on", Show::Text("there_device")),
        ("here [interval]", Show::Interval("here_value", "here_low", "here_high")),
        ("on this machine's", Show::Text("here_device")),
        ("ratio", Show::Number("ratio")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    let mut tables = material.tables(&[&BACKENDS, &CELLS])?;
    if material.with_another {
        tables.extend(material.tables(&[&BESIDE])?);
    }
    Ok(Section {
        id: "speed",
        title: "Latency and throughput".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["latency", "throughput", "spread"]),
        tables,
        ..Section::default()
    })
}
