//! Cost of a workload at an API.

use crate::column::*;

crate::table! {
    API_COST: "api_cost", version 2, written by "derive-costs";
    grain: "One price per token x workload. Another model does the work: comparable as money, not as quality.";
    key: &["provider", "region", "instance", "workload"];
    provider: text("Seller"),
    region: text("Seller's region"),
    instance: text("Model of the API"),
    workload: text("Workload"),
    prompt_tokens: float("Prompt tokens of a request; of a blend, the mean").at_least(0.0),
    generated_tokens: float("Generated tokens of a request; of a blend, the mean").at_least(0.0),
    cached_share: float("Share of the prompt billed as cached input").at_least(0.0),
    request_usd: float("A request").or_null("when the seller has no price for one of its tokens"),
    usd_per_mtok: float("Per million tokens, prompt and generated")
        .or_null("when the seller has no price for one of its tokens"),
    monthly_usd: float("The configured volume").or_null("when the seller has no price for one of its tokens"),
    total_usd: float("All months, and the workload's own upfront")
        .or_null("when the seller has no price for one of its tokens"),
    price_as_of: text("Last day for which the price's source vouches").or_null("when the source does not say"),
}
