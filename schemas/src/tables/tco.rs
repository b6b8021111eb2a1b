//! Total cost of ownership of a monthly volume.

use crate::{Contract, column::*, tables::*};

pub const TCO: Contract = Contract {
    name: "tco",
    version: 1,
    stage: "derive-costs",
    grain: "One backend x price x workload: the configured volume of requests a month for the configured months.",
    key: &["backend", "device", "model", "dtype", "kv_cache", "workload", "provider", "region", "instance", "tier"],
    columns: &[
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        boolean("kv_cache", "Whether decoding kept keys and values"),
        text("workload", "Workload"),
        text("provider", "Seller"),
        text("region", "Seller's region"),
        text("instance", "Instance"),
        choice("tier", TIERS, "Terms"),
        float("volume_mtok", "Million tokens a month, prompt and generated").at_least(0.0),
        float("months", "Months").at_least(0.0),
        float("monthly_usd", "USD a month").or_null("when the cost of a request is not known"),
        float("total_usd", "USD over all months").or_null("when the cost of a request is not known"),
        float("total_usd_per_mtok", "USD per million tokens, prompt and generated")
            .or_null("when the cost of a request is not known"),
        float("machines", "Machines busy all the time that the volume needs").at_least(0.0),
        choice("match", MATCHES, "Whether the price is of the hardware that was measured"),
    ],
};
