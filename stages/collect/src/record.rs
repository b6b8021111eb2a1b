//! Rows of `session` and `run` as `collect` fills them.

use crate::{clock::Anchor, config::Config, host::Host, machine::Machine, power::sampler::Sampler};
use protocol::peer;
use serde::Serialize;
use std::path::Path;

/// A row of `session`.
#[derive(Debug, Default, Serialize)]
pub struct Session {
    pub session_id: String,
    pub source: &'static str,
    pub started_ns: i64,
    pub ended_ns: Option<i64>,
    pub host: String,
    pub os: String,
    pub cpu: String,
    #[serde(flatten)]
    pub machine: Machine,
    pub logical_cores: usize,
    pub memory_mb: f64,
    pub gpu_uuids: Option<Vec<String>>,
    pub gpu_names: Option<Vec<String>>,
    pub gpu_driver: Option<String>,
    pub engines: Vec<String>,
    pub git_commit: Option<String>,
    pub config_sha256: String,
    pub anchor_realtime_ns: i64,
    pub anchor_monotonic_ns: i64,
    pub clock_step_ms: Option<f64>,
    pub seed: u64,
    pub idle_before_start_ns: Option<i64>,
    pub idle_before_end_ns: Option<i64>,
    pub idle_after_start_ns: Option<i64>,
    pub idle_after_end_ns: Option<i64>,
    pub sensors: Option<Vec<String>>,
    pub sensors_unavailable: Option<Vec<String>>,
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

impl Session {
    pub fn new(config: &Config, config_json: &serde_json::Value, host: &Host, anchor: Anchor) -> Self {
        Session {
            session_id: format!("{}-{}", anchor.realtime_ns, std::process::id()),
            source: "measured",
            started_ns: anchor.realtime_ns,
            host: host.name.clone(),
            os: host.os.clone(),
            cpu: host.cpu.clone(),
            machine: Machine::read(Path::new("/")),
            logical_cores: host.logical_cores,
            memory_mb: host.memory_mb,
            git_commit: std::env::var("TALLYWATT_COMMIT").ok(),
            config_sha256: schemas::provenance::sha256_bytes(config_json.to_string().as_bytes()),
            anchor_realtime_ns: anchor.realtime_ns,
            anchor_monotonic_ns: anchor.monotonic_ns,
            seed: config.seed,
            ..Session::default()
        }
    }

    pub fn sensors(&mut self, sampler: &Sampler) {
        self.sensors = some(sampler.devices());
        self.sensors_unavailable = some(sampler.unavailable.clone());
        self.gpu_uuids = some(sampler.gpus.iter().map(|g| g.uuid.clone()).collect());
        self.gpu_names = some(sampler.gpus.iter().map(|g| g.name.clone()).collect());
        self.gpu_driver = sampler.gpus.first().map(|g| g.driver.clone());
    }
}

/// A row of `run`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Run {
    pub session_id: String,
    pub run_id: String,
    pub status: String,
    pub reason: Option<String>,
    pub backend: String,
    pub device: String,
    pub dtype: String,
    pub model: String,
    pub model_sha256: Option<String>,
    pub model_source: Option<String>,
    pub tokenizer_sha256: Option<String>,
    pub weights: String,
    pub mode: String,
    pub kv_cache: bool,
    pub scenario: String,
    pub batch: usize,
    pub prompt_tokens: usize,
    pub prompt_tokens_padded: usize,
    pub new_tokens_asked: usize,
    pub tokens_generated: Option<usize>,
    pub iterations: Option<usize>,
    pub start_ns: Option<i64>,
    pub end_ns: Option<i64>,
    pub latency_ms: Option<f64>,
    pub ttft_ms: Option<f64>,
    pub tpot_ms: Option<f64>,
    pub token_ms: Option<Vec<f64>>,
    pub repetition: usize,
    pub order: Option<usize>,
    pub logits: Option<String>,
    pub threads: Option<usize>,
    pub cores_busy: Option<f64>,
    pub cpus: Option<String>,
    pub provider: Option<String>,
    pub nodes: Option<Vec<String>>,
    pub graph: Option<String>,
    pub io_binding: Option<bool>,
    pub compiled_graphs: Option<usize>,
    pub library: Option<String>,
    pub library_sha256: Option<String>,
    pub blas: Option<String>,
    pub parity: Option<String>,
    pub kv_cache_first_bytes: Option<usize>,
    pub kv_cache_bytes: Option<usize>,
    pub load_ms: Option<f64>,
    pub memory_mb: Option<f64>,
    pub warmup_iterations: Option<usize>,
    pub warmup_cv_pct: Option<f64>,
    pub other_cpu_pct: Option<f64>,
    pub attempts: Option<usize>,
}

impl Run {
    pub fn skipped(self, why: &str) -> Self {
        Run { status: "skipped".into(), reason: Some(peer::words(why)), ..self }
    }

    pub fn failed(self, why: &str) -> Self {
        Run { status: "failed".into(), reason: Some(peer::words(why)), ..self }
    }
}
