//! Cost of a workload at an API.

use crate::{Contract, column::*};

pub const API_COST: Contract = Contract {
    name: "api_cost",
    version: 2,
    stage: "derive-costs",
    grain: "One price per token x workload. Another model does the work: comparable as money, not as quality.",
    key: &["provider", "region", "instance", "workload"],
    columns: &[
        text("provider", "Seller"),
        text("region", "Seller's region"),
        text("instance", "Model of the API"),
        text("workload", "Workload"),
        float("prompt_tokens", "Prompt tokens of a request; of a blend, the mean").at_least(0.0),
        float("generated_tokens", "Generated tokens of a request; of a blend, the mean").at_least(0.0),
        float("cached_share", "Share of the prompt billed as cached input").at_least(0.0),
        float("request_usd", "A request").or_null("when the seller has no price for one of its tokens"),
        float("usd_per_mtok", "Per million tokens, prompt and generated")
            .or_null("when the seller has no price for one of its tokens"),
        float("monthly_usd", "The configured volume").or_null("when the seller has no price for one of its tokens"),
        float("total_usd", "All months, and the workload's own upfront")
            .or_null("when the seller has no price for one of its tokens"),
        text("price_as_of", "Last day for which the price's source vouches").or_null("when the source does not say"),
    ],
};
