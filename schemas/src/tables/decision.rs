//! Which backend to take.

use crate::{column::*, tables::*};

pub const OBJECTIVES: &[&str] = &["cheapest", "least_energy", "least_carbon", "fastest", "weighted"];

crate::table! {
    DECISION: "decision", version 3, written by "analyze";
    grain: "One objective x model x mode (or workload): the backend that is best over all scenarios, or that it cannot be told. \
            Scenarios are blocks, runs within them the replicates.";
    key: &["objective", "model", "mode", "kv_cache", "workload"];
    objective: choice(OBJECTIVES, "What is wanted"),
    model: text("Model"),
    mode: choice(run::MODES, "Mode"),
    kv_cache: boolean("Whether keys and values were kept"),
    workload: text("Workload whose requests are priced, or `*` for a million tokens of the mode"),
    stated: boolean("Whether this is the configured objective"),
    metric: text("Quantity that decides, less is better"),
    backend: text("Recommended backend").or_null("when it cannot be told; `reason` says why"),
    price: text("Price that it was reckoned with").or_null("unless the objective is in USD"),
    mean: choice(comparison::MEANS, "Which mean over scenarios decides; of a workload, what its tokens add up to"),
    estimate: float(
        "Its mean over scenarios, in the metric's unit; of a workload, a request; of `weighted`, relative to all \
             backends' mean",
    )
        .or_null("when no backend is left"),
    runner_up: text("Backend that comes next").or_null("when there is none"),
    margin_ratio: float("Runner-up over best").or_null("when there is no runner-up"),
    margin_low: float("Lower end of its interval; 1 where a named margin may be next to nothing")
        .or_null("when neither runs nor scenarios give an error"),
    margin_high: float("Upper end").or_null("when neither runs nor scenarios give an error"),
    margin_method: text("Whether the interval allows for the margin having been large enough to be named")
        .or_null("when there is none"),
    p_adjusted: float("Of no difference to the best, Holm over all other backends")
        .or_null("when neither runs nor scenarios give an error"),
    alpha: float(
        "A backend is named when p_adjusted of every other is below this: this decision's share of 1 - ci_level",
    )
        .or_null("when p_adjusted is"),
    ci_level: float("Coverage of the interval"),
    scenarios: count("Scenarios that all backends left have"),
    scenarios_won: count("Of these, won by the best by its mean").or_null("of a workload, or when no backend is left"),
    tied: texts("Backends that cannot be told from the best"),
    excluded: texts("Backends that a constraint or missing numbers exclude, with the reason"),
    flip_usd_per_hour: float("Rate of an hour of hardware at which the order of these two flips")
        .at_least(0.0)
        .or_null("when it does not, or the objective is not in USD"),
    flip_usd_per_kwh: float("Tariff at which it flips")
        .at_least(0.0)
        .or_null("when it does not, or the objective is not in USD"),
    flip_utilisation: float("Utilisation at which it flips")
        .at_least(0.0)
        .or_null("when it does not, or the objective is not in USD"),
    flip_gco2e_per_kwh: float("Carbon intensity of electricity as used, PUE included, at which it flips")
        .at_least(0.0)
        .or_null("when it does not, the objective is not carbon, or the hardware's own share is not known"),
    reason: text("Why there is no recommendation, or what it rests on"),
    evidence: choice(EVIDENCE, "The weakest behind the numbers"),
}
