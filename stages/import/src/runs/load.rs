//! What tells the loads and deployments of runs apart: settings that results state, and the lengths that they measured.
//!
//! A setting in which the runs of a format differ is part of their scenarios. What differs from one repetition to the next (dates,
//! results, seeds, names of files) is no setting. A name that is neither known as a result nor as bookkeeping is one.

use super::{accelerators::Count, sheet::Run};
use crate::read::json::Value;
use schemas::provenance::sha256_bytes;
use std::collections::{BTreeMap, BTreeSet};

/// What a result says beside its run.
#[derive(Debug, Clone, Default)]
pub struct Load {
    pub settings: BTreeMap<String, String>,
    /// Numbers of accelerators, each with where it was stated.
    pub counts: Vec<Count>,
    /// What stands in the place of such numbers and is none, by its name.
    pub unread: Vec<(String, String)>,
    /// Whether the scenario is to name the mean length of prompts and of outputs.
    pub names_lengths: bool,
    /// Place among the runs of one record, which may be equal.
    pub part: usize,
}

/// Begins of names of results.
const RESULT_BEGINS: &[&str] = &["mean_", "median_", "avg_", "std_", "stddev_", "total_", "sum_"];
/// Parts of names of results.
const RESULT_PARTS: &[&str] = &[
    "throughput",
    "goodput",
    "latency",
    "latencies",
    "ttft",
    "tpot",
    "e2el",
    "duration",
    "elapsed",
    "accept_length",
    "acceptance",
    "percentile",
    "energy",
    "joule",
    "_kwh",
    "utilization",
    "gpu_temp",
    "temperature_",
    "memory_used",
    "memory_usage",
    "tokens_per_s",
    "per_second",
    "_lens",
    "error",
    "generated",
    "retokenized",
    "_time_ms",
    "hit_rate",
];
const RESULTS: &[&str] = &[
    "completed",
    "failed",
    "rtfx",
    "itl",
    "itls",
    "duration",
    "max_concurrent_requests",
    "internal_states",
    "max_output_tokens_per_s",
];
const BOOKKEEPING_PARTS: &[&str] = &[
    "date",
    "timestamp",
    "seed",
    "request_id",
    "run_id",
    "job_id",
    "session_id",
    "uuid",
    "_path",
    "filename",
    "output_file",
    "result_dir",
    "start_time",
    "end_time",
    "started",
    "ended",
    "finished",
    "_port",
    "_pid",
    "socket",
    "dist_init_addr",
    "artifact",
];
const BOOKKEEPING: &[&str] = &["time", "port", "pid", "id", "path", "file", "created", "tag", "comment", "log_level"];
/// Parts of names of what answered, as opposed to what was asked of it.
const DEPLOYMENT_PARTS: &[&str] = &[
    "server",
    "version",
    "commit",
    "build",
    "image",
    "host",
    "node",
    "driver",
    "cuda",
    "rocm",
    "quant",
    "max_num_seqs",
    "max_num_batched",
    "max_model_len",
    "max_running",
    "kv_cache",
    "cache_dtype",
    "mem_fraction",
    "gpu",
    "accelerator",
    "cpu",
    "spec",
    "tokenizer",
    "engine",
    "framework",
    "precision",
    "dtype",
    "attention",
    "attn",
    "chunked_prefill",
    "n_batch",
    "n_ubatch",
    "thread",
    "type_k",
    "type_v",
    "mmap",
    "backend",
    "n_parallel",
    "parallel",
];
/// Never shown, whatever they hold.
const SECRETS: &[&str] =
    &["api_key", "apikey", "secret", "password", "hf_token", "auth_token", "authorization", "header"];
/// Paths that are load: what was asked and what answered.
const LOAD_PATHS: &[&str] =
    &["model_path", "dataset_path", "tokenizer_path", "speculative_draft_model_path", "adapter_path"];
/// A longer value is cut, and marked with a hash of all of it.
const LONGEST: usize = 48;
/// More settings than that are named by a hash.
const MOST: usize = 8;
/// Lengths further apart than that are of unlike loads.
const ALIKE: f64 = 1.1;

fn is_percentile(key: &str) -> bool {
    key.strip_prefix('p').is_some_and(|rest| {
        let (digits, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        !digits.is_empty() && (after.is_empty() || after.starts_with(['_', '.']))
    })
}

/// Whether runs that differ in a field of this name alone are of unlike load.
pub fn is_setting(name: &str) -> bool {
    let key = name.to_ascii_lowercase().replace(['-', ' '], "_");
    let has = |parts: &[&str]| parts.iter().any(|part| key.contains(part));
    if has(SECRETS) {
        return false;
    }
    if LOAD_PATHS.contains(&key.as_str()) {
        return true;
    }
    let limits = key.starts_with("max_total_") || key == "power_limit" || key.ends_with("power_limit_w");
    let result = RESULT_BEGINS.iter().any(|begin| key.starts_with(begin)) || has(RESULT_PARTS) || is_percentile(&key);
    let bookkeeping = has(BOOKKEEPING_PARTS) || BOOKKEEPING.contains(&key.as_str());
    limits || !(result || bookkeeping || RESULTS.contains(&key.as_str()))
}

/// Whether a setting is of the deployment that answered.
fn is_deployment(name: &str) -> bool {
    let key = name.to_ascii_lowercase().replace(['-', ' '], "_");
    super::accelerators::is_count(name) || DEPLOYMENT_PARTS.iter().any(|part| key.contains(part))
}

impl Load {
    /// Of one object: all that it states but what the reader knows by name.
    pub fn of(entry: &Value, known: &[&str]) -> Self {
        let (counts, unread) = super::accelerators::stated(entry);
        let mut load = Load { counts, unread, ..Load::default() };
        load.walk("", entry, known, 0);
        load
    }

    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.settings.insert(name.to_string(), value.to_string());
    }

    /// Settings of an object and of the objects in it.
    pub fn walk(&mut self, path: &str, entry: &Value, known: &[&str], depth: usize) {
        let Value::Map(pairs) = entry else { return };
        for (key, value) in pairs.iter().filter(|(key, _)| !known.contains(&key.as_str()) && is_setting(key)) {
            let name = format!("{path}{key}");
            match value {
                Value::Map(_) if depth < 6 => self.walk(&format!("{name}."), value, known, depth + 1),
                Value::List(items) => {
                    let shown: Option<Vec<String>> = items.iter().map(Value::shown).collect();
                    if let Some(shown) = shown.filter(|items| !items.is_empty() && items.len() <= 16) {
                        self.set(&name, shown.join("+"));
                    }
                }
                other => {
                    if let Some(shown) = other.shown().filter(|text| !text.is_empty()) {
                        self.set(&name, shown);
                    }
                }
            }
        }
    }
}

/// A value in a name: short, of one line.
fn shown(value: &str) -> String {
    let line: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((end, _)) => format!("{}…{}", &line[..end], &sha256_bytes(value.as_bytes())[..8]),
    }
}

/// Puts into each scenario the lengths that tell runs of equal settings apart, and the settings in which the runs of its format differ.
/// Unlike lengths under equal settings are noted.
pub fn name(runs: &mut [Run], loads: &[Load], formats: &[&'static str]) -> Vec<String> {
    let suffixes = suffixes(runs, loads, formats);
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        groups.entry(format!("{}\n{}", key(run), suffixes[at])).or_default().push(at);
    }
    let mut notes = Vec::new();
    let mut labels = vec![String::new(); runs.len()];
    for group in groups.into_values() {
        for (what, tokens) in [("in", input as fn(&Run) -> Option<f64>), ("out", output)] {
            let lengths: Vec<Option<f64>> = group.iter().map(|at| tokens(&runs[*at])).collect();
            let bounds = clusters(lengths.iter().flatten().copied().collect());
            if let [first, .., last] = bounds.as_slice() {
                let range = format!("{} to {}", shorten(first.0), shorten(last.1));
                let scenario = &runs[group[0]].scenario;
                notes.push(format!(
                    "\"{scenario}\": unlike loads, told apart by their length: {range} tokens {what} a sequence"
                ));
            }
            for (length, at) in lengths.iter().zip(&group) {
                let Some(length) = length.filter(|_| bounds.len() > 1 || loads[*at].names_lengths) else { continue };
                let bound = bounds.iter().find(|(from, to, _)| (*from..=*to).contains(&length));
                labels[*at].extend(bound.map(|(_, _, mean)| format!(", {} tokens {what}", shorten(*mean))));
            }
        }
    }
    for ((run, label), suffix) in runs.iter_mut().zip(labels).zip(suffixes) {
        run.scenario = format!("{}{label}{suffix}", run.scenario).trim_start_matches([',', ' ']).to_string();
    }
    notes
}

/// The settings of each run in which others differ: what was asked among all runs of the format, what answered among those of one model on
/// one device, so that backends and devices are compared under one name.
fn suffixes(runs: &[Run], loads: &[Load], formats: &[&'static str]) -> Vec<String> {
    let mut varied: Vec<BTreeSet<&String>> = vec![BTreeSet::new(); runs.len()];
    for answers in [false, true] {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, (run, format)) in runs.iter().zip(formats).enumerate() {
            let Run { backend, device, dtype, model, .. } = run;
            let deployed = if answers { format!("{backend}\n{device}\n{dtype}\n{model}") } else { String::new() };
            groups.entry(format!("{format}\n{deployed}")).or_default().push(at);
        }
        for group in groups.into_values() {
            let of = |at: usize| &loads[at].settings;
            let names = group.iter().flat_map(|at| of(*at).keys()).filter(|name| is_deployment(name) == answers);
            let differs = |name: &&String| group.iter().any(|at| of(*at).get(*name) != of(group[0]).get(*name));
            let names: BTreeSet<&String> = names.collect::<BTreeSet<_>>().into_iter().filter(differs).collect();
            group.iter().for_each(|at| varied[*at].extend(&names));
        }
    }
    loads.iter().zip(varied).map(|(load, names)| suffix(load, &names)).collect()
}

fn suffix(load: &Load, names: &BTreeSet<&String>) -> String {
    let stated = names.iter().filter_map(|name| Some((name, load.settings.get(*name)?)));
    let parts: Vec<String> = stated.map(|(name, value)| format!(" {name}={}", shown(value))).collect();
    let (first, rest) = parts.split_at(parts.len().min(MOST));
    let more = match rest.len() {
        0 => String::new(),
        n => format!(" +{n}:{}", &sha256_bytes(rest.concat().as_bytes())[..8]),
    };
    first.concat() + &more
}

/// What runs of one cell have in common.
pub fn key(run: &Run) -> String {
    let Run { backend, device, dtype, model, mode, kv_cache, scenario, .. } = run;
    format!("{backend}\n{device}\n{dtype}\n{model}\n{mode}\n{kv_cache}\n{scenario}")
}

fn input(run: &Run) -> Option<f64> {
    (run.batch > 0 && run.status != "failed").then(|| Some(run.prompt_tokens? as f64 / run.batch as f64))?
}

fn output(run: &Run) -> Option<f64> {
    (run.batch > 0 && run.status != "failed").then(|| Some(run.tokens_generated? as f64 / run.batch as f64))?
}

fn shorten(length: f64) -> String {
    if length < 20.0 { format!("{:.1}", length).trim_end_matches(".0").to_string() } else { format!("{length:.0}") }
}

/// Least, most and mean of lengths that are alike.
fn clusters(mut lengths: Vec<f64>) -> Vec<(f64, f64, f64)> {
    lengths.sort_by(f64::total_cmp);
    let mut found: Vec<Vec<f64>> = Vec::new();
    for length in lengths {
        match found.last_mut().filter(|of| length <= of[0] * ALIKE) {
            Some(of) => of.push(length),
            None => found.push(vec![length]),
        }
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    found.iter().map(|of| (of[0], of[of.len() - 1], mean(of))).collect()
}
