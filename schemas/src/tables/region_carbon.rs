//! Carbon of a million tokens by region.

use crate::{Contract, column::*, tables::*};

pub const REGION_CARBON: Contract = Contract {
    name: "region_carbon",
    version: 3,
    stage: "derive-costs",
    grain: "One backend x mode x grid region: the measured energy, were it drawn there. Mean over scenarios.",
    key: &["backend", "device", "model", "dtype", "mode", "kv_cache", "grid_region"],
    columns: &[
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        choice("mode", run::MODES, "Mode; prompt tokens count in prefill, new tokens in generate"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("grid_region", "Grid region"),
        text("grid_basis", "What the intensity counts"),
        text("grid_method", "Whose accounting made the intensity").or_null("when its source does not say"),
        int("grid_year", "Year of the intensity").or_null("when its source does not say"),
        float("pue", "Power usage effectiveness").at_least(1.0),
        float("gco2e_per_kwh", "Intensity, mean over the newest year").at_least(0.0).or_null("when not known"),
        float("gco2e_per_mtok", "kWh x PUE x intensity").or_null("when energy or intensity is not known"),
        int("place", "Place by carbon among the regions of the same basis and method, cleanest first")
            .or_null("when energy, intensity or its method is not known: such regions are not ranked"),
        float("ci_low_gco2e_per_mtok", "Lower end of its interval")
            .or_null("with fewer than two runs in a cell or no carbon"),
        float("ci_high_gco2e_per_mtok", "Upper end").or_null("with fewer than two runs in a cell or no carbon"),
        float("energy_usd_per_mtok", "kWh x PUE x tariff").or_null("when energy or tariff is not known"),
        float("ci_low_usd_per_mtok", "Lower end of its interval")
            .or_null("with fewer than two runs in a cell, no energy or no tariff"),
        float("ci_high_usd_per_mtok", "Upper end")
            .or_null("with fewer than two runs in a cell, no energy or no tariff"),
        float("ci_level", "Coverage of the interval"),
        choice("evidence", EVIDENCE, "How dollars and grams are known: the weakest of energy and grid"),
        choice("match", MATCHES, "`measured` for the configured home region, else an extrapolation"),
    ],
};
