//! Carbon of making hardware.

use crate::{Contract, column::*};

pub const EMBODIED: Contract = Contract {
    name: "embodied",
    version: 2,
    stage: "derive-costs",
    grain: "One instance type: its share of the carbon of making the server that it runs on.",
    key: &["provider", "instance"],
    columns: &[
        text("provider", "Seller"),
        text("instance", "Instance type"),
        float("embodied_kgco2e", "Carbon of making it, over its whole life").at_least(0.0),
        float("life_years", "Years that it serves").at_least(0.0),
        text("source", "Where it was read"),
        date("as_of", "Release of the source's data, YYYY-MM-DD").or_null("when the source does not say"),
        date("retrieved_on", "When it was read, YYYY-MM-DD"),
    ],
};
