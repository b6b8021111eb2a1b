//! Carbon of a million tokens by region.

use crate::{column::*, tables::*};

crate::table! {
    REGION_CARBON: "region_carbon", version 3, written by "derive-costs";
    grain: "One backend x mode x grid region: the measured energy, were it drawn there. Mean over scenarios; prompt tokens \
            count in prefill, new tokens in generate.";
    key: &["backend", "device", "model", "dtype", "mode", "kv_cache", "grid_region"];
    with backend, mode;
    grid_region: text("Grid region"),
    grid_basis: text("What the intensity counts"),
    grid_method: text("Whose accounting made the intensity").or_null("when its source does not say"),
    grid_year: int("Year of the intensity").or_null("when its source does not say"),
    pue: float("Power usage effectiveness").at_least(1.0),
    gco2e_per_kwh: float("Intensity, mean over the newest year").at_least(0.0).or_null("when not known"),
    gco2e_per_mtok: float("kWh x PUE x intensity").or_null("when energy or intensity is not known"),
    place: int("Place by carbon among the regions of the same basis and method, cleanest first")
        .or_null("when energy, intensity or its method is not known: such regions are not ranked"),
    ci_low_gco2e_per_mtok: float("Lower end of its interval")
        .or_null("with fewer than two runs in a cell or no carbon"),
    ci_high_gco2e_per_mtok: float("Upper end").or_null("with fewer than two runs in a cell or no carbon"),
    energy_usd_per_mtok: float("kWh x PUE x tariff").or_null("when energy or tariff is not known"),
    ci_low_usd_per_mtok: float("Lower end of its interval")
        .or_null("with fewer than two runs in a cell, no energy or no tariff"),
    ci_high_usd_per_mtok: float("Upper end").or_null("with fewer than two runs in a cell, no energy or no tariff"),
    ci_level: float("Coverage of the interval"),
    evidence: choice(EVIDENCE, "How dollars and grams are known: the weakest of energy and grid"),
    r#match: choice(MATCHES, "`measured` for the configured home region, else an extrapolation"),
}
