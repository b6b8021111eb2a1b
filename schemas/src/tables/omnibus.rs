//! Whether any backend differs from any other.

use crate::{Contract, column::*, tables::*};

pub const TESTS: &[&str] = &["one_way_anova", "welch_anova", "blocked_anova", "friedman", "kruskal_wallis"];

pub const OMNIBUS: Contract = Contract {
    name: "omnibus",
    version: 1,
    stage: "analyze",
    grain: "One metric x mode x test of all backends at once, on the means of the scenarios that all of them ran.",
    key: &["metric", "model", "mode", "kv_cache", "test"],
    columns: &[
        choice("metric", comparison::METRICS, "Quantity and unit"),
        text("model", "Model"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        choice(
            "test",
            TESTS,
            "`blocked_anova` and `friedman` take scenarios as blocks; the others take them as replicates, which they are not, \
             and stand beside them for comparison with studies that do",
        ),
        choice("scale", comparison::SCALES, "Scale of the means"),
        float("statistic", "F, H or chi-squared"),
        float("df", "Degrees of freedom of the backends"),
        float("df_error", "Degrees of freedom of the error").or_null("for tests of ranks"),
        float("p", "p-value"),
        float("eta_squared", "Share of the variation that the backends explain, of blocks partial")
            .or_null("for tests of ranks and Welch's"),
        count("backends", "Backends compared"),
        count("blocks", "Scenarios"),
        choice("evidence", EVIDENCE, "The weakest behind the values"),
    ],
};
