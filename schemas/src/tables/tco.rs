//! Total cost of ownership of a monthly volume.

use crate::{Contract, column::*, tables::*};

pub const TCO: Contract = Contract {
    name: "tco",
    version: 3,
    stage: "derive-costs",
    grain: "One backend x price x workload: the configured volume a month for the configured months. Hardware is rented by use \
            or whole, or owned (tier `on_prem`). A month has 730 hours, as cloud prices reckon it.",
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
        float("utilisation", "Share of the paid hours in which tokens are produced").at_least(0.0),
        float("machines", "Machines that the volume needs at that utilisation").at_least(0.0),
        float("upfront_usd", "Paid once: the workload's, and for owned hardware the whole machines").at_least(0.0),
        float("value_left_usd", "Value of owned machines after the months, straight line to the residual")
            .at_least(0.0),
        float(
            "monthly_usd",
            "By use: hours / utilisation at the rate, and electricity. Owned: electricity at load and idle, upkeep",
        )
        .or_null("when the cost of a request is not known"),
        float(
            "reserved_monthly_usd",
            "Whole machines for whole months, and electricity. Owned: the same as `monthly_usd`",
        )
        .or_null("when the cost of a request is not known"),
        float("total_usd", "upfront_usd + months x monthly_usd - value_left_usd")
            .or_null("when the cost of a request is not known"),
        float("ci_low_usd", "Lower end of the total's interval").or_null("when a request's cost has none"),
        float("ci_high_usd", "Upper end").or_null("when a request's cost has none"),
        float("reserved_total_usd", "The same with reserved_monthly_usd")
            .or_null("when the cost of a request is not known"),
        float("total_usd_per_mtok", "total_usd per million tokens").or_null("when the cost of a request is not known"),
        float("carbon_kgco2e", "Of the electricity, over all months").or_null("when a request's carbon is not known"),
        float("embodied_kgco2e", "Of making the hardware, over all months")
            .at_least(0.0)
            .or_null("when not known of this hardware"),
        choice("usd_evidence", EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
        choice("gco2e_evidence", EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
        choice("match", MATCHES, "Whether the price is of the hardware that was measured"),
    ],
};
