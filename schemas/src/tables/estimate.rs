//! A number with its uncertainty.

use crate::{Contract, column::*, tables::*};
use serde::Serialize;

pub const METRICS: &[&str] = &[
    "latency_ms",
    "ttft_ms",
    "tpot_ms",
    "input_tokens_per_s",
    "output_tokens_per_s",
    "gross_kwh_per_mtok",
    "net_kwh_per_mtok",
    "gross_power_w",
    "decode_j_per_token",
];

pub const ESTIMATE: Contract = Contract {
    name: "estimate",
    version: 4,
    stage: "analyze",
    grain: "One metric of one cell (level `cell`), or of one backend and mode over its scenarios (level `backend_mode`).",
    key: &["metric", "level", "backend", "device", "model", "dtype", "mode", "kv_cache", "scenario"],
    columns: &[
        choice("metric", METRICS, "Quantity and unit"),
        choice(
            "level",
            &["cell", "backend_mode"],
            "What was averaged: the runs of a cell, or the means of a backend's scenarios",
        ),
        text("cell_id", "Cell").or_null("for level `backend_mode`"),
        text("backend", "Engine and device"),
        text("device", "`cpu`, or the GPU's product name"),
        text("model", "Model"),
        text("dtype", "Number format of the weights"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("scenario", "Scenario, or `*` for all"),
        float(
            "estimate",
            "Arithmetic mean of the runs (level `cell`); of the scenarios (level `backend_mode`) the arithmetic mean of what adds up \
             (per million tokens, per token), the geometric one of times, rates and powers. `method` says which",
        ),
        float("median", "Median of the runs, or of the scenario means"),
        float("std_error", "Standard error of `estimate`").or_null("with fewer than two runs"),
        float("ci_low", "Lower end of the interval, above 0 where all runs are").or_null("with fewer than two runs"),
        float("ci_high", "Upper end of the interval").or_null("with fewer than two runs"),
        float("ci_level", "Coverage of the interval"),
        count("n", "Runs behind the estimate"),
        text("method", "How estimate and interval were computed"),
        choice("evidence", EVIDENCE, "How the quantity is known"),
    ],
};

/// A row of `estimate`.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    pub metric: String,
    pub level: &'static str,
    pub cell_id: Option<String>,
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub mode: String,
    pub kv_cache: bool,
    pub scenario: String,
    pub estimate: f64,
    pub median: f64,
    pub std_error: Option<f64>,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub ci_level: f64,
    pub n: usize,
    pub method: &'static str,
    pub evidence: &'static str,
}
