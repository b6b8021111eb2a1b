//! Prices of what can no longer be rented.

use crate::column::*;

crate::table! {
    RETIRED_PRICE: "retired_price", version 1, written by "derive-costs";
    grain: "One price of what could not be rented any more when the runs were made or the prices read. No cost is computed of it.";
    key: &["provider", "region", "instance", "tier"];
    with price;
    retired_on: date("First day on which it could not be rented, YYYY-MM-DD"),
    source: text("Where that was read"),
}
