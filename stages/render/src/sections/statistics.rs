//! Backends compared. Another table of the analysis is a [`Layout`] here and its name in [`section`].

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "The run is the replicate and the scenario the block: backends are compared within scenarios. p is adjusted by Holm \
    over all pairs of one metric, model and mode, and compared with `alpha`, the family's share of 5 % over all families of the model. \
    A ratio whose interval holds 1 tells nobody apart; `equivalent` is a difference \
    shown to be smaller than what matters. Backends that cannot be told apart share a place.";

const COMPARISONS: Layout = Layout {
    rows: table!("comparisons"),
    caption: "Backends compared, scenarios as blocks: ratio b / a",
    method: "p adjusted by Holm",
    source: source!("comparisons"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("metric", Show::Text("metric")),
        ("mode", Show::Text("label")),
        ("a", Show::Text("a")),
        ("b", Show::Text("b")),
        ("conclusion", Show::Text("conclusion")),
        ("ratio b / a [interval]", Show::Interval("ratio", "ratio_low", "ratio_high")),
        ("of means", Show::Text("mean")),
        ("p adjusted", Show::Number("p_adjusted")),
        ("alpha", Show::Number("alpha")),
        ("effect [interval]", Show::Interval("effect_size", "effect_low", "effect_high")),
        ("p equivalent, adjusted", Show::Number("p_equivalent_adjusted")),
        ("detectable, %", Show::Number("detectable_pct")),
        ("blocks", Show::Number("blocks")),
        ("runs", Show::Number("n")),
    ],
};

const RANKING: Layout = Layout {
    rows: table!("ranking"),
    caption: "Places, with ties",
    method: "One more than the backends that are better by a test, p adjusted by Holm",
    source: source!("ranking"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("metric", Show::Text("metric")),
        ("mode", Show::Text("label")),
        ("place", Show::Number("place")),
        ("backend", Show::Text("backend")),
        ("tied with", Show::Text("tied")),
        ("mean [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
        ("which mean", Show::Text("mean")),
        ("runs", Show::Number("n")),
        ("scenarios", Show::Number("blocks")),
    ],
};

const OMNIBUS: Layout = Layout {
    rows: table!("omnibus"),
    caption: "Whether any backend differs from any other: all at once, on means of scenarios",
    method: "Tests that take scenarios as replicates stand beside those that take them as blocks, for comparison with studies that do",
    source: source!("omnibus"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("metric", Show::Text("metric")),
        ("mode", Show::Text("label")),
        ("test", Show::Text("test")),
        ("statistic", Show::Number("statistic")),
        ("df", Show::Number("df")),
        ("df of the error", Show::Number("df_error")),
        ("p", Show::Number("p")),
        ("eta squared", Show::Number("eta_squared")),
        ("backends", Show::Number("backends")),
        ("scenarios", Show::Number("blocks")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "statistics",
        title: "Statistics".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["forest"]),
        tables: material.tables(&[&COMPARISONS, &RANKING, &OMNIBUS])?,
        ..Section::default()
    })
}
