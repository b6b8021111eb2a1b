//! Which backend to take.

use crate::{Contract, column::*, tables::*};
use serde::Serialize;

pub const OBJECTIVES: &[&str] = &["cheapest", "least_energy", "least_carbon", "fastest", "weighted"];

pub const DECISION: Contract = Contract {
    name: "decision",
    version: 3,
    stage: "analyze",
    grain: "One objective x model x mode (or workload): the backend that is best over all scenarios, or that it cannot be told. \
            Scenarios are blocks, runs within them the replicates.",
    key: &["objective", "model", "mode", "kv_cache", "workload"],
    columns: &[
        choice("objective", OBJECTIVES, "What is wanted"),
        text("model", "Model"),
        choice("mode", run::MODES, "Mode"),
        boolean("kv_cache", "Whether keys and values were kept"),
        text("workload", "Workload whose requests are priced, or `*` for a million tokens of the mode"),
        boolean("stated", "Whether this is the configured objective"),
        text("metric", "Quantity that decides, less is better"),
        text("backend", "Recommended backend").or_null("when it cannot be told; `reason` says why"),
        text("price", "Price that it was reckoned with").or_null("unless the objective is in USD"),
        choice(
            "mean",
            comparison::MEANS,
            "Which mean over scenarios decides; of a workload, what its tokens add up to",
        ),
        float(
            "estimate",
            "Its mean over scenarios, in the metric's unit; of a workload, a request; of `weighted`, relative to all \
             backends' mean",
        )
        .or_null("when no backend is left"),
        text("runner_up", "Backend that comes next").or_null("when there is none"),
        float("margin_ratio", "Runner-up over best").or_null("when there is no runner-up"),
        float("margin_low", "Lower end of its interval; 1 where a named margin may be next to nothing")
            .or_null("when neither runs nor scenarios give an error"),
        float("margin_high", "Upper end").or_null("when neither runs nor scenarios give an error"),
        text("margin_method", "Whether the interval allows for the margin having been large enough to be named")
            .or_null("when there is none"),
        float("p_adjusted", "Of no difference to the best, Holm over all other backends")
            .or_null("when neither runs nor scenarios give an error"),
        float(
            "alpha",
            "A backend is named when p_adjusted of every other is below this: this decision's share of 1 - ci_level",
        )
        .or_null("when p_adjusted is"),
        float("ci_level", "Coverage of the interval"),
        count("scenarios", "Scenarios that all backends left have"),
        count("scenarios_won", "Of these, won by the best by its mean")
            .or_null("of a workload, or when no backend is left"),
        texts("tied", "Backends that cannot be told from the best"),
        texts("excluded", "Backends that a constraint or missing numbers exclude, with the reason"),
        float("flip_usd_per_hour", "Rate of an hour of hardware at which the order of these two flips")
            .at_least(0.0)
            .or_null("when it does not, or the objective is not in USD"),
        float("flip_usd_per_kwh", "Tariff at which it flips")
            .at_least(0.0)
            .or_null("when it does not, or the objective is not in USD"),
        float("flip_utilisation", "Utilisation at which it flips")
            .at_least(0.0)
            .or_null("when it does not, or the objective is not in USD"),
        float("flip_gco2e_per_kwh", "Carbon intensity of electricity as used, PUE included, at which it flips")
            .at_least(0.0)
            .or_null("when it does not, the objective is not carbon, or the hardware's own share is not known"),
        text("reason", "Why there is no recommendation, or what it rests on"),
        choice("evidence", EVIDENCE, "The weakest behind the numbers"),
    ],
};

/// A row of `decision`.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    pub objective: String,
    pub model: String,
    pub mode: String,
    pub kv_cache: bool,
    pub workload: String,
    pub stated: bool,
    pub metric: &'static str,
    pub backend: Option<String>,
    pub price: Option<String>,
    pub mean: &'static str,
    pub estimate: Option<f64>,
    pub runner_up: Option<String>,
    pub margin_ratio: Option<f64>,
    pub margin_low: Option<f64>,
    pub margin_high: Option<f64>,
    pub margin_method: Option<&'static str>,
    pub p_adjusted: Option<f64>,
    pub alpha: Option<f64>,
    pub ci_level: f64,
    pub scenarios: usize,
    pub scenarios_won: Option<usize>,
    pub tied: Vec<String>,
    pub excluded: Vec<String>,
    pub flip_usd_per_hour: Option<f64>,
    pub flip_usd_per_kwh: Option<f64>,
    pub flip_utilisation: Option<f64>,
    pub flip_gco2e_per_kwh: Option<f64>,
    pub reason: String,
    pub evidence: &'static str,
}
