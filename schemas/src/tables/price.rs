//! What an hour of hardware or a million tokens is sold for.

use crate::{column::*, tables::TIERS};

crate::table! {
    PRICE: "price", version 4, written by "derive-costs";
    grain: "One price: provider x region x instance x tier.";
    key: &["provider", "region", "instance", "tier"];
    provider: text("Seller"),
    region: text("Seller's region, or `any`"),
    instance: text("Instance type, model of an API, or name of one's own machine"),
    tier: choice(TIERS, "Terms"),
    cpu: text("Processor model").or_null("when the seller does not say"),
    vcpus: count("Virtual processors").or_null("when it has none of its own"),
    memory_mb: float("Main memory, MiB").at_least(0.0).or_null("when unknown"),
    accelerator: text("Accelerator model").or_null("when it has none"),
    accelerator_count: count("Accelerators").or_null("when it has none"),
    accelerator_memory_mb: float("Memory of one accelerator as its maker states it, MiB")
        .at_least(0.0)
        .or_null("when it has none or the memory is not known"),
    usd_per_hour: float("USD an hour").at_least(0.0).or_null("for prices per token"),
    low_usd_per_hour: float("Lower end of what is asked: the price varies, or sources disagree")
        .at_least(0.0)
        .or_null("when no source gives a range; a spot price then has an unknown range, any other none"),
    high_usd_per_hour: float("Upper end").at_least(0.0).or_null("when no source gives a range"),
    share_usd_per_hour: float(
        "USD an hour of one accelerator of it, or of one vCPU where it has none, if the seller sells such shares",
    )
        .at_least(0.0)
        .or_null("when it is sold whole, or nobody says"),
    input_usd_per_mtok: float("USD per million input tokens").at_least(0.0).or_null("unless the tier is `api`"),
    cached_input_usd_per_mtok: float("USD per million cached input tokens")
        .at_least(0.0)
        .or_null("unless the tier is `api`"),
    output_usd_per_mtok: float("USD per million output tokens").at_least(0.0).or_null("unless the tier is `api`"),
    includes_power: boolean("Whether the price pays for the electricity"),
    grid_region: text("Row of `grid` whose electricity it uses").or_null("for the configured home region"),
    source: text("Where the price was read"),
    as_of: date("Last day for which the source vouches for the price, YYYY-MM-DD; not the day on which it was read")
        .or_null("when the source does not say"),
    retrieved_on: date("When it was read, YYYY-MM-DD"),
}
