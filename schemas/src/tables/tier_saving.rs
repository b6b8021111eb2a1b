//! What terms save.

use crate::{Contract, column::*, tables::*};

pub const TIER_SAVING: Contract = Contract {
    name: "tier_saving",
    version: 2,
    stage: "derive-costs",
    grain: "One price other than on demand, against the same instance on demand. A ratio of two rates: it says nothing about backends.",
    key: &["provider", "region", "instance", "tier"],
    columns: &[
        text("provider", "Seller"),
        text("region", "Seller's region"),
        text("instance", "Instance"),
        choice("tier", TIERS, "Terms"),
        float("usd_per_hour", "Rate").at_least(0.0),
        float("on_demand_usd_per_hour", "Rate on demand").at_least(0.0),
        float("ratio_of_rates", "Rate over rate on demand").at_least(0.0).or_null("with a reason"),
        float("saving_pct", "100 x (1 - ratio); negative where the terms are dearer").or_null("with a reason"),
        text("as_of", "Last day for which the rate's source vouches").or_null("when the source does not say"),
        text("on_demand_as_of", "The same of the rate on demand").or_null("when the source does not say"),
        text("reason", "Why there is no ratio: rates of different times are no saving").or_null("when there is one"),
    ],
};
