//! Two backends compared.

use crate::{Contract, column::*, tables::*};

/// What backends are compared in: quantities that have a log, where less or, of rates, more is better.
pub const METRICS: &[&str] = &[
    "latency_ms",
    "ttft_ms",
    "tpot_ms",
    "input_tokens_per_s",
    "output_tokens_per_s",
    "total_usd_per_mtok",
    "gross_kwh_per_mtok",
    "gco2e_per_mtok",
];

pub const SCALES: &[&str] = &["log", "linear"];
pub const MEANS: &[&str] = &["arithmetic", "geometric"];
pub const CONCLUSIONS: &[&str] = &["different", "equivalent", "unclear", "estimated", "extrapolated"];

pub const COMPARISON: Contract = Contract {
    name: "comparison",
    version: 4,
    stage: "analyze",
    grain: "One metric x mode x pair of backends. Scenarios are blocks, runs within them the replicates.",
    key: &["metric", "model", "mode", "kv_cache", "a", "b"],
    columns: &[
        choice("metric", METRICS, "Quantity and unit"),
        text("model", "Model"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("a", "First backend, with its device if the name alone is not unique"),
        text("b", "Second backend"),
        text("test", "Test that was made, of what"),
        choice("scale", SCALES, "Scale of the test: logs compare ratios, linear values differences"),
        choice(
            "mean",
            MEANS,
            "Which means over scenarios are compared: `arithmetic` of what adds up (per million tokens) and on the linear scale, else \
             `geometric`",
        ),
        float("statistic", "Test statistic").or_null("with too few runs or scenarios, or without variance"),
        float("df", "Degrees of freedom").or_null("when the statistic is, and for tests of ranks"),
        float("p", "Two-sided p-value").or_null("when the statistic is"),
        float("p_adjusted", "Holm-adjusted over the family: all pairs of one metric, model and mode")
            .or_null("when p is"),
        float(
            "alpha",
            "`different` is a p_adjusted below this: this family's share of 1 - ci_level, which grows with the families of the model \
             that differ",
        )
        .or_null("when p is"),
        float("difference", "Mean of b minus a over scenarios, in the metric's unit"),
        float("difference_low", "Lower end of its interval")
            .or_null("unless the scale is linear and the test a t test"),
        float("difference_high", "Upper end").or_null("unless the scale is linear and the test a t test"),
        float("ratio", "b / a of the means over scenarios that `mean` names"),
        float("ratio_low", "Lower end of its interval, for these scenarios")
            .or_null("unless the scale is log and the test a t test"),
        float("ratio_high", "Upper end").or_null("unless the scale is log and the test a t test"),
        float("ratio_like_low", "Lower end of its interval for scenarios like these, of which these are a sample")
            .or_null("with fewer than two scenarios, or when all have one ratio"),
        float("ratio_like_high", "Upper end").or_null("with fewer than two scenarios, or when all have one ratio"),
        float("ci_level", "Coverage of the intervals"),
        text(
            "effect",
            "Which effect size: Cohen's d of runs within scenarios, d_z or d of scenario means, Cliff's delta",
        ),
        float("effect_size", "Effect size").or_null("with too few runs or scenarios, or without variance"),
        float("effect_low", "Lower end of its interval").or_null("when the effect size is, or has none"),
        float("effect_high", "Upper end").or_null("when the effect size is, or has none"),
        float("practical_pct", "Smaller differences do not matter"),
        float("p_equivalent", "Of a difference that matters: two one-sided tests")
            .or_null("unless the scale is log and the test a t test"),
        float("p_equivalent_adjusted", "The same, Holm-adjusted over the family").or_null("when p_equivalent is"),
        float("alpha_equivalent", "`equivalent` is a p_equivalent_adjusted below this").or_null("when p_equivalent is"),
        float(
            "detectable_pct",
            "Smallest difference that four of five such experiments would call `different` among all pairs of the family",
        )
            .or_null("unless the scale is log and the test a t test"),
        choice(
            "conclusion",
            CONCLUSIONS,
            "`equivalent` when the difference is shown to be too small to matter, else `different`, else `unclear`; \
             `estimated`: a model gave the energy, which compares nothing; `extrapolated`: one of the two is and the other is not",
        ),
        count("n", "Runs behind the comparison"),
        count("blocks", "Scenarios that both backends ran"),
        choice("evidence", EVIDENCE, "The weakest behind the values"),
    ],
};
