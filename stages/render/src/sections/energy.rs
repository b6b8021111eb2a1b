//! kWh and grams.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Gross is the whole energy of the window; net takes off the idle baseline. Both are of the scope named, at the \
    evidence named: an estimate is no measurement.";

const SCOPES: Layout = Layout {
    rows: table!("scopes"),
    caption: "Energy per token by scope",
    method: "Mean over runs of the window's energy by its tokens",
    source: source!("scopes"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("backend", Show::Text("name")),
        ("scope", Show::Text("scope")),
        ("mean power, W", Show::Number("mean_power_w")),
        ("gross, J per token", Show::Number("gross_j_per_token")),
        ("net, J per token", Show::Number("net_j_per_token")),
        ("runs", Show::Number("n")),
    ],
};

const CARBON: Layout = Layout {
    rows: table!("carbon"),
    caption: "Energy and carbon of a million tokens on the own machine",
    method: "Mean over scenarios; interval over runs and the energy's own error",
    source: source!("at_a_price"),
    evidence: Evidence::In("energy_evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("backend", Show::Text("name")),
        ("kWh per 1M [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
        ("gCO2e per 1M [interval]", Show::Interval("gco2e", "gco2e_low", "gco2e_high")),
        ("embodied gCO2e", Show::Number("embodied_gco2e")),
        ("scope", Show::Text("energy_scope")),
        ("grid", Show::Text("grid_region")),
    ],
};

const REGIONS: Layout = Layout {
    rows: table!("regions"),
    caption: "Carbon of a million tokens were the energy drawn elsewhere: home, and the three cleanest and dirtiest grids of each method. \
              Compare within a method alone",
    method: "Energy of the mean over scenarios x PUE x intensity",
    source: source!("regions"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("grid", Show::Text("grid_region")),
        ("mode", Show::Text("mode_name")),
        ("backend", Show::Text("backend")),
        ("g/kWh", Show::Number("gco2e_per_kwh")),
        ("counts", Show::Text("grid_basis")),
        ("method", Show::Text("grid_method")),
        ("place in it", Show::Number("place")),
        ("year", Show::Text("grid_year")),
        (
            "gCO2e per 1M [interval]",
            Show::Interval("gco2e_per_mtok", "ci_low_gco2e_per_mtok", "ci_high_gco2e_per_mtok"),
        ),
        (
            "electricity, USD [interval]",
            Show::Interval("energy_usd_per_mtok", "ci_low_usd_per_mtok", "ci_high_usd_per_mtok"),
        ),
    ],
};

const HOURS: Layout = Layout {
    rows: table!("hours"),
    caption: "By hour of the day, mean over backends and modes relative to the day's mean: 1 is the mean",
    method: "Means over the newest year's days",
    source: source!("hours"),
    evidence: Evidence::In("evidence"),
    columns: &[
        ("grid", Show::Text("grid_region")),
        ("zone", Show::Text("zone")),
        ("hour", Show::Text("local_hour")),
        ("USD/kWh", Show::Number("usd_per_kwh")),
        ("g/kWh", Show::Number("gco2e_per_kwh")),
        ("USD, relative", Show::Number("usd")),
        ("gCO2e, relative", Show::Number("g")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    let mut tables = material.tables(&[&SCOPES, &CARBON, &REGIONS, &HOURS])?;
    // No grid by the hour is the usual case and no gap.
    tables.retain(|t| t.id != HOURS.rows.name || !t.rows.is_empty());
    Ok(Section {
        id: "energy",
        title: "Energy and carbon".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["efficiency", "carbon", "regions"]),
        tables,
        ..Section::default()
    })
}
