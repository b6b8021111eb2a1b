//! Electricity and carbon of a million tokens by hour of the day.

use crate::{Contract, column::*, tables::*};

pub const HOURLY_COST: Contract = Contract {
    name: "hourly_cost",
    version: 2,
    stage: "derive-costs",
    grain: "One backend x mode x grid region x local hour, of regions whose tariff or intensity is known by the hour.",
    key: &["backend", "device", "model", "dtype", "mode", "kv_cache", "grid_region", "local_hour"],
    columns: &[
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        choice("mode", run::MODES, "Mode; prompt tokens count in prefill, new tokens in generate"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("grid_region", "Grid region"),
        text("zone", "Time zone of `local_hour` (IANA), the tariff's or else UTC"),
        count("local_hour", "Hour of the day there, 0 to 23"),
        float("usd_per_kwh", "Tariff, mean over that hour of the newest year's days").or_null("when it has no tariff"),
        float("gco2e_per_kwh", "Intensity, mean over that hour of the newest year's days")
            .or_null("when it is not known by the hour"),
        float("energy_usd_per_mtok", "kWh x PUE x tariff").or_null("when energy or tariff is not known"),
        float("ci_low_usd_per_mtok", "Lower end of its interval")
            .or_null("with fewer than two runs in a cell, no energy or no tariff"),
        float("ci_high_usd_per_mtok", "Upper end")
            .or_null("with fewer than two runs in a cell, no energy or no tariff"),
        float("gco2e_per_mtok", "kWh x PUE x intensity").or_null("when energy or intensity is not known"),
        float("ci_low_gco2e_per_mtok", "Lower end of its interval, of the energy alone")
            .or_null("with fewer than two runs in a cell or no carbon"),
        float("ci_high_gco2e_per_mtok", "Upper end").or_null("with fewer than two runs in a cell or no carbon"),
        float("ci_level", "Coverage of the interval"),
        choice("evidence", EVIDENCE, "How dollars and grams are known: the weakest of energy and grid"),
    ],
};
