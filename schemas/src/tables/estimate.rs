//! A number with its uncertainty.

use crate::{column::*, metrics, tables::*};

crate::table! {
    ESTIMATE: "estimate", version 4, written by "analyze";
    grain: "One metric of one cell (level `cell`), or of one backend and mode over its scenarios (level `backend_mode`).";
    key: &["metric", "level", "backend", "device", "model", "dtype", "mode", "kv_cache", "scenario"];
    metric: choice(metrics::ESTIMATED, "Quantity and unit"),
    level: choice(
        &["cell", "backend_mode"],
        "What was averaged: the runs of a cell, or the means of a backend's scenarios",
    ),
    cell_id: text("Cell").or_null("for level `backend_mode`"),
    backend: text("Engine and device"),
    device: text("`cpu`, or the GPU's product name"),
    model: text("Model"),
    dtype: text("Number format of the weights"),
    mode: choice(run::MODES, "Mode"),
    kv_cache: boolean("Whether keys and values were kept"),
    scenario: text("Scenario, or `*` for all"),
    estimate: float(
        "Arithmetic mean of the runs (level `cell`); of the scenarios (level `backend_mode`) the arithmetic mean of what adds up \
             (per million tokens, per token), the geometric one of times, rates and powers. `method` says which",
    ),
    median: float("Median of the runs, or of the scenario means"),
    std_error: float("Standard error of `estimate`").or_null("with fewer than two runs"),
    ci_low: float("Lower end of the interval, above 0 where all runs are").or_null("with fewer than two runs"),
    ci_high: float("Upper end of the interval").or_null("with fewer than two runs"),
    ci_level: float("Coverage of the interval"),
    n: count("Runs behind the estimate"),
    method: text("How estimate and interval were computed"),
    evidence: choice(EVIDENCE, "How the quantity is known"),
}
