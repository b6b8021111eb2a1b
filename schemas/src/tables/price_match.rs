//! Which prices are of the hardware that ran, and why the others are not.

use crate::column::*;

/// What became of prices: the hardware that ran, a share of it, other hardware by a configured factor, or no row of `cost`.
pub const OUTCOMES: &[&str] = &["measured", "share", "extrapolated", "none"];

crate::table! {
    PRICE_MATCH: "price_match", version 1, written by "derive-costs";
    grain: "One kind of hardware that ran x model x outcome x reason: how many prices by the hour.";
    key: &["hardware", "model", "dtype", "outcome", "reason"];
    hardware: text("Device, processor, instance, vCPUs and threads of the runs"),
    device: text("`cpu`, or the GPU's product name"),
    name: text("The processor or accelerator that ran, as prices name it; in lower case when no table knows it")
        .or_null("when nothing says what ran"),
    instance: text("Provider and instance that ran").or_null("when they are not known"),
    units: count(
        "Accelerators that ran, or vCPUs that the engine's threads use: two a thread, and no more than there are",
    )
        .or_null("when neither threads nor vCPUs are known"),
    model: text("Model"),
    dtype: text("Number format of the weights"),
    model_bytes: count("Memory that the model needs: weights and the configured reserve")
        .or_null("when its size is not known"),
    model_bytes_from: text("What said the size: `run`, `name`").or_null("when nothing did"),
    outcome: choice(
        OUTCOMES,
        "`measured` and `share` are prices of what ran, `extrapolated` by a speed factor, `none` no row of `cost`",
    ),
    reason: text("Why"),
    prices: count("How many prices"),
    example: text("One of them: provider, region, instance and tier"),
}
