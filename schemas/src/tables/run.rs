//! One measured repetition.

use crate::{Contract, column::*};

pub const MODES: &[&str] = &["prefill", "generate"];
pub const STATUSES: &[&str] = &["ok", "degraded", "failed", "skipped"];

pub const RUN: Contract = Contract {
    name: "run",
    version: 4,
    stage: "collect",
    grain: "One measured repetition: a timed window in which one cell of the matrix ran one or more times back to back.",
    key: &["session_id", "run_id"],
    columns: &[
        text("session_id", "Session"),
        text("run_id", "Name of the repetition, unique in its plan"),
        choice("status", STATUSES, "`ok`; `degraded`: measured under a fault that `reason` names; `failed`; `skipped`"),
        text("reason", "Why the status is not `ok`").or_null("when it is"),
        text("backend", "Engine and device as asked for"),
        text("device", "`cpu`, or the GPU's product name; `unknown` when it did not run"),
        text("dtype", "Number format of the weights, as the engine holds them; `unknown` when it did not run"),
        text("model", "Model"),
        text("model_sha256", "Hash of the weights file; of several, of their hashes, one a line")
            .or_null("when an import does not say or only a server has the weights"),
        text("model_source", "Where the weights came from").or_null("when an import does not say"),
        text("tokenizer_sha256", "Hash of tokenizer.json, or of the GGUF file that holds the tokenizer")
            .or_null("without a tokenizer, or when an import does not say"),
        count("weights_bytes", "Bytes of the weights, as the engine or its results state them")
            .or_null("when they state none"),
        choice("weights", &["real", "synthetic"], "Trained weights, or seeded random ones of the same shape"),
        choice(
            "mode",
            MODES,
            "`prefill`: one forward pass over the prompt; `generate`: greedy decoding, its prefill included",
        ),
        boolean("kv_cache", "Whether decoding kept keys and values (always false for prefill)"),
        text("scenario", "Scenario"),
        count("batch", "Sequences in one iteration"),
        count("prompt_tokens", "Prompt tokens in one iteration over the whole batch, padding not counted")
            .or_null("when an import does not say"),
        count("prompt_tokens_padded", "Prompt tokens in one iteration over the whole batch, padding counted")
            .or_null("when an import does not say"),
        count("new_tokens_asked", "New tokens asked for, per sequence (0 for prefill)")
            .or_null("when an import does not say"),
        count("tokens_generated", "New tokens of one iteration over the whole batch (0 for prefill)")
            .or_null("when the run did not finish"),
        text(
            "tokens_from",
            "What an import counted as new tokens; `assumed` or `approximate` where nothing was counted",
        )
        .or_null("for measured runs"),
        count("iterations", "Iterations in the window").or_null("when the run did not finish"),
        int("start_ns", "Start of the window").or_null("when the run did not start or an import has no clock times"),
        int("end_ns", "End of the window").or_null("when the run did not finish or an import has no clock times"),
        text("window_from", "How an import's window, or without clock times its length, was derived")
            .or_null("for measured runs"),
        float("latency_ms", "Mean time of one iteration; without clock times the window is as long as all iterations")
            .at_least(0.0)
            .or_null("when the run did not finish"),
        float("ttft_ms", "Mean time to the first token of one iteration").at_least(0.0).or_null("when not measured"),
        float("tpot_ms", "Mean time per output token after the first")
            .or_null("for prefill, for a single token, or when not measured"),
        floats("token_ms", "Mean time of each decoding step, first token included")
            .or_null("for prefill or when not measured"),
        int("repetition", "Block that the run belongs to, from 0"),
        int("order", "Place in the order of execution, from 0").or_null("for imports"),
        choice("logits", &["last", "all"], "Positions for which logits were computed")
            .or_null("when an import does not say"),
        count("threads", "Compute threads that the engine was set to").or_null("when an import does not say"),
        float(
            "cores_busy",
            "Processor time of the worker over wall time, warm-up included, by the kernel's accounting",
        )
        .at_least(0.0)
        .or_null("for imports and servers"),
        text("cpus", "Logical processors that the engine could use, as the kernel says")
            .or_null("when it was not told to stay on some"),
        text("provider", "What executed the graph, as the engine reports it")
            .or_null("when the engine did not report it"),
        texts("nodes", "Executed nodes by provider and operator, from the engine's own profile")
            .or_null("when the engine has none"),
        text("graph", "Form of the model that was executed").or_null("when the engine did not report it"),
        boolean("io_binding", "Whether inputs and outputs stay on the device between steps")
            .or_null("when the engine did not report it"),
        count("compiled_graphs", "Graphs that the engine's compiler made before the window")
            .or_null("for engines that do not compile"),
        text("library", "Library and version").or_null("when the engine did not report it"),
        text("library_sha256", "Hash of the shared library that was loaded")
            .or_null("when the engine is part of the binary or an import"),
        text("blas", "What multiplies matrices").or_null("when the engine did not report it"),
        text("parity", "How its logits and tokens compare with the reference's, before anything was timed")
            .or_null("for imports and when it did not run"),
        count("kv_cache_first_bytes", "Bytes of keys and values held after the first step")
            .or_null("without a cache or when not reported"),
        count("kv_cache_bytes", "Bytes of keys and values held after the last step")
            .or_null("without a cache or when not reported"),
        float("load_ms", "Time to load the model in this worker").at_least(0.0).or_null("when not reported"),
        float("memory_mb", "Resident memory of the worker after loading, MiB")
            .at_least(0.0)
            .or_null("when not reported"),
        count("warmup_iterations", "Untimed iterations directly before the window")
            .or_null("when an import does not say"),
        float("warmup_cv_pct", "Coefficient of variation of the last three warm-up iterations")
            .at_least(0.0)
            .or_null("for fewer than two, or when not reported"),
        float("other_cpu_pct", "Processor time of other processes during the window, share of all logical processors")
            .or_null("when /proc/stat was not read, and for servers"),
        count("attempts", "Times that the run was made until the machine was quiet; the quietest is kept")
            .or_null("for imports"),
        float("reported_gpu_j", "Energy of the window that an import states: GPUs")
            .at_least(0.0)
            .or_null("when it states none"),
        float("reported_cpu_package_j", "The same: processor packages").at_least(0.0).or_null("when it states none"),
        float("reported_dram_j", "The same: memory").at_least(0.0).or_null("when it states none"),
        float("reported_node_j", "The same: the whole machine").at_least(0.0).or_null("when it states none"),
        text("imported_from", "Format of the import, and whether its times named no zone").or_null("for measured runs"),
    ],
};
