//! Cost of one request.

use crate::{Contract, column::*, tables::*};

pub const REQUEST_COST: Contract = Contract {
    name: "request_cost",
    version: 3,
    stage: "derive-costs",
    grain: "One backend x price x workload: a request with so many prompt and generated tokens at the mean rates of both modes.",
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
        float("prompt_tokens", "Prompt tokens of a request; of a blend, the mean").at_least(0.0),
        float("generated_tokens", "Generated tokens of a request; of a blend, the mean").at_least(0.0),
        float("prefill_s", "Prompt tokens over the mean prefill rate").at_least(0.0),
        float("generate_s", "Generated tokens over the mean rate of generate").at_least(0.0),
        float("energy_kwh", "Energy of the request").or_null("when the energy is not known"),
        float("ci_low_kwh", "Lower end of its interval").or_null("with fewer than two runs in a cell or no energy"),
        float("ci_high_kwh", "Upper end").or_null("with fewer than two runs in a cell or no energy"),
        float(
            "infra_usd",
            "Hours x USD an hour / utilisation; of one's own machine its purchase over its life, \
             upkeep, and electricity while it waits",
        )
        .at_least(0.0)
        .or_null("when the tariff of the own machine's idle power is not known"),
        float("energy_usd", "kWh x PUE x tariff; 0 where the price includes power")
            .or_null("when energy or tariff is not known"),
        float("total_usd", "Infrastructure and energy").or_null("when the energy's part is not known"),
        float("ci_low_usd", "Lower end of the total's interval")
            .or_null("with fewer than two runs in a cell or no total"),
        float("ci_high_usd", "Upper end").or_null("with fewer than two runs in a cell or no total"),
        float("carbon_gco2e", "kWh x PUE x grid intensity").or_null("when energy or intensity is not known"),
        float("ci_low_gco2e", "Lower end of its interval").or_null("with fewer than two runs in a cell or no carbon"),
        float("ci_high_gco2e", "Upper end").or_null("with fewer than two runs in a cell or no carbon"),
        float("embodied_gco2e", "Share of the carbon of making the hardware")
            .at_least(0.0)
            .or_null("when not known of this hardware"),
        float("ci_level", "Coverage of the intervals"),
        choice("energy_evidence", EVIDENCE, "How the energy is known"),
        choice("usd_evidence", EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
        choice("gco2e_evidence", EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
        choice("match", MATCHES, "Whether the price is of the hardware that was measured"),
    ],
};
