//! Price and carbon intensity of electricity.

use crate::{Contract, column::*};
use serde::{Deserialize, Serialize};

pub const GRID: Contract = Contract {
    name: "grid",
    version: 3,
    stage: "derive-costs",
    grain: "One grid region x interval.",
    key: &["region", "start_ns"],
    columns: &[
        text("region", "Grid region: country (ISO 3166-1 alpha-3), cloud region (`aws:us-east-1`) or one's own name"),
        int("start_ns", "Start of the interval"),
        int("end_ns", "Its end"),
        float("usd_per_kwh", "Electricity tariff").at_least(0.0).or_null("when unknown"),
        float("gco2e_per_kwh", "Carbon intensity").at_least(0.0).or_null("when unknown"),
        float("pue", "Power usage effectiveness (ISO/IEC 30134-2): facility energy over IT energy")
            .at_least(1.0)
            .or_null("when unknown; the configured value is used"),
        choice(
            "basis",
            &["direct", "lifecycle", "unknown"],
            "What the carbon intensity counts: combustion alone, or the life cycle",
        ),
        text(
            "method",
            "Whose accounting made the carbon intensity: only intensities of one basis and method are ranked",
        )
        .or_null("when the source does not say"),
        int("year", "Year that the figures describe").or_null("when the source does not say"),
        int("tariff_year", "Year that the tariff describes").or_null("when it is `year`, or there is no tariff"),
        boolean("estimated", "Whether the source estimated the carbon intensity")
            .or_null("when the source does not say"),
        boolean("example", "Whether the figures are an example that stands in for yours").or_null("when they are not"),
        text("source", "Where they were read"),
    ],
};

/// A row of `grid`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub region: String,
    pub start_ns: i64,
    pub end_ns: i64,
    pub usd_per_kwh: Option<f64>,
    pub gco2e_per_kwh: Option<f64>,
    pub pue: Option<f64>,
    pub basis: String,
    pub method: Option<String>,
    pub year: Option<i64>,
    pub tariff_year: Option<i64>,
    pub estimated: Option<bool>,
    pub example: Option<bool>,
    pub source: String,
}
