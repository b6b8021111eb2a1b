//! When one's own machine pays for itself.

use crate::{column::*, tables::*};

/// How the alternative to owning is paid for.
pub const RENT_BASES: &[&str] = &["usage", "reservation"];

crate::table! {
    BREAK_EVEN: "break_even", version 3, written by "derive-costs";
    grain: "One backend x alternative x workload x basis: the configured own machine against rented hardware or an API, whose \
            seller and instance (or model) stand here. By `usage` \
            the alternative costs per token; by `reservation` whole machines are paid for all month.";
    key: &[
        "backend", "device", "model", "dtype", "kv_cache", "workload", "provider", "region", "instance", "tier",
        "rent_basis",
    ];
    with backend, request, price;
    rent_basis: choice(RENT_BASES, "How the alternative is paid for; an API by usage alone"),
    capex_usd: float("Purchase of one own machine, residual value taken off").at_least(0.0),
    own_usd_per_month: float("One own machine without work: purchase over its life, upkeep, idle electricity")
        .or_null("when its tariff is not known"),
    own_usd_per_mtok: float("What a million tokens adds to that: electricity at load less idle")
        .or_null("when its energy or tariff is not known"),
    own_capacity_mtok: float("Million tokens a month that one own machine makes at the configured utilisation")
        .at_least(0.0)
        .or_null("without a price of the own machine"),
    rent_usd_per_mtok: float("The alternative per million tokens").or_null("by reservation, or when not known"),
    rent_usd_per_month: float("One rented machine for a month").or_null("by usage, or when not known"),
    break_even_mtok_per_month: float(
        "Volume a month at which both cost the same: by usage owning is cheaper above it, by \
             reservation below it",
    )
        .or_null("when one is always cheaper, or not known; `reason` says so"),
    break_even_mtok: float("Million tokens at the configured volume after which the purchase is paid back")
        .or_null("when never or not known"),
    break_even_months: float("Months until then").or_null("when never or not known"),
    reason: text("Why one of them is missing").or_null("when none is"),
    evidence: choice(EVIDENCE, "How the comparison is known: the weakest of both sides"),
    r#match: choice(MATCHES, "Whether the alternative is the hardware that was measured"),
}
