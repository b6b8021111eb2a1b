//! Price and carbon intensity of electricity.

use crate::column::*;

crate::table! {
    GRID: "grid", version 3, written by "derive-costs";
    grain: "One grid region x interval.";
    key: &["region", "start_ns"];
    region: text("Grid region: country (ISO 3166-1 alpha-3), cloud region (`aws:us-east-1`) or one's own name"),
    start_ns: int("Start of the interval"),
    end_ns: int("Its end"),
    usd_per_kwh: float("Electricity tariff").at_least(0.0).or_null("when unknown"),
    gco2e_per_kwh: float("Carbon intensity").at_least(0.0).or_null("when unknown"),
    pue: float("Power usage effectiveness (ISO/IEC 30134-2): facility energy over IT energy")
        .at_least(1.0)
        .or_null("when unknown; the configured value is used"),
    basis: choice(
        &["direct", "lifecycle", "unknown"],
        "What the carbon intensity counts: combustion alone, or the life cycle",
    ),
    method: text("Whose accounting made the carbon intensity: only intensities of one basis and method are ranked")
        .or_null("when the source does not say"),
    year: int("Year that the figures describe").or_null("when the source does not say"),
    tariff_year: int("Year that the tariff describes").or_null("when it is `year`, or there is no tariff"),
    estimated: boolean("Whether the source estimated the carbon intensity").or_null("when the source does not say"),
    example: boolean("Whether the figures are an example that stands in for yours").or_null("when they are not"),
    source: text("Where they were read"),
}
