//! `[collect]` of `pipeline.toml`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub backends: Vec<String>,
    pub on_unavailable: OnUnavailable,
    pub threads: usize,
    pub repetitions: usize,
    pub seed: u64,
    pub warmup_iterations: usize,
    pub min_window_ms: u64,
    pub min_updates: u32,
    pub idle_s: f64,
    pub cooldown_ms: u64,
    pub new_tokens: usize,
    pub logits: Logits,
    pub run_timeout_s: u64,
    pub load_timeout_s: u64,
    pub max_failures: usize,
    pub model: Model,
    pub parity: Parity,
    pub mode: Vec<ModeConfig>,
    pub scenario: Vec<Scenario>,
    #[serde(default)]
    pub power: Vec<crate::power::Config>,
}

/// What to do with a backend that cannot run here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnavailable {
    Refuse,
    Skip,
}

/// Positions for which logits are computed; the same for every backend, since it is part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logits {
    Last,
    All,
}

/// A file inside a Python wheel that the Makefile installed by hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    pub wheel: String,
    pub member: String,
    pub sha256: String,
}

/// The gate before timing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parity {
    /// Largest absolute difference of any logit from the first backend's.
    pub max_logit_difference: f32,
    /// Greedy tokens that must be the same.
    pub greedy_tokens: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Prefill,
    Generate,
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

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Prefill => "prefill",
            Mode::Generate => "generate",
        }
    }
}

impl Config {
    /// What no type can say: ranges and uniqueness. The first fault is described.
    pub fn fault(&self) -> Option<String> {
        let positive: &[(&str, usize)] = &[
            ("threads", self.threads),
            ("repetitions", self.repetitions),
            ("new_tokens", self.new_tokens),
            ("max_failures", self.max_failures),
            ("parity.greedy_tokens", self.parity.greedy_tokens),
            ("backends (how many)", self.backends.len()),
            ("mode (how many)", self.mode.len()),
            ("scenario (how many)", self.scenario.len()),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, v)| *v == 0) {
            return Some(format!("{key} must be at least 1, 0"));
        }
        if let Some(s) = self.scenario.iter().find(|s| s.batch == 0 || s.prompt_tokens == 0) {
            return Some(format!("batch and prompt_tokens must be at least 1, scenario \"{}\"", s.name));
        }
        if let Some(m) = self.mode.iter().find(|m| m.mode == Mode::Prefill && m.kv_cache) {
            return Some(format!("prefill has no cache to keep, kv_cache = {}", m.kv_cache));
        }
        if !self.idle_s.is_finite() || self.idle_s < 0.0 {
            return Some(format!("idle_s must be at least 0, {}", self.idle_s));
        }
        let twice = |names: Vec<&str>| {
            let mut sorted = names;
            sorted.sort_unstable();
            sorted.windows(2).find(|w| w[0] == w[1]).map(|w| w[0].to_string())
        };
        if let Some(name) = twice(self.scenario.iter().map(|s| s.name.as_str()).collect()) {
            return Some(format!("two scenarios have the same name, \"{name}\""));
        }
        if let Some(name) = twice(self.backends.iter().map(String::as_str).collect()) {
            return Some(format!("a backend is named twice, \"{name}\""));
        }
        self.power.iter().find_map(crate::power::Config::fault)
    }
}
