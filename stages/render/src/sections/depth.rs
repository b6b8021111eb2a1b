//! Prefill and generate in depth.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Without a cache every new token is a forward pass over the whole text. The factor is what the cache saves: \
    latency and energy without it over with it, in the same scenario. Step by step, time grows with the text that has to be read again.";

const FACTORS: Layout = Layout {
    rows: table!("cache_factor"),
    caption: "Without a KV cache over with one",
    method: "Ratio of means; delta method on logs, the smaller number of degrees of freedom",
    source: source!("cache_factor"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("metric", Show::Text("metric")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("factor [interval]", Show::Interval("factor", "low", "high")),
        ("runs", Show::Number("n")),
    ],
};

const TOKENS: Layout = Layout {
    rows: table!("tokens"),
    caption: "Time to the first token (TTFT), time and energy per output token after it (TPOT)",
    method: "",
    source: source!("of_cell"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("metric", Show::Text("metric")),
        ("scenario", Show::Text("scenario")),
        ("backend", Show::Text("name")),
        ("mean [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
        ("median", Show::Number("median")),
        ("runs", Show::Number("n")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "depth",
        title: "Prefill and generate in depth".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["cache-factor", "steps", "ttft", "tpot"]),
        tables: material.tables(&[&FACTORS, &TOKENS])?,
        ..Section::default()
    })
}
