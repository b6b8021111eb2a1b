//! `[collect]` of `pipeline.toml`.

mod fault;

use protocol::{Graph, Http, Mode, Source, Warmup, backend::Kind};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub backends: Vec<String>,
    pub on_unavailable: OnUnavailable,
    pub threads: usize,
    /// Logical processors that workers may use; empty: all.
    pub cpus: Vec<usize>,
    pub repetitions: usize,
    pub seed: u64,
    pub min_window_ms: u64,
    pub min_updates: u32,
    pub idle_s: f64,
    pub cooldown_ms: u64,
    pub new_tokens: usize,
    pub stop: Stop,
    pub logits: Logits,
    pub graph: Graph,
    pub run_timeout_s: u64,
    pub load_timeout_s: u64,
    pub max_failures: usize,
    pub model: Source,
    pub warmup: Warmup,
    pub contention: Contention,
    pub parity: Parity,
    pub mode: Vec<ModeConfig>,
    pub scenario: Vec<Scenario>,
    #[serde(default)]
    pub power: Vec<crate::power::Config>,
    /// A server for `openai-http`.
    pub http: Option<Http>,
    /// Backends of one's own: programs that speak the worker protocol.
    #[serde(default)]
    pub worker: Vec<Worker>,
}

/// What to do with a backend that cannot run here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnavailable {
    Refuse,
    Skip,
}

/// When a sequence ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// After `new_tokens`, whatever they are: every engine does the same work.
    Length,
    /// At the model's end-of-sequence token, at the latest after `new_tokens`.
    Eos,
}

/// Positions for which logits are computed; the same for every backend, since it is part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logits {
    Last,
    All,
}

/// Other processes on the machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contention {
    /// Share of all processors that others may use during a run; above it the run is repeated, then marked `degraded`.
    pub max_other_cpu_pct: f64,
    pub max_repeats: usize,
    /// Longest wait for a quiet machine before a repeat.
    pub wait_quiet_s: f64,
}

/// The gate before timing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parity {
    /// Largest difference of any logit from the first backend's, as a share of the largest logit.
    pub max_relative_difference: f32,
    /// For backends that compute in fewer bits: root mean square of the differences over that of the logits.
    pub max_quantized_rms: f32,
    /// Greedy tokens that must be the same (not asked of backends that compute in fewer bits).
    pub greedy_tokens: usize,
}

/// `[[collect.worker]]`: a program that speaks the protocol of PROTOCOL.md.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    pub backend: String,
    pub command: Vec<PathBuf>,
    pub device: Kind,
    pub dtype: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeConfig {
    pub mode: Mode,
    pub kv_cache: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    pub batch: usize,
    pub prompt_tokens: usize,
}

impl Logits {
    pub fn name(self) -> &'static str {
        match self {
            Logits::Last => "last",
            Logits::All => "all",
        }
    }
}
