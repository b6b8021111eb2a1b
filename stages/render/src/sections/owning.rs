//! Requests, a workload's months, utilisation, and when an own machine pays.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXTS: &[&str] = &[
    "A request takes its prompt at the mean rate of prefill and its new tokens at the mean rate of generate. Owning costs the \
     purchase less its residual over its life, upkeep, and electricity, at idle too; renting by usage costs the hours of use, by \
     reservation whole machines all month, and an API its tokens.",
    "An API runs another model: it is comparable as money, not as quality. Configured under `[derive-costs.owned]`, \
     `[[derive-costs.workload]]` and `[[derive-costs.blend]]`.",
];

const REQUESTS: Layout = Layout {
    rows: table!("requests"),
    caption: "A thousand requests, at the cheapest price of each kind",
    method: "Mean rates of both modes; interval over runs, the energy's own error and a price's range",
    source: source!("requests"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("hardware", Show::Text("way")),
        ("backend", Show::Joined(&["name", "cache"])),
        ("price", Show::Joined(&["provider", "instance", "tier"])),
        ("s a request", Show::Number("time_s")),
        ("USD [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("kWh [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
        ("gCO2e [interval]", Show::Interval("gco2e", "gco2e_low", "gco2e_high")),
        ("embodied gCO2e", Show::Number("embodied_gco2e")),
    ],
};

const TCO: Layout = Layout {
    rows: table!("tco"),
    caption: "The configured months of each workload, at the cheapest price of each kind",
    method: "Upfront and purchase + months x running cost - value left; interval over what requests cost",
    source: source!("tco"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("backend", Show::Joined(&["name", "cache"])),
        ("price", Show::Joined(&["provider", "instance", "tier"])),
        ("1M tokens a month", Show::Number("volume_mtok")),
        ("months", Show::Number("months")),
        ("machines", Show::Number("machines")),
        ("running USD a month", Show::Number("monthly_usd")),
        ("with whole machines", Show::Number("reserved_monthly_usd")),
        ("total USD [interval]", Show::Interval("total_usd", "ci_low_usd", "ci_high_usd")),
        ("USD per 1M", Show::Number("total_usd_per_mtok")),
        ("kgCO2e", Show::Number("carbon_kgco2e")),
    ],
};

const BREAK_EVEN: Layout = Layout {
    rows: table!("break_even"),
    caption: "Break-even of an own machine against the cheapest alternative of each kind, the hardware that ran first",
    method: "Volume at which both cost the same",
    source: source!("break_even"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("backend", Show::Text("backend")),
        ("paid by", Show::Text("rent_basis")),
        ("alternative", Show::Joined(&["provider", "instance", "tier"])),
        ("its hardware", Show::Text("match")),
        ("its USD per 1M", Show::Number("rent_usd_per_mtok")),
        ("its USD a month", Show::Number("rent_usd_per_month")),
        ("own USD a month", Show::Number("own_usd_per_month")),
        ("and per 1M", Show::Number("own_usd_per_mtok")),
        ("equal at 1M tokens a month", Show::Number("break_even_mtok_per_month")),
        ("paid back after months", Show::Number("break_even_months")),
        ("why not", Show::Text("reason")),
    ],
};

const UTILISATION: Layout = Layout {
    rows: table!("utilisation"),
    caption: "A million tokens by utilisation: own machine, and the cheapest rent by the hour",
    method: "Hours paid for / utilisation, electricity at load and idle",
    source: source!("utilisation"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("backend", Show::Text("backend")),
        ("utilisation", Show::Number("utilisation")),
        ("purchase, upkeep", Show::Number("infra_usd_per_mtok")),
        ("at load", Show::Number("load_usd_per_mtok")),
        ("at idle", Show::Number("idle_usd_per_mtok")),
        ("own USD [interval]", Show::Interval("own_usd", "own_low", "own_high")),
        ("own gCO2e", Show::Number("gco2e_per_mtok")),
        ("rent", Show::Joined(&["rent_provider", "rent_instance", "rent_tier"])),
        ("its hardware", Show::Text("rent_match")),
        ("rented USD [interval]", Show::Interval("rent_usd", "rent_low", "rent_high")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "owning",
        title: "Requests, months of a workload, utilisation, break-even".into(),
        texts: TEXTS.iter().map(|t| (*t).to_string()).collect(),
        charts: material.charts(&["break-even", "utilisation"]),
        tables: material.tables(&[&REQUESTS, &TCO, &BREAK_EVEN, &UTILISATION])?,
        ..Section::default()
    })
}
