//! Cost as a function of utilisation.

use crate::{Contract, column::*, tables::*};

pub const UTILISATION_COST: Contract = Contract {
    name: "utilisation_cost",
    version: 2,
    stage: "derive-costs",
    grain: "One backend x price x workload x utilisation: hardware that is paid for all the time and works some of it.",
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
        "utilisation",
    ],
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
        float("utilisation", "Share of the paid hours in which tokens are produced").at_least(0.0),
        float("infra_usd_per_mtok", "Rent; for owned hardware its purchase over its life, and upkeep").at_least(0.0),
        float("load_usd_per_mtok", "Electricity while tokens are produced; 0 where the price includes power")
            .or_null("when energy or tariff is not known"),
        float("idle_usd_per_mtok", "Electricity of owned hardware while it waits; 0 where it is rented")
            .or_null("when the tariff is not known"),
        float("total_usd_per_mtok", "All three").or_null("when one is not known"),
        float("ci_low_usd_per_mtok", "Lower end of the total's interval")
            .or_null("with fewer than two runs in a cell or no total"),
        float("ci_high_usd_per_mtok", "Upper end").or_null("with fewer than two runs in a cell or no total"),
        float("gco2e_per_mtok", "Carbon of the electricity, idle included")
            .or_null("when energy or intensity is not known"),
        float("embodied_gco2e_per_mtok", "Share of the carbon of making the hardware")
            .at_least(0.0)
            .or_null("when not known of this hardware"),
        float("ci_level", "Coverage of the interval"),
        choice("usd_evidence", EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
        choice("gco2e_evidence", EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
        choice("match", MATCHES, "Whether the price is of the hardware that was measured"),
    ],
};
