//! Cost as a function of utilisation.

use crate::{column::*, tables::*};

crate::table! {
    UTILISATION_COST: "utilisation_cost", version 2, written by "derive-costs";
    grain: "One backend x price x workload x utilisation: hardware that is paid for all the time and works some of it.";
    key: &[
        "backend", "device", "model", "dtype", "kv_cache", "workload", "provider", "region", "instance", "tier",
        "utilisation",
    ];
    with backend, request, price;
    utilisation: float("Share of the paid hours in which tokens are produced").at_least(0.0),
    infra_usd_per_mtok: float("Rent; for owned hardware its purchase over its life, and upkeep").at_least(0.0),
    load_usd_per_mtok: float("Electricity while tokens are produced; 0 where the price includes power")
        .or_null("when energy or tariff is not known"),
    idle_usd_per_mtok: float("Electricity of owned hardware while it waits; 0 where it is rented")
        .or_null("when the tariff is not known"),
    total_usd_per_mtok: float("All three").or_null("when one is not known"),
    ci_low_usd_per_mtok: float("Lower end of the total's interval")
        .or_null("with fewer than two runs in a cell or no total"),
    ci_high_usd_per_mtok: float("Upper end").or_null("with fewer than two runs in a cell or no total"),
    gco2e_per_mtok: float("Carbon of the electricity, idle included").or_null("when energy or intensity is not known"),
    embodied_gco2e_per_mtok: float("Share of the carbon of making the hardware")
        .at_least(0.0)
        .or_null("when not known of this hardware"),
    ci_level: float("Coverage of the interval"),
    usd_evidence: choice(EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
    gco2e_evidence: choice(EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
    r#match: choice(MATCHES, "Whether the price is of the hardware that was measured"),
}
