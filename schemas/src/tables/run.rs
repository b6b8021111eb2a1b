//! One measured repetition.

use crate::column::*;

pub const MODES: &[&str] = &["prefill", "generate"];
/// Which part of a served request the accelerators did.
pub const ROLES: &[&str] = &["all", "prefill", "decode"];
/// How requests arrive: when others are answered, or at a rate, evenly or at random.
pub const ARRIVALS: &[&str] = &["closed", "constant", "poisson", "gamma"];
pub const STATUSES: &[&str] = &["ok", "degraded", "failed", "skipped"];

crate::table! {
    RUN: "run", version 6, written by "collect";
    grain: "One measured repetition: a timed window in which one cell of the matrix ran one or more times back to back.";
    key: &["session_id", "run_id"];
    session_id: text("Session"),
    run_id: text("Name of the repetition, unique in its plan"),
    status: choice(STATUSES, "`ok`; `degraded`: measured under a fault that `reason` names; `failed`; `skipped`"),
    reason: text("Why the status is not `ok`").or_null("when it is"),
    backend: text("Engine and device as asked for"),
    device: text("`cpu`, or the GPU's product name; `unknown` when it did not run"),
    dtype: text("Number format of the weights, as the engine holds them; `unknown` when it did not run"),
    model: text("Model"),
    model_sha256: text("Hash of the weights file; of several, of their hashes, one a line")
        .or_null("when an import does not say or only a server has the weights"),
    model_source: text("Where the weights came from").or_null("when an import does not say"),
    tokenizer_sha256: text("Hash of tokenizer.json, or of the GGUF file that holds the tokenizer")
        .or_null("without a tokenizer, or when an import does not say"),
    weights_bytes: count("Bytes of the weights, as the engine or its results state them")
        .or_null("when they state none"),
    weights: choice(&["real", "synthetic"], "Trained weights, or seeded random ones of the same shape"),
    mode: choice(
        MODES,
        "`prefill`: one forward pass over the prompt; `generate`: greedy decoding, its prefill included",
    ),
    kv_cache: boolean("Whether decoding kept keys and values (always false for prefill)"),
    scenario: text("Scenario"),
    batch: count("Sequences in one iteration"),
    accelerators: count("Accelerators that ran it together").or_null("for processors, or when nobody says"),
    role: choice(ROLES, "Part of a request that they did: `all`, or of a deployment that divides it `prefill` or `decode`")
        .or_null("unless requests were served"),
    concurrency: count("Most requests in flight at once").or_null("unless requests were served, or when nobody says"),
    offered_rate_per_s: float("Requests offered a second").at_least(0.0).or_null("unless requests came at a rate"),
    arrival: choice(ARRIVALS, "How requests arrived").or_null("unless requests were served, or when nobody says"),
    requests_completed: count("Requests of the window that were answered").or_null("unless requests were served"),
    requests_failed: count("Requests of the window that failed or were cancelled; their energy is in it")
        .or_null("unless requests were served, or when nobody counts them"),
    prompt_tokens: count("Prompt tokens in one iteration over the whole batch, padding not counted")
        .or_null("when an import does not say"),
    prompt_tokens_padded: count("Prompt tokens in one iteration over the whole batch, padding counted")
        .or_null("when an import does not say"),
    cached_prompt_tokens: count("Of `prompt_tokens`, those that were in a prefix cache").or_null("when nobody counts them"),
    new_tokens_asked: count("New tokens asked for, per sequence (0 for prefill)")
        .or_null("when an import does not say"),
    tokens_generated: count("New tokens of one iteration over the whole batch (0 for prefill)")
        .or_null("when the run did not finish"),
    reasoning_tokens: count("Of `tokens_generated`, those of reasoning").or_null("when nobody counts them"),
    tokens_from: text("What an import counted as new tokens; `assumed` or `approximate` where nothing was counted")
        .or_null("for measured runs"),
    iterations: count("Iterations in the window").or_null("when the run did not finish"),
    start_ns: int("Start of the window").or_null("when the run did not start or an import has no clock times"),
    end_ns: int("End of the window").or_null("when the run did not finish or an import has no clock times"),
    window_from: text("How an import's window, or without clock times its length, was derived")
        .or_null("for measured runs"),
    latency_ms: float("Mean time of one iteration; without clock times the window is as long as all iterations")
        .at_least(0.0)
        .or_null("when the run did not finish"),
    ttft_ms: float("Mean time to the first token of one iteration").at_least(0.0).or_null("when not measured"),
    tpot_ms: float("Mean time per output token after the first")
        .or_null("for prefill, for a single token, or when not measured"),
    token_ms: floats("Mean time of each decoding step, first token included")
        .or_null("for prefill or when not measured"),
    iteration_ms: floats("Time of each iteration of the window, in their order")
        .or_null("when the engine or an import does not say"),
    repetition: int("Block that the run belongs to, from 0"),
    order: int("Place in the order of execution, from 0").or_null("for imports"),
    logits: choice(&["last", "all"], "Positions for which logits were computed").or_null("when an import does not say"),
    threads: count("Compute threads that the engine was set to").or_null("when an import does not say"),
    cores_busy: float("Processor time of the worker over wall time, warm-up included, by the kernel's accounting")
        .at_least(0.0)
        .or_null("for imports and servers"),
    cpus: text("Logical processors that the engine could use, as the kernel says")
        .or_null("when it was not told to stay on some"),
    provider: text("What executed the graph, as the engine reports it").or_null("when the engine did not report it"),
    nodes: texts("Executed nodes by provider and operator, from the engine's own profile")
        .or_null("when the engine has none"),
    graph: text("Form of the model that was executed").or_null("when the engine did not report it"),
    io_binding: boolean("Whether inputs and outputs stay on the device between steps")
        .or_null("when the engine did not report it"),
    compiled_graphs: count("Graphs that the engine's compiler made before the window")
        .or_null("for engines that do not compile"),
    library: text("Library and version").or_null("when the engine did not report it"),
    library_sha256: text("Hash of the shared library that was loaded")
        .or_null("when the engine is part of the binary or an import"),
    blas: text("What multiplies matrices").or_null("when the engine did not report it"),
    parity: text("How its logits and tokens compare with the reference's, before anything was timed")
        .or_null("for imports and when it did not run"),
    kv_cache_first_bytes: count("Bytes of keys and values held after the first step")
        .or_null("without a cache or when not reported"),
    kv_cache_bytes: count("Bytes of keys and values held after the last step")
        .or_null("without a cache or when not reported"),
    load_ms: float("Time to load the model in this worker").at_least(0.0).or_null("when not reported"),
    memory_mb: float("Resident memory of the worker after loading, MiB").at_least(0.0).or_null("when not reported"),
    warmup_iterations: count("Untimed iterations directly before the window").or_null("when an import does not say"),
    warmup_cv_pct: float("Coefficient of variation of the last three warm-up iterations")
        .at_least(0.0)
        .or_null("for fewer than two, or when not reported"),
    other_cpu_pct: float("Processor time of other processes during the window, share of all logical processors")
        .or_null("when /proc/stat was not read, and for servers"),
    attempts: count("Times that the run was made until the machine was quiet; the quietest is kept")
        .or_null("for imports"),
    reported_gpu_j: float("Energy of the window that an import states: GPUs")
        .at_least(0.0)
        .or_null("when it states none"),
    reported_cpu_package_j: float("The same: processor packages").at_least(0.0).or_null("when it states none"),
    reported_dram_j: float("The same: memory").at_least(0.0).or_null("when it states none"),
    reported_node_j: float("The same: the whole machine").at_least(0.0).or_null("when it states none"),
    imported_from: text("Format of the import, and whether its times named no zone").or_null("for measured runs"),
}
