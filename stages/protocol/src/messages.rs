//! JSON lines between `collect` and its workers: one request, one answer. Windows are CLOCK_MONOTONIC nanoseconds,
//! stamped in the worker, so that the pipe never counts. PROTOCOL.md beside this crate says the same for other languages.

use crate::{
    batch::Batch,
    model::{Graph, Model, Source, Weighted},
};
use schemas::config::Fault;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// Find or make the model's files. This and what is asked of models below, only `worker` is asked.
    Model {
        source: Source,
        site_packages: PathBuf,
        cache: PathBuf,
    },
    /// Token ids of texts, without special tokens.
    Encode {
        tokenizer: PathBuf,
        texts: Vec<String>,
    },
    /// Texts of token ids.
    Decode {
        tokenizer: PathBuf,
        rows: Vec<Vec<u32>>,
    },
    /// The model as an ONNX graph, built into the cache unless it is there.
    Onnx {
        model: Box<Model>,
        weighted: Weighted,
        graph: Graph,
        cache: PathBuf,
    },
    /// The model in Hugging Face's layout, written into the cache unless it is there.
    Folder {
        model: Box<Model>,
        cache: PathBuf,
    },
    /// Whether a server answers at this URL.
    Reach {
        url: String,
    },
    /// First request to an engine: load it and its model.
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

/// What a worker needs to load an engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    pub backend: String,
    pub threads: usize,
    pub cpus: Vec<usize>,
    pub model: Model,
    /// The model in Hugging Face's layout.
    pub folder: Option<PathBuf>,
    pub onnx: Option<PathBuf>,
    /// ONNX Runtime's shared library.
    pub onnxruntime: Option<PathBuf>,
    pub http: Option<Http>,
    pub scratch: PathBuf,
}

/// `[collect.http]`: an OpenAI-compatible server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Up to and with `/v1`.
    pub url: String,
    pub model: String,
    /// Environment variable with the key; empty: none is sent.
    pub key_variable: String,
    /// What it runs on, `cpu` or the GPU's product name, and the format of its weights: its operator's word, not attested.
    pub device: String,
    pub dtype: String,
    /// Fields added to each request, for what the standard has no name for.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Prefill,
    Generate,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Prefill => "prefill",
            Mode::Generate => "generate",
        }
    }
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
    Model {
        model: Box<Model>,
    },
    Encoded {
        rows: Vec<Vec<u32>>,
    },
    Decoded {
        texts: Vec<String>,
    },
    /// Of [`Request::Onnx`] and [`Request::Folder`].
    Form {
        path: PathBuf,
    },
    /// A server answers.
    Reached,
    /// A value of `[collect]` turned out to be wrong.
    Refused {
        fault: Fault,
    },
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

/// What actually runs, as the engine itself reports it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Attestation {
    /// `cpu`, or the GPU's product name.
    pub device: String,
    /// Number format of the weights in memory.
    pub dtype: String,
    pub provider: String,
    /// Nodes that were executed, by provider and operator: `CPUExecutionProvider: 211 MatMul`.
    pub nodes: Vec<String>,
    /// Form of the model that is executed.
    pub graph: String,
    pub io_binding: bool,
    /// Library and version.
    pub library: String,
    pub library_sha256: Option<String>,
    pub blas: Option<String>,
    pub threads: Option<usize>,
    /// Logical processors that the process may use, if it was told to stay on some.
    pub cpus: Vec<usize>,
    pub load_ms: Option<f64>,
    /// Resident memory after loading, MiB.
    pub memory_mb: Option<f64>,
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
    /// Time of each iteration of the window, in their order; empty where the engine does not say.
    #[serde(default)]
    pub iteration_ms: Vec<f64>,
    /// Prompt tokens, padding included, that the engine took in one iteration over the whole batch.
    pub tokens_in: usize,
    /// Prompt tokens without padding, where the engine counts them itself (a server with its own tokenizer).
    pub prompt_tokens: Option<usize>,
    /// New tokens of one iteration over the whole batch, those after a stop token not counted.
    pub tokens_generated: usize,
    /// Bytes of keys and values held after the first and after the last step.
    pub cache_bytes: Option<[usize; 2]>,
    /// Whether logits were computed for the last position alone.
    pub last_logits: bool,
    pub warmup_iterations: usize,
    /// Coefficient of variation of the last warm-up iterations; absent for fewer than two.
    pub warmup_cv_pct: Option<f64>,
    /// Graphs that the engine's compiler has made for this run's shapes, and how many of them inside the window.
    pub compiled_graphs: Option<usize>,
    pub compiled_in_window: Option<usize>,
}
