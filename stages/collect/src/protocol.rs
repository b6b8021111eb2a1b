//! JSON lines between `collect` and its workers: one request, one answer. Windows are CLOCK_MONOTONIC nanoseconds,
//! stamped in the worker, so that the pipe never counts. PROTOCOL.md beside this crate says the same for other languages.

use crate::{
    backends::{Attestation, Load},
    config::Mode,
    models::batch::Batch,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// First request: load an engine and its model.
    Load(Box<Load>),
    /// Logits of all positions, as raw little-endian f32 `[batch, seq, vocabulary]` in a file.
    Logits {
        batch: Batch,
        path: PathBuf,
    },
    /// Greedy tokens, with a cache.
    Greedy {
        batch: Batch,
        new_tokens: usize,
    },
    /// One run: warm up, then iterate until the window is long enough.
    Run(Box<RunRequest>),
    Exit,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRequest {
    pub mode: Mode,
    pub kv_cache: bool,
    pub batch: Batch,
    /// The rows as text, for servers that have their own tokenizer; else empty.
    pub texts: Vec<String>,
    pub new_tokens: usize,
    /// Tokens that end a sequence; empty for a fixed length.
    pub stop_tokens: Vec<u32>,
    pub last_logits: bool,
    pub warmup: Warmup,
    pub min_window_ns: i64,
}

/// Untimed iterations: at least `min_iterations`, then until the coefficient of variation of the last three is at most
/// `max_cv_pct`, but never more than `max_iterations`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warmup {
    pub min_iterations: usize,
    pub max_iterations: usize,
    pub max_cv_pct: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The engine is loaded.
    Ready {
        attestation: Box<Attestation>,
    },
    Logits {
        shape: [usize; 3],
    },
    Greedy {
        tokens: Vec<Vec<u32>>,
    },
    Run(Box<RunAnswer>),
    /// The engine refused or failed; the worker lives on unless it was loading.
    Failed {
        message: String,
    },
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RunAnswer {
    pub start_ns: i64,
    pub end_ns: i64,
    pub iterations: usize,
    /// Mean time to the first token.
    pub ttft_ms: f64,
    /// Mean time of each decoding step, the first token included; empty for prefill.
    pub token_ms: Vec<f64>,
    /// Prompt tokens, padding included, that the engine took in one iteration over the whole batch.
    pub tokens_in: usize,
    /// Prompt tokens without padding, where the engine counts them itself (a server with its own tokenizer).
    #[serde(default)]
    pub prompt_tokens: Option<usize>,
    /// New tokens of one iteration over the whole batch, those after a stop token not counted.
    pub tokens_generated: usize,
    /// Bytes of keys and values held after the first and after the last step.
    #[serde(default)]
    pub cache_bytes: Option<[usize; 2]>,
    /// Whether logits were computed for the last position alone.
    pub last_logits: bool,
    pub warmup_iterations: usize,
    /// Coefficient of variation of the last warm-up iterations; absent for fewer than two.
    #[serde(default)]
    pub warmup_cv_pct: Option<f64>,
    /// Graphs that the engine's compiler has made for this run's shapes, and how many of them inside the window.
    #[serde(default)]
    pub compiled_graphs: Option<usize>,
    #[serde(default)]
    pub compiled_in_window: Option<usize>,
}
