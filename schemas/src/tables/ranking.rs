//! Backends in order, with ties.

use crate::{column::*, tables::*};

crate::table! {
    RANKING: "ranking", version 2, written by "analyze";
    grain: "One metric x mode x backend: its place among all, which it shares with those that it cannot be told from.";
    key: &["metric", "model", "mode", "kv_cache", "backend"];
    with family;
    backend: text("Backend, with its device if the name alone is not unique"),
    place: count("One more than the backends that are better by a test, p adjusted by Holm")
        .or_null("when a model gave the energy, or a pair could not be tested"),
    tied_with: texts("Backends that it cannot be told from"),
    mean: choice(comparison::MEANS, "Which mean over scenarios `estimate` is"),
    estimate: float("Mean over scenarios"),
    ci_low: float("Lower end of its interval from runs within scenarios; of the price nothing")
        .or_null("with single runs"),
    ci_high: float("Upper end").or_null("with single runs"),
    ci_level: float("Coverage of the interval"),
    price: text("Price that it was reckoned with").or_null("unless the metric is in USD"),
    n: count("Runs behind the estimate"),
    blocks: count("Scenarios"),
    evidence: choice(EVIDENCE, "The weakest behind the values"),
}
