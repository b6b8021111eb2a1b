//! Which backend, for every objective and mode.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Scenarios are blocks: a backend is recommended when it beats every other over all scenarios with \
     certainty, after Holm's adjustment over the other backends and one over all decisions of the report, and when the \
     configured test of `ranking` tells them apart too. The margin of a named \
     backend is given as one that was large enough to be named: its interval may begin at 1. Dollars are at the cheapest price of \
     the hardware that ran. The order of best and next flips \
     where a rate, a tariff or a utilisation makes both cost the same; where none is given, none does.";

pub const METHOD: &str = "Margin: runs within scenarios, on logs; p adjusted by Holm over the other backends. Named only where the \
     configured test tells it too";

const DECISIONS: Layout = Layout {
    rows: table!("decisions"),
    caption: "Which backend, by objective; the configured one first",
    method: METHOD,
    source: source!("decision"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("objective", Show::Text("objective")),
        ("mode", Show::Text("label")),
        ("workload", Show::Text("workload")),
        ("backend", Show::Text("chosen")),
        ("price", Show::Text("at")),
        ("value", Show::Number("estimate")),
        ("of", Show::Text("metric")),
        ("mean", Show::Text("mean")),
        ("next", Show::Text("next")),
        ("next over best [interval]", Show::Interval("margin_ratio", "margin_low", "margin_high")),
        ("p adjusted", Show::Number("p_adjusted")),
        ("alpha", Show::Number("alpha")),
        ("flips at USD/h", Show::Number("flip_usd_per_hour")),
        ("at USD/kWh", Show::Number("flip_usd_per_kwh")),
        ("at utilisation", Show::Number("flip_utilisation")),
        ("at g/kWh", Show::Number("flip_gco2e_per_kwh")),
        ("why", Show::Text("reason")),
        ("excluded", Show::Text("out")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "decision",
        title: "Decision matrix".into(),
        texts: vec![TEXT.into()],
        tables: material.tables(&[&DECISIONS])?,
        ..Section::default()
    })
}
