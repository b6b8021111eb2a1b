//! When one's own machine pays for itself.

use crate::{Contract, column::*, tables::*};

/// How the alternative to owning is paid for.
pub const RENT_BASES: &[&str] = &["usage", "reservation"];

pub const BREAK_EVEN: Contract = Contract {
    name: "break_even",
    version: 3,
    stage: "derive-costs",
    grain: "One backend x alternative x workload x basis: the configured own machine against rented hardware or an API. By `usage` \
            the alternative costs per token; by `reservation` whole machines are paid for all month.",
    key: &[
        "backend",
        "device",
        "model",
        "dtype",
        "kv_cache",
        "workload",
        "provider",
        "region",
        "instance",
        "tier",
        "rent_basis",
    ],
    columns: &[
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        boolean("kv_cache", "Whether decoding kept keys and values"),
        text("workload", "Workload"),
        text("provider", "Seller of the alternative"),
        text("region", "Seller's region"),
        text("instance", "Instance, or model of an API"),
        choice("tier", TIERS, "Terms"),
        choice("rent_basis", RENT_BASES, "How the alternative is paid for; an API by usage alone"),
        float("capex_usd", "Purchase of one own machine, residual value taken off").at_least(0.0),
        float("own_usd_per_month", "One own machine without work: purchase over its life, upkeep, idle electricity")
            .or_null("when its tariff is not known"),
        float("own_usd_per_mtok", "What a million tokens adds to that: electricity at load less idle")
            .or_null("when its energy or tariff is not known"),
        float("own_capacity_mtok", "Million tokens a month that one own machine makes at the configured utilisation")
            .at_least(0.0)
            .or_null("without a price of the own machine"),
        float("rent_usd_per_mtok", "The alternative per million tokens").or_null("by reservation, or when not known"),
        float("rent_usd_per_month", "One rented machine for a month").or_null("by usage, or when not known"),
        float(
            "break_even_mtok_per_month",
            "Volume a month at which both cost the same: by usage owning is cheaper above it, by \
             reservation below it",
        )
        .or_null("when one is always cheaper, or not known; `reason` says so"),
        float("break_even_mtok", "Million tokens at the configured volume after which the purchase is paid back")
            .or_null("when never or not known"),
        float("break_even_months", "Months until then").or_null("when never or not known"),
        text("reason", "Why one of them is missing").or_null("when none is"),
        choice("evidence", EVIDENCE, "How the comparison is known: the weakest of both sides"),
        choice("match", MATCHES, "Whether the alternative is the hardware that was measured"),
    ],
};
