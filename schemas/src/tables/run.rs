//! One measured repetition.

use crate::{Contract, column::*};

pub const MODES: &[&str] = &["prefill", "generate"];
pub const STATUSES: &[&str] = &["ok", "degraded", "failed", "skipped"];

pub const RUN: Contract = Contract {
    name: "run",
    version: 1,
    stage: "collect",
    grain: "One measured repetition: a timed window in which one cell of the matrix ran one or more times back to back.",
    key: &["session_id", "run_id"],
    columns: &[
        text("session_id", "Session"),
        text("run_id", "Name of the repetition, unique in its plan"),
        choice("status", STATUSES, "`ok`; `degraded`: measured under a fault that `reason` names; `failed`; `skipped`"),
        text("reason", "Why the status is not `ok`").or_null("when it is"),
        text("backend", "Engine and device as asked for"),
        text("device", "`cpu`, or the GPU's product name"),
        text("dtype", "Number format of the weights, as the engine holds them"),
        text("model", "Model"),
        text("model_sha256", "Hash of the weights file").or_null("when an import does not say"),
        choice("weights", &["real", "synthetic"], "Trained weights, or seeded random ones of the same shape"),
        choice(
            "mode",
            MODES,
            "`prefill`: one forward pass over the prompt; `generate`: greedy decoding, its prefill included",
        ),
        boolean("kv_cache", "Whether decoding kept keys and values (always false for prefill)"),
        text("scenario", "Scenario"),
        count("batch", "Sequences in one iteration"),
        count("prompt_tokens", "Prompt tokens in one iteration over the whole batch, padding not counted"),
        count("prompt_tokens_padded", "Prompt tokens in one iteration over the whole batch, padding counted"),
        count("new_tokens_asked", "New tokens asked for, per sequence (0 for prefill)"),
        count("tokens_generated", "New tokens of one iteration over the whole batch (0 for prefill)")
            .or_null("when the run did not finish"),
        count("iterations", "Iterations in the window").or_null("when the run did not finish"),
        int("start_ns", "Start of the window").or_null("when the run did not start"),
        int("end_ns", "End of the window").or_null("when the run did not finish"),
        float("latency_ms", "Mean time of one iteration").at_least(0.0).or_null("when the run did not finish"),
        float("ttft_ms", "Mean time to the first token of one iteration").at_least(0.0).or_null("when not measured"),
        floats("token_ms", "Mean time of each decoding step, first token included")
            .or_null("for prefill or when not measured"),
        int("repetition", "Block that the run belongs to, from 0"),
        int("order", "Place in the order of execution, from 0").or_null("for imports"),
        choice("logits", &["last", "all"], "Positions for which logits were computed")
            .or_null("when an import does not say"),
        count("threads", "Compute threads of the engine").or_null("when an import does not say"),
        text("provider", "What executed the graph, as the engine reports it")
            .or_null("when the engine did not report it"),
        text("library", "Library and version").or_null("when the engine did not report it"),
        text("library_sha256", "Hash of the shared library that was loaded")
            .or_null("when the engine is part of the binary or an import"),
        count("kv_cache_bytes", "Bytes of keys and values held after the last step")
            .or_null("without a cache or when not reported"),
        count("warmup_iterations", "Untimed iterations directly before the window")
            .or_null("when an import does not say"),
        float("other_cpu_pct", "Processor time of other processes during the window, share of all logical processors")
            .or_null("when /proc/stat was not read"),
        text("imported_from", "Format of the import").or_null("for measured runs"),
    ],
};
