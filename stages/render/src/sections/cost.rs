//! Dollars by tier and provider.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Prompt tokens in prefill, new tokens in generate; mean over scenarios. Electricity is added only where the price \
    does not include it. An own machine costs its purchase over its life, upkeep, and electricity, also while it waits.";

const METHOD: &str = "Mean over scenarios. Interval: relative interval of the energy where electricity is all, else mean of the \
    cells' half widths";

const TIERS: Layout = Layout {
    rows: table!("tiers"),
    caption: "Cheapest price of every tier, USD per 1M tokens",
    method: METHOD,
    source: source!("at_a_price"),
    evidence: Evidence::In("usd_evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("tier", Show::Text("tier")),
        ("hardware", Show::Text("match")),
        ("backend", Show::Text("name")),
        ("USD per 1M [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("of it hardware, idle", Show::Number("infra_usd")),
        ("electricity", Show::Number("energy_usd")),
        ("price", Show::Joined(&["provider", "region", "instance"])),
    ],
};

const PROVIDERS: Layout = Layout {
    rows: table!("providers"),
    caption: "Every provider's cheapest price on demand, best backend of each mode, USD per 1M tokens",
    method: METHOD,
    source: source!("at_a_price"),
    evidence: Evidence::In("usd_evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("provider", Show::Text("provider")),
        ("backend", Show::Text("name")),
        ("USD per 1M [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("price", Show::Joined(&["region", "instance", "tier"])),
        ("hardware", Show::Text("match")),
        ("price of", Show::Text("price_as_of")),
    ],
};

const SAVINGS: Layout = Layout {
    rows: table!("savings"),
    caption: "What terms save: ratios of two rates of about one date, the same for every backend (median over instances)",
    method: "Median, least and greatest ratio of a provider's instances; a range and no interval",
    source: source!("savings"),
    evidence: Evidence::All("derived"),
    columns: &[
        ("provider", Show::Text("provider")),
        ("tier", Show::Text("tier")),
        ("instances", Show::Number("instances")),
        ("rate over on demand [range]", Show::Interval("ratio", "least", "most")),
        ("not compared", Show::Number("without")),
        ("why not", Show::Text("reason")),
    ],
};

const MATCHED: Layout = Layout {
    rows: table!("price_match"),
    caption: "Which prices are of the hardware that ran, and why the others have no cost",
    method: "Counts of prices by the hour",
    source: source!("price_match"),
    evidence: Evidence::None,
    columns: &[
        ("what ran", Show::Text("device")),
        ("as prices name it", Show::Text("name")),
        ("prices", Show::Number("prices")),
        ("outcome", Show::Text("outcome")),
        ("why", Show::Text("reason")),
        ("one of them", Show::Text("example")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "cost",
        title: "Cost of a million tokens, by tier and provider".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["cost", "tiers", "cost-speed", "cost-energy"]),
        tables: material.tables(&[&TIERS, &PROVIDERS, &MATCHED, &SAVINGS])?,
        ..Section::default()
    })
}
