//! Which prices are of the hardware that ran, and why the others are not.

use crate::{Contract, column::*};

/// What became of prices: the hardware that ran, a share of it, other hardware by a configured factor, or no row of `cost`.
pub const OUTCOMES: &[&str] = &["measured", "share", "extrapolated", "none"];

pub const PRICE_MATCH: Contract = Contract {
    name: "price_match",
    version: 1,
    stage: "derive-costs",
    grain: "One kind of hardware that ran x model x outcome x reason: how many prices by the hour.",
    key: &["hardware", "model", "dtype", "outcome", "reason"],
    columns: &[
        text("hardware", "Device, processor, instance, vCPUs and threads of the runs"),
        text("device", "`cpu`, or the GPU's product name"),
        text("name", "The processor or accelerator that ran, as prices name it; in lower case when no table knows it")
            .or_null("when nothing says what ran"),
        text("instance", "Provider and instance that ran").or_null("when they are not known"),
        count(
            "units",
            "Accelerators that ran, or vCPUs that the engine's threads use: two a thread, and no more than there are",
        )
        .or_null("when neither threads nor vCPUs are known"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        count("model_bytes", "Memory that the model needs: weights and the configured reserve")
            .or_null("when its size is not known"),
        text("model_bytes_from", "What said the size: `run`, `name`").or_null("when nothing did"),
        choice(
            "outcome",
            OUTCOMES,
            "`measured` and `share` are prices of what ran, `extrapolated` by a speed factor, `none` no row of `cost`",
        ),
        text("reason", "Why"),
        count("prices", "How many prices"),
        text("example", "One of them: provider, region, instance and tier"),
    ],
};
