//! Whether any backend differs from any other.

use crate::{column::*, tables::*};

pub const TESTS: &[&str] = &["one_way_anova", "welch_anova", "blocked_anova", "friedman", "kruskal_wallis"];

crate::table! {
    OMNIBUS: "omnibus", version 1, written by "analyze";
    grain: "One metric x mode x test of all backends at once, on the means of the scenarios that all of them ran.";
    key: &["metric", "model", "mode", "kv_cache", "test"];
    with family;
    test: choice(
        TESTS,
        "`blocked_anova` and `friedman` take scenarios as blocks; the others take them as replicates, which they are not, \
             and stand beside them for comparison with studies that do",
    ),
    scale: choice(comparison::SCALES, "Scale of the means"),
    statistic: float("F, H or chi-squared"),
    df: float("Degrees of freedom of the backends"),
    df_error: float("Degrees of freedom of the error").or_null("for tests of ranks"),
    p: float("p-value"),
    eta_squared: float("Share of the variation that the backends explain, of blocks partial")
        .or_null("for tests of ranks and Welch's"),
    backends: count("Backends compared"),
    blocks: count("Scenarios"),
    evidence: choice(EVIDENCE, "The weakest behind the values"),
}
