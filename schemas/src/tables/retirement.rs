//! What can no longer be rented.

use crate::column::*;

crate::table! {
    RETIREMENT: "retirement", version 1, written by "derive-costs";
    grain: "One instance type, or one accelerator of a seller, that is not rented out from a day on.";
    key: &["provider", "kind", "name"];
    provider: text("Seller"),
    kind: choice(&["instance", "accelerator"], "What `name` names"),
    name: text("Instance type, or accelerator with or without its maker"),
    retired_on: date(
        "First day on which it cannot be rented, YYYY-MM-DD; where the seller states none, the day of the source",
    ),
    source: text("Where it was read"),
    retrieved_on: date("When it was read, YYYY-MM-DD"),
}
