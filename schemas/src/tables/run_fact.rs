//! What a run took: the facts of it that every later stage goes by.

use crate::{Contract, column::*, tables::EVIDENCE};

pub const RUN_FACT: Contract = Contract {
    name: "run_fact",
    version: 1,
    stage: "join-telemetry",
    grain: "One run: its cell, whether it may be used, its window, the tokens in it and the energy that it used.",
    key: &["session_id", "run_id"],
    columns: &[
        text("session_id", "Session"),
        text("run_id", "Run"),
        text("cell_id", "Cell that it is a run of"),
        int("place", "Place in the order of execution, or where an import does not say the repetition, from 0"),
        boolean("usable", "Whether the run finished: its status is `ok` or `degraded`"),
        text("reason", "Why it is not usable, or has no window").or_null("when it is and has"),
        float("window_s", "Length of the window by the clock; without clock times, of all iterations")
            .at_least(0.0)
            .or_null("when not usable, or when nothing tells it"),
        choice("time_evidence", EVIDENCE, "How times are known: `measured` or `imported`"),
        count("input_tokens", "Prompt tokens in the window, padding not counted")
            .or_null("when not usable or an import does not say"),
        count("input_tokens_padded", "Prompt tokens in the window, padding counted")
            .or_null("when not usable or an import does not say"),
        count("output_tokens", "New tokens in the window (0 for prefill)").or_null("when not usable"),
        float("latency_ms", "Mean time of one iteration").at_least(0.0).or_null("when not usable"),
        text(
            "energy_scope",
            "Scopes whose energy counts, joined by `+`: a valid `node` alone, as it covers the others",
        )
        .or_null("when the energy is not known"),
        float("energy_gross_j", "Energy of the window: the sum of `run_energy` over these scopes")
            .or_null("when one of them is not known"),
        float("energy_error_j", "Half width of a 95 % interval around it; errors of scopes are not taken to cancel")
            .at_least(0.0)
            .or_null("when the energy is, and of an energy that an import states"),
        float("idle_j", "Idle power of these scopes times the window").or_null("when one has no baseline"),
        float("energy_net_j", "Gross minus idle; may be negative").or_null("when either is"),
        float("mean_power_w", "Mean power in the window").or_null("when it is of one of the scopes"),
        float("decode_j_per_token", "Gross energy of a token after the first, as in `run_energy`")
            .or_null("when it is of one of the scopes"),
        choice("energy_evidence", EVIDENCE, "How the energy is known: the weakest of the scopes"),
    ],
};
