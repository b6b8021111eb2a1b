//! Two backends compared.

use crate::{Contract, column::*, tables::*};

pub const COMPARISON: Contract = Contract {
    name: "comparison",
    version: 2,
    stage: "analyze",
    grain: "One metric x mode x pair of backends, blocked by scenario, on the log scale.",
    key: &["metric", "model", "mode", "kv_cache", "a", "b"],
    columns: &[
        choice("metric", estimate::METRICS, "Quantity and unit"),
        text("model", "Model"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("a", "First backend, with its device if the name alone is not unique"),
        text("b", "Second backend"),
        text("test", "Test"),
        float("statistic", "Test statistic").or_null("with fewer than two blocks or without variance"),
        float("df", "Degrees of freedom").or_null("with fewer than two blocks"),
        float("p", "Two-sided p-value").or_null("with fewer than two blocks or without variance"),
        float("p_adjusted", "Holm-adjusted over the family: all pairs of one metric, model and mode")
            .or_null("when p is"),
        float("difference", "Mean of b minus a over blocks, in the metric's unit"),
        float("ratio", "Geometric mean of b / a over blocks"),
        float("ratio_low", "Lower end of its interval").or_null("with fewer than two blocks"),
        float("ratio_high", "Upper end").or_null("with fewer than two blocks"),
        float("ci_level", "Coverage of the interval"),
        float("effect_size", "Standardised mean log ratio (Cohen's d_z)")
            .or_null("with fewer than two blocks or without variance"),
        float("effect_low", "Lower end of its interval").or_null("when the effect size is"),
        float("effect_high", "Upper end").or_null("when the effect size is"),
        count("n", "Runs behind the comparison"),
        count("blocks", "Scenarios that both backends ran"),
    ],
};
