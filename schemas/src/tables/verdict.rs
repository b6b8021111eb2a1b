//! Whether a cell may be used.

use crate::{column::*, tables::*};

pub const VERDICTS: &[&str] = &["pass", "warn", "fail"];

crate::table! {
    VERDICT: "verdict", version 3, written by "analyze";
    grain: "One cell: whether its runs may be used, by every check that speaks of runs, and how many runs it needs.";
    key: cell::COLUMNS;
    with cell;
    verdict: choice(
        VERDICTS,
        "`fail`: a hard check failed and the cell must not be used; `warn`: a check found something; `pass`: none did",
    ),
    codes: texts("Checks that found something, hard ones first"),
    runs: count("Runs that were planned"),
    usable: count("Runs that finished"),
    degraded: count("Of these, measured under a fault"),
    cv_pct: float("Coefficient of variation of their latency").at_least(0.0).or_null("with fewer than two runs"),
    first_run_above_pct: float("Latency of the first run above the mean of the others")
        .or_null("with fewer than three runs"),
    first_run_p: float("Of the first run being no slower than the others (one-sided t of a new value, logs)")
        .or_null("with fewer than three runs or without variance"),
    half_width_pct: float("Half width of the interval of their mean latency, as a ratio")
        .at_least(0.0)
        .or_null("with fewer than two runs or without variance"),
    runs_needed: count("Runs whose interval is to be as narrow as wanted, with the spread that was seen")
        .or_null("when the half width is"),
    normality_p: float("Shapiro and Wilk's test of log latencies")
        .or_null("with fewer than three runs or without variance"),
    independence: text(
        "Whether it was checked that runs do not resemble those before them, in what, or how many runs would do",
    ),
    serial_correlation: float("Correlation of a run with the one before it, of the session's cells together")
        .or_null("where it cannot be checked"),
    independence_p: float("Of independence, against runs that resemble those before them (one-sided)")
        .or_null("where it cannot be checked"),
    effective_runs: float("Independent runs that they are worth").at_least(0.0).or_null("where it cannot be checked"),
    outliers: count("Runs whose log latency's modified z-score is over 3.5"),
    outlier_p: float("Grubbs's test of the run farthest from the others, logs")
        .or_null("with fewer than three runs or without variance"),
}
