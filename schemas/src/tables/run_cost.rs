//! Cost of each run.

use crate::{column::*, tables::*};

crate::table! {
    RUN_COST: "run_cost", version 3, written by "derive-costs";
    grain: "One finished run x price x token basis. Written on request; `cost` has their means.";
    key: &["session_id", "run_id", "provider", "region", "instance", "tier", "basis"];
    session_id: text("Session"),
    run_id: text("Run"),
    cell_id: text("Cell"),
    backend: text("Engine and device"),
    mode: choice(run::MODES, "Mode"),
    kv_cache: boolean("Whether keys and values were kept"),
    scenario: text("Scenario"),
    provider: text("Seller"),
    region: text("Seller's region"),
    instance: text("Instance"),
    tier: choice(TIERS, "Terms"),
    basis: choice(BASES, "Tokens that are counted"),
    hours_per_mtok: float("Hours that a million tokens of this basis take").at_least(0.0),
    kwh_per_mtok: float("Energy").or_null("when the energy is not known"),
    infra_usd_per_mtok: float("As in `cost`")
        .at_least(0.0)
        .or_null("when the tariff of the own machine's idle power is not known"),
    energy_usd_per_mtok: float("kWh x PUE x tariff; 0 where the price includes power")
        .or_null("when energy or tariff is not known"),
    total_usd_per_mtok: float("Infrastructure and energy").or_null("when the energy's part is not known"),
    gco2e_per_mtok: float("kWh x PUE x grid intensity").or_null("when energy or intensity is not known"),
    energy_evidence: choice(EVIDENCE, "How the energy is known"),
    r#match: choice(MATCHES, "Whether the price is of the hardware that was measured"),
}
