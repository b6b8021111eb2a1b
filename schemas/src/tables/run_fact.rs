//! What a run took: the facts of it that every later stage goes by.

use crate::{column::*, tables::EVIDENCE};

crate::table! {
    RUN_FACT: "run_fact", version 1, written by "join-telemetry";
    grain: "One run: its cell, whether it may be used, its window, the tokens in it and the energy that it used.";
    key: &["session_id", "run_id"];
    session_id: text("Session"),
    run_id: text("Run"),
    cell_id: text("Cell that it is a run of"),
    place: int("Place in the order of execution, or where an import does not say the repetition, from 0"),
    usable: boolean("Whether the run finished: its status is `ok` or `degraded`"),
    reason: text("Why it is not usable, or has no window").or_null("when it is and has"),
    window_s: float("Length of the window by the clock; without clock times, of all iterations")
        .at_least(0.0)
        .or_null("when not usable, or when nothing tells it"),
    time_evidence: choice(EVIDENCE, "How times are known: `measured` or `imported`"),
    input_tokens: count("Prompt tokens in the window, padding not counted")
        .or_null("when not usable or an import does not say"),
    input_tokens_padded: count("Prompt tokens in the window, padding counted")
        .or_null("when not usable or an import does not say"),
    output_tokens: count("New tokens in the window (0 for prefill)").or_null("when not usable"),
    latency_ms: float("Mean time of one iteration").at_least(0.0).or_null("when not usable"),
    energy_scope: text("Scopes whose energy counts, joined by `+`: a valid `node` alone, as it covers the others")
        .or_null("when the energy is not known"),
    energy_gross_j: float("Energy of the window: the sum of `run_energy` over these scopes")
        .or_null("when one of them is not known"),
    energy_error_j: float("Half width of a 95 % interval around it; errors of scopes are not taken to cancel")
        .at_least(0.0)
        .or_null("when the energy is, and of an energy that an import states"),
    idle_j: float("Idle power of these scopes times the window").or_null("when one has no baseline"),
    energy_net_j: float("Gross minus idle; may be negative").or_null("when either is"),
    mean_power_w: float("Mean power in the window").or_null("when it is of one of the scopes"),
    decode_j_per_token: float("Gross energy of a token after the first, as in `run_energy`")
        .or_null("when it is of one of the scopes"),
    energy_evidence: choice(EVIDENCE, "How the energy is known: the weakest of the scopes"),
}
