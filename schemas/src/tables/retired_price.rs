//! Prices of what can no longer be rented.

use crate::{Contract, column::*, tables::TIERS};

pub const RETIRED_PRICE: Contract = Contract {
    name: "retired_price",
    version: 1,
    stage: "derive-costs",
    grain: "One price of an instance or accelerator that could not be rented any more when the runs were made or the prices were read, whichever is later. No cost is computed of it.",
    key: &["provider", "region", "instance", "tier"],
    columns: &[
        text("provider", "Seller"),
        text("region", "Seller's region"),
        text("instance", "Instance"),
        choice("tier", TIERS, "Terms"),
        date("retired_on", "First day on which it could not be rented, YYYY-MM-DD"),
        text("source", "Where that was read"),
    ],
};
