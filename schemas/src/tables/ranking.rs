//! Backends in order, with ties.

use crate::{Contract, column::*, tables::*};
use serde::Serialize;

pub const RANKING: Contract = Contract {
    name: "ranking",
    version: 2,
    stage: "analyze",
    grain: "One metric x mode x backend: its place among all, which it shares with those that it cannot be told from.",
    key: &["metric", "model", "mode", "kv_cache", "backend"],
    columns: &[
        choice("metric", comparison::METRICS, "Quantity and unit"),
        text("model", "Model"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("backend", "Backend, with its device if the name alone is not unique"),
        count("place", "One more than the backends that are better by a test, p adjusted by Holm")
            .or_null("when a model gave the energy, or a pair could not be tested"),
        texts("tied_with", "Backends that it cannot be told from"),
        choice("mean", comparison::MEANS, "Which mean over scenarios `estimate` is"),
        float("estimate", "Mean over scenarios"),
        float("ci_low", "Lower end of its interval from runs within scenarios; of the price nothing")
            .or_null("with single runs"),
        float("ci_high", "Upper end").or_null("with single runs"),
        float("ci_level", "Coverage of the interval"),
        text("price", "Price that it was reckoned with").or_null("unless the metric is in USD"),
        count("n", "Runs behind the estimate"),
        count("blocks", "Scenarios"),
        choice("evidence", EVIDENCE, "The weakest behind the values"),
    ],
};

/// A row of `ranking`.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    pub metric: String,
    pub model: String,
    pub mode: String,
    pub kv_cache: bool,
    pub backend: String,
    pub place: Option<usize>,
    pub tied_with: Vec<String>,
    pub mean: &'static str,
    pub estimate: f64,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub ci_level: f64,
    pub price: Option<String>,
    pub n: usize,
    pub blocks: usize,
    pub evidence: &'static str,
}
