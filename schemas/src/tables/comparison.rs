//! Two backends compared.

use crate::{column::*, tables::*};

pub const SCALES: &[&str] = &["log", "linear"];
pub const MEANS: &[&str] = &["arithmetic", "geometric"];
pub const CONCLUSIONS: &[&str] = &["different", "equivalent", "unclear", "estimated", "extrapolated"];

crate::table! {
    COMPARISON: "comparison", version 4, written by "analyze";
    grain: "One metric x mode x pair of backends. Scenarios are blocks, runs within them the replicates.";
    key: &["metric", "model", "mode", "kv_cache", "a", "b"];
    with family;
    a: text("First backend, with its device if the name alone is not unique"),
    b: text("Second backend"),
    test: text("Test that was made, of what"),
    scale: choice(SCALES, "Scale of the test: logs compare ratios, linear values differences"),
    mean: choice(
        MEANS,
        "Which means over scenarios are compared: `arithmetic` of what adds up (per million tokens) and on the linear scale, else \
             `geometric`",
    ),
    statistic: float("Test statistic").or_null("with too few runs or scenarios, or without variance"),
    df: float("Degrees of freedom").or_null("when the statistic is, and for tests of ranks"),
    p: float("Two-sided p-value").or_null("when the statistic is"),
    p_adjusted: float("Holm-adjusted over the family: all pairs of one metric, model and mode").or_null("when p is"),
    alpha: float(
        "`different` is a p_adjusted below this: this family's share of 1 - ci_level, which grows with the families of the model \
             that differ",
    )
        .or_null("when p is"),
    difference: float("Mean of b minus a over scenarios, in the metric's unit"),
    difference_low: float("Lower end of its interval").or_null("unless the scale is linear and the test a t test"),
    difference_high: float("Upper end").or_null("unless the scale is linear and the test a t test"),
    ratio: float("b / a of the means over scenarios that `mean` names"),
    ratio_low: float("Lower end of its interval, for these scenarios")
        .or_null("unless the scale is log and the test a t test"),
    ratio_high: float("Upper end").or_null("unless the scale is log and the test a t test"),
    ratio_like_low: float("Lower end of its interval for scenarios like these, of which these are a sample")
        .or_null("with fewer than two scenarios, or when all have one ratio"),
    ratio_like_high: float("Upper end").or_null("with fewer than two scenarios, or when all have one ratio"),
    ci_level: float("Coverage of the intervals"),
    effect: text("Which effect size: Cohen's d of runs within scenarios, d_z or d of scenario means, Cliff's delta"),
    effect_size: float("Effect size").or_null("with too few runs or scenarios, or without variance"),
    effect_low: float("Lower end of its interval").or_null("when the effect size is, or has none"),
    effect_high: float("Upper end").or_null("when the effect size is, or has none"),
    practical_pct: float("Smaller differences do not matter"),
    p_equivalent: float("Of a difference that matters: two one-sided tests")
        .or_null("unless the scale is log and the test a t test"),
    p_equivalent_adjusted: float("The same, Holm-adjusted over the family").or_null("when p_equivalent is"),
    alpha_equivalent: float("`equivalent` is a p_equivalent_adjusted below this").or_null("when p_equivalent is"),
    detectable_pct: float(
        "Smallest difference that four of five such experiments would call `different` among all pairs of the family",
    )
        .or_null("unless the scale is log and the test a t test"),
    conclusion: choice(
        CONCLUSIONS,
        "`equivalent` when the difference is shown to be too small to matter, else `different`, else `unclear`; \
             `estimated`: a model gave the energy, which compares nothing; `extrapolated`: one of the two is and the other is not",
    ),
    n: count("Runs behind the comparison"),
    blocks: count("Scenarios that both backends ran"),
    evidence: choice(EVIDENCE, "The weakest behind the values"),
}
