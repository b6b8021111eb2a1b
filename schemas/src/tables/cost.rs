//! Cost of a million tokens.

use crate::{column::*, tables::*};

crate::table! {
    COST: "cost", version 5, written by "derive-costs";
    grain: "One cell of the matrix x price x token basis. Every formula is linear in the price, so runs are averaged first.";
    key: &[
        "backend", "device", "model", "dtype", "mode", "kv_cache", "scenario", "provider", "region", "instance", "tier",
        "basis",
    ];
    with cell, price;
    basis: choice(BASES, "Tokens that are counted"),
    batch: count("Sequences in one iteration"),
    runs: count("Runs averaged"),
    tokens_per_s: float("1e6 / 3600 / hours_per_mtok: the harmonic mean of the runs' rates of tokens of this basis")
        .at_least(0.0),
    hours_per_mtok: float("Mean over runs of the hours that a million tokens of this basis take").at_least(0.0),
    kwh_per_mtok: float("Energy at the device's plug, all scopes that `energy_scope` names")
        .or_null("when the energy is not known"),
    infra_usd_per_mtok: float(
        "hours x USD an hour / utilisation; of one's own machine its purchase over its life, \
             upkeep, and electricity while it waits",
    )
        .at_least(0.0)
        .or_null("when the tariff of the own machine's idle power is not known"),
    energy_usd_per_mtok: float("kWh x PUE x tariff; 0 where the price includes power")
        .or_null("when energy or tariff is not known"),
    total_usd_per_mtok: float("Infrastructure and energy").or_null("when the energy's part is not known"),
    ci_low_usd_per_mtok: float(
        "Lower end of the interval of the total: runs, the energy's own error, the price's range",
    )
        .or_null("with fewer than two runs or no total"),
    ci_high_usd_per_mtok: float("Upper end").or_null("with fewer than two runs or no total"),
    gco2e_per_mtok: float("kWh x PUE x grid intensity").or_null("when energy or intensity is not known"),
    ci_low_kwh_per_mtok: float("Lower end of the interval of the energy")
        .or_null("with fewer than two runs or no energy"),
    ci_high_kwh_per_mtok: float("Upper end").or_null("with fewer than two runs or no energy"),
    ci_low_gco2e_per_mtok: float("Lower end of the interval of the carbon")
        .or_null("with fewer than two runs or no carbon"),
    ci_high_gco2e_per_mtok: float("Upper end").or_null("with fewer than two runs or no carbon"),
    ci_level: float("Coverage of the intervals"),
    embodied_gco2e_per_mtok: float(
        "Share of the carbon of making the hardware: per hour of life x hours / utilisation",
    )
        .at_least(0.0)
        .or_null("when not known of this hardware"),
    sci_gco2e_per_mtok: float(
        "gco2e_per_mtok + embodied_gco2e_per_mtok: software carbon intensity (ISO/IEC 21031), E x I + M",
    )
        .or_null("when either is not known"),
    energy_scope: text("Scopes that were summed, joined by `+`").or_null("when the energy is not known"),
    energy_evidence: choice(EVIDENCE, "How the energy is known"),
    usd_evidence: choice(EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
    gco2e_evidence: choice(EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
    r#match: choice(MATCHES, "Whether the price is of the hardware that was measured"),
    includes_power: boolean("Whether the price pays for the electricity"),
    grid_region: text("Grid region of tariff and carbon").or_null("when no row of `grid` fits"),
    price_as_of: text("Last day for which the price's source vouches").or_null("when the source does not say"),
}
