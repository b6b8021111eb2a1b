//! When one's own machine pays for itself.

use crate::{Contract, column::*, tables::*};

pub const BREAK_EVEN: Contract = Contract {
    name: "break_even",
    version: 1,
    stage: "derive-costs",
    grain: "One backend x rented price x workload: the configured own machine against renting, paid by use.",
    key: &["backend", "device", "model", "dtype", "kv_cache", "workload", "provider", "region", "instance", "tier"],
    columns: &[
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        boolean("kv_cache", "Whether decoding kept keys and values"),
        text("workload", "Workload"),
        text("provider", "Seller of the rented hardware"),
        text("region", "Seller's region"),
        text("instance", "Instance"),
        choice("tier", TIERS, "Terms"),
        float("capex_usd", "Purchase of the own machine, residual value taken off").at_least(0.0),
        float("own_usd_per_mtok", "Electricity of the own machine per million tokens")
            .or_null("when its energy is not known"),
        float("rent_usd_per_mtok", "The rented price per million tokens").or_null("when not known"),
        float("break_even_mtok", "Million tokens after which owning is cheaper").or_null("when never or not known"),
        float("break_even_months", "Months until then at the configured volume").or_null("when never or not known"),
        text("reason", "Why there is no break-even").or_null("when there is one"),
        choice("match", MATCHES, "Whether the rented price is of the hardware that was measured"),
    ],
};
