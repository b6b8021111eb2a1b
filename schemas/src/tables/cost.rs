//! Cost of a million tokens.

use crate::{Contract, column::*, tables::*};

pub const COST: Contract = Contract {
    name: "cost",
    version: 5,
    stage: "derive-costs",
    grain: "One cell of the matrix x price x token basis. Every formula is linear in the price, so runs are averaged first.",
    key: &[
        "backend", "device", "model", "dtype", "mode", "kv_cache", "scenario", "provider", "region", "instance",
        "tier", "basis",
    ],
    columns: &[
        text("cell_id", "Cell"),
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("scenario", "Scenario"),
        text("provider", "Seller"),
        text("region", "Seller's region"),
        text("instance", "Instance"),
        choice("tier", TIERS, "Terms"),
        choice("basis", BASES, "Tokens that are counted"),
        count("batch", "Sequences in one iteration"),
        count("runs", "Runs averaged"),
        float(
            "tokens_per_s",
            "1e6 / 3600 / hours_per_mtok: the harmonic mean of the runs' rates of tokens of this basis",
        )
        .at_least(0.0),
        float("hours_per_mtok", "Mean over runs of the hours that a million tokens of this basis take").at_least(0.0),
        float("kwh_per_mtok", "Energy at the device's plug, all scopes that `energy_scope` names")
            .or_null("when the energy is not known"),
        float(
            "infra_usd_per_mtok",
            "hours x USD an hour / utilisation; of one's own machine its purchase over its life, \
             upkeep, and electricity while it waits",
        )
        .at_least(0.0)
        .or_null("when the tariff of the own machine's idle power is not known"),
        float("energy_usd_per_mtok", "kWh x PUE x tariff; 0 where the price includes power")
            .or_null("when energy or tariff is not known"),
        float("total_usd_per_mtok", "Infrastructure and energy").or_null("when the energy's part is not known"),
        float(
            "ci_low_usd_per_mtok",
            "Lower end of the interval of the total: runs, the energy's own error, the price's range",
        )
        .or_null("with fewer than two runs or no total"),
        float("ci_high_usd_per_mtok", "Upper end").or_null("with fewer than two runs or no total"),
        float("gco2e_per_mtok", "kWh x PUE x grid intensity").or_null("when energy or intensity is not known"),
        float("ci_low_kwh_per_mtok", "Lower end of the interval of the energy")
            .or_null("with fewer than two runs or no energy"),
        float("ci_high_kwh_per_mtok", "Upper end").or_null("with fewer than two runs or no energy"),
        float("ci_low_gco2e_per_mtok", "Lower end of the interval of the carbon")
            .or_null("with fewer than two runs or no carbon"),
        float("ci_high_gco2e_per_mtok", "Upper end").or_null("with fewer than two runs or no carbon"),
        float("ci_level", "Coverage of the intervals"),
        float(
            "embodied_gco2e_per_mtok",
            "Share of the carbon of making the hardware: per hour of life x hours / utilisation",
        )
        .at_least(0.0)
        .or_null("when not known of this hardware"),
        float(
            "sci_gco2e_per_mtok",
            "gco2e_per_mtok + embodied_gco2e_per_mtok: software carbon intensity (ISO/IEC 21031), E x I + M",
        )
        .or_null("when either is not known"),
        text("energy_scope", "Scopes that were summed, joined by `+`").or_null("when the energy is not known"),
        choice("energy_evidence", EVIDENCE, "How the energy is known"),
        choice("usd_evidence", EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
        choice("gco2e_evidence", EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
        choice("match", MATCHES, "Whether the price is of the hardware that was measured"),
        boolean("includes_power", "Whether the price pays for the electricity"),
        text("grid_region", "Grid region of tariff and carbon").or_null("when no row of `grid` fits"),
        text("price_as_of", "Last day for which the price's source vouches").or_null("when the source does not say"),
    ],
};
