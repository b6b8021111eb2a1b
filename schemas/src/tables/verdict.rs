//! Whether a cell may be used.

use crate::{Contract, column::*, tables::*};
use serde::Serialize;

pub const VERDICTS: &[&str] = &["pass", "warn", "fail"];

pub const VERDICT: Contract = Contract {
    name: "verdict",
    version: 3,
    stage: "analyze",
    grain: "One cell: whether its runs may be used, by every check that speaks of runs, and how many runs it needs.",
    key: cell::COLUMNS,
    columns: &[
        text("cell_id", "Cell"),
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
        float("first_run_p", "Of the first run being no slower than the others (one-sided t of a new value, logs)")
            .or_null("with fewer than three runs or without variance"),
        float("half_width_pct", "Half width of the interval of their mean latency, as a ratio")
            .at_least(0.0)
            .or_null("with fewer than two runs or without variance"),
        count("runs_needed", "Runs whose interval is to be as narrow as wanted, with the spread that was seen")
            .or_null("when the half width is"),
        float("normality_p", "Shapiro and Wilk's test of log latencies")
            .or_null("with fewer than three runs or without variance"),
        text(
            "independence",
            "Whether it was checked that runs do not resemble those before them, in what, or how many runs would do",
        ),
        float("serial_correlation", "Correlation of a run with the one before it, of the session's cells together")
            .or_null("where it cannot be checked"),
        float("independence_p", "Of independence, against runs that resemble those before them (one-sided)")
            .or_null("where it cannot be checked"),
        float("effective_runs", "Independent runs that they are worth")
            .at_least(0.0)
            .or_null("where it cannot be checked"),
        count("outliers", "Runs whose log latency's modified z-score is over 3.5"),
        float("outlier_p", "Grubbs's test of the run farthest from the others, logs")
            .or_null("with fewer than three runs or without variance"),
    ],
};

/// A row of `verdict`.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    pub cell_id: String,
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub mode: String,
    pub kv_cache: bool,
    pub scenario: String,
    pub verdict: &'static str,
    pub codes: Vec<String>,
    pub runs: i64,
    pub usable: i64,
    pub degraded: i64,
    pub cv_pct: Option<f64>,
    pub first_run_above_pct: Option<f64>,
    pub first_run_p: Option<f64>,
    pub half_width_pct: Option<f64>,
    pub runs_needed: Option<usize>,
    pub normality_p: Option<f64>,
    pub independence: String,
    pub serial_correlation: Option<f64>,
    pub independence_p: Option<f64>,
    pub effective_runs: Option<f64>,
    pub outliers: usize,
    pub outlier_p: Option<f64>,
}
