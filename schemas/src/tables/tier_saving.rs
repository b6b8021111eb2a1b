//! What terms save.

use crate::column::*;

crate::table! {
    TIER_SAVING: "tier_saving", version 2, written by "derive-costs";
    grain: "One price other than on demand, against the same instance on demand. A ratio of two rates: it says nothing about backends.";
    key: &["provider", "region", "instance", "tier"];
    with price;
    usd_per_hour: float("Rate").at_least(0.0),
    on_demand_usd_per_hour: float("Rate on demand").at_least(0.0),
    ratio_of_rates: float("Rate over rate on demand").at_least(0.0).or_null("with a reason"),
    saving_pct: float("100 x (1 - ratio); negative where the terms are dearer").or_null("with a reason"),
    as_of: text("Last day for which the rate's source vouches").or_null("when the source does not say"),
    on_demand_as_of: text("The same of the rate on demand").or_null("when the source does not say"),
    reason: text("Why there is no ratio: rates of different times are no saving").or_null("when there is one"),
}
