//! What can no longer be rented.

use crate::{Contract, column::*};

pub const RETIREMENT: Contract = Contract {
    name: "retirement",
    version: 1,
    stage: "derive-costs",
    grain: "One instance type, or one accelerator of a seller, that is not rented out from a day on.",
    key: &["provider", "kind", "name"],
    columns: &[
        text("provider", "Seller"),
        choice("kind", &["instance", "accelerator"], "What `name` names"),
        text("name", "Instance type, or accelerator with or without its maker"),
        date(
            "retired_on",
            "First day on which it cannot be rented, YYYY-MM-DD; where the seller states none, the day of the source",
        ),
        text("source", "Where it was read"),
        date("retrieved_on", "When it was read, YYYY-MM-DD"),
    ],
};
