//! Whether a cell may be used.

use crate::{Contract, column::*, tables::*};

pub const VERDICTS: &[&str] = &["pass", "warn", "fail"];

pub const VERDICT: Contract = Contract {
    name: "verdict",
    version: 1,
    stage: "analyze",
    grain: "One cell: whether its runs may be used, by every check that speaks of runs, and how many runs it needs.",
    key: CELL,
    columns: &[
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("scenario", "Scenario"),
        choice(
            "verdict",
            VERDICTS,
            "`fail`: a hard check failed and the cell must not be used; `warn`: a check found something; `pass`: none did",
        ),
        texts("codes", "Checks that found something, hard ones first"),
        count("runs", "Runs that were planned"),
        count("usable", "Runs that finished"),
        count("degraded", "Of these, measured under a fault"),
        float("cv_pct", "Coefficient of variation of their latency").at_least(0.0).or_null("with fewer than two runs"),
        float("first_run_above_pct", "Latency of the first run above the mean of the others")
            .or_null("with fewer than three runs"),
        float("half_width_pct", "Half width of the interval of their mean latency, as a ratio (t on logs)")
            .at_least(0.0)
            .or_null("with fewer than two runs or without variance"),
        count("runs_needed", "Runs whose interval is to be as narrow as wanted, with the spread that was seen")
            .or_null("when the half width is"),
        float("normality_p", "Shapiro and Wilk's test of log latencies")
            .or_null("with fewer than three runs or without variance"),
        float("independence_p", "Ljung and Box's test of log latencies in the order of execution")
            .or_null("with fewer than eight runs or without variance"),
        float("effective_runs", "Independent runs that they are worth")
            .at_least(0.0)
            .or_null("with fewer than eight runs or without variance"),
        count("outliers", "Runs whose latency's modified z-score is over the limit"),
    ],
};
