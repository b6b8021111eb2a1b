//! JSON lines between `collect` and its workers: one request, one answer. Windows are CLOCK_MONOTONIC nanoseconds,
//! stamped in the worker, so that the pipe never counts.

use crate::{backends::Attestation, config::Mode, models::batch::Batch};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// Logits of all positions, as raw little-endian f32 `[batch, seq, vocabulary]` in a file.
    Logits {
        batch: Batch,
        path: PathBuf,
    },
    /// Greedy tokens.
    Greedy {
        batch: Batch,
        new_tokens: usize,
    },
    /// One run: warm up, then iterate until the window is long enough.
    Run(RunRequest),
    Exit,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRequest {
    pub mode: Mode,
    pub kv_cache: bool,
    pub batch: Batch,
    pub new_tokens: usize,
    pub last_logits: bool,
    pub warmup_iterations: usize,
    pub min_window_ns: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// First line of a worker whose engine is loaded.
    Ready {
        attestation: Attestation,
    },
    Logits {
        shape: [usize; 3],
    },
    Greedy {
        tokens: Vec<Vec<u32>>,
    },
    Run(RunAnswer),
    /// The engine refused or failed; the worker lives on unless it was loading.
    Failed {
        message: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunAnswer {
    pub start_ns: i64,
    pub end_ns: i64,
    pub iterations: usize,
    /// Mean time to the first token.
    pub ttft_ms: f64,
    /// Mean time of each decoding step; empty for prefill.
    pub token_ms: Vec<f64>,
    /// New tokens of one iteration over the whole batch.
    pub tokens_generated: usize,
    pub cache_bytes: Option<usize>,
}
