//! Cost of one request.

use crate::{column::*, tables::*};

crate::table! {
    REQUEST_COST: "request_cost", version 3, written by "derive-costs";
    grain: "One backend x price x workload: a request with so many prompt and generated tokens at the mean rates of both modes.";
    key: &["backend", "device", "model", "dtype", "kv_cache", "workload", "provider", "region", "instance", "tier"];
    with backend, request, price;
    prompt_tokens: float("Prompt tokens of a request; of a blend, the mean").at_least(0.0),
    generated_tokens: float("Generated tokens of a request; of a blend, the mean").at_least(0.0),
    prefill_s: float("Prompt tokens over the mean prefill rate").at_least(0.0),
    generate_s: float("Generated tokens over the mean rate of generate").at_least(0.0),
    energy_kwh: float("Energy of the request").or_null("when the energy is not known"),
    ci_low_kwh: float("Lower end of its interval").or_null("with fewer than two runs in a cell or no energy"),
    ci_high_kwh: float("Upper end").or_null("with fewer than two runs in a cell or no energy"),
    infra_usd: float(
        "Hours x USD an hour / utilisation; of one's own machine its purchase over its life, \
             upkeep, and electricity while it waits",
    )
        .at_least(0.0)
        .or_null("when the tariff of the own machine's idle power is not known"),
    energy_usd: float("kWh x PUE x tariff; 0 where the price includes power")
        .or_null("when energy or tariff is not known"),
    total_usd: float("Infrastructure and energy").or_null("when the energy's part is not known"),
    ci_low_usd: float("Lower end of the total's interval").or_null("with fewer than two runs in a cell or no total"),
    ci_high_usd: float("Upper end").or_null("with fewer than two runs in a cell or no total"),
    carbon_gco2e: float("kWh x PUE x grid intensity").or_null("when energy or intensity is not known"),
    ci_low_gco2e: float("Lower end of its interval").or_null("with fewer than two runs in a cell or no carbon"),
    ci_high_gco2e: float("Upper end").or_null("with fewer than two runs in a cell or no carbon"),
    embodied_gco2e: float("Share of the carbon of making the hardware")
        .at_least(0.0)
        .or_null("when not known of this hardware"),
    ci_level: float("Coverage of the intervals"),
    energy_evidence: choice(EVIDENCE, "How the energy is known"),
    usd_evidence: choice(EVIDENCE, "How the dollars are known: the weakest of time, energy and price"),
    gco2e_evidence: choice(EVIDENCE, "How the grams are known: the weakest of energy and hardware"),
    r#match: choice(MATCHES, "Whether the price is of the hardware that was measured"),
}
