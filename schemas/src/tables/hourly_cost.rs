//! Electricity and carbon of a million tokens by hour of the day.

use crate::{column::*, tables::*};

crate::table! {
    HOURLY_COST: "hourly_cost", version 2, written by "derive-costs";
    grain: "One backend x mode x grid region x local hour, of regions whose tariff or intensity is known by the hour. Prompt \
            tokens count in prefill, new tokens in generate.";
    key: &["backend", "device", "model", "dtype", "mode", "kv_cache", "grid_region", "local_hour"];
    with backend, mode;
    grid_region: text("Grid region"),
    zone: text("Time zone of `local_hour` (IANA), the tariff's or else UTC"),
    local_hour: count("Hour of the day there, 0 to 23"),
    usd_per_kwh: float("Tariff, mean over that hour of the newest year's days").or_null("when it has no tariff"),
    gco2e_per_kwh: float("Intensity, mean over that hour of the newest year's days")
        .or_null("when it is not known by the hour"),
    energy_usd_per_mtok: float("kWh x PUE x tariff").or_null("when energy or tariff is not known"),
    ci_low_usd_per_mtok: float("Lower end of its interval")
        .or_null("with fewer than two runs in a cell, no energy or no tariff"),
    ci_high_usd_per_mtok: float("Upper end").or_null("with fewer than two runs in a cell, no energy or no tariff"),
    gco2e_per_mtok: float("kWh x PUE x intensity").or_null("when energy or intensity is not known"),
    ci_low_gco2e_per_mtok: float("Lower end of its interval, of the energy alone")
        .or_null("with fewer than two runs in a cell or no carbon"),
    ci_high_gco2e_per_mtok: float("Upper end").or_null("with fewer than two runs in a cell or no carbon"),
    ci_level: float("Coverage of the interval"),
    evidence: choice(EVIDENCE, "How dollars and grams are known: the weakest of energy and grid"),
}
