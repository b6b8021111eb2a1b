//! Carbon of making hardware.

use crate::column::*;

crate::table! {
    EMBODIED: "embodied", version 2, written by "derive-costs";
    grain: "One instance type: its share of the carbon of making the server that it runs on.";
    key: &["provider", "instance"];
    provider: text("Seller"),
    instance: text("Instance type"),
    embodied_kgco2e: float("Carbon of making it, over its whole life").at_least(0.0),
    life_years: float("Years that it serves").at_least(0.0),
    source: text("Where it was read"),
    as_of: date("Release of the source's data, YYYY-MM-DD").or_null("when the source does not say"),
    retrieved_on: date("When it was read, YYYY-MM-DD"),
}
