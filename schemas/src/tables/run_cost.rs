//! Cost of each run.

use crate::{Contract, column::*, tables::*};

pub const RUN_COST: Contract = Contract {
    name: "run_cost",
    version: 3,
    stage: "derive-costs",
    grain: "One finished run x price x token basis. Written on request; `cost` has their means.",
    key: &["session_id", "run_id", "provider", "region", "instance", "tier", "basis"],
    columns: &[
        text("session_id", "Session"),
        text("run_id", "Run"),
        text("cell_id", "Cell"),
        text("backend", "Engine and device"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("scenario", "Scenario"),
        text("provider", "Seller"),
        text("region", "Seller's region"),
        text("instance", "Instance"),
        choice("tier", TIERS, "Terms"),
        choice("basis", BASES, "Tokens that are counted"),
        float("hours_per_mtok", "Hours that a million tokens of this basis take").at_least(0.0),
        float("kwh_per_mtok", "Energy").or_null("when the energy is not known"),
        float("infra_usd_per_mtok", "As in `cost`")
            .at_least(0.0)
            .or_null("when the tariff of the own machine's idle power is not known"),
        float("energy_usd_per_mtok", "kWh x PUE x tariff; 0 where the price includes power")
            .or_null("when energy or tariff is not known"),
        float("total_usd_per_mtok", "Infrastructure and energy").or_null("when the energy's part is not known"),
        float("gco2e_per_mtok", "kWh x PUE x grid intensity").or_null("when energy or intensity is not known"),
        choice("energy_evidence", EVIDENCE, "How the energy is known"),
        choice("match", MATCHES, "Whether the price is of the hardware that was measured"),
    ],
};
