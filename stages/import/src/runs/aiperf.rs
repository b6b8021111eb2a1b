//! AIPerf's `profile_export_aiperf.json` (one benchmark) and `profile_export.jsonl` (one request a line).
//!
//! Metrics: docs of ai-dynamo/aiperf. `output_sequence_length` is everything that was generated, `output_token_count` what is visible:
//! reasoning tokens cost as much as others, so the former counts. Request timestamps are nanoseconds since 1970; `start_time` and
//! `end_time` are local, without a zone, and not looked at.

use super::{
    energy,
    figures::{self, Figures, distribution},
    load::Load,
    sheet::{Run, Sheet, count, generate, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Notes, Result},
    format::Format,
    json::{self, Value},
    source::Source,
    zone::Stamp,
};

pub const FORMAT: Format<Sheet> =
    Format { name: "aiperf", about: "AIPerf's profile_export_aiperf.json and profile_export.jsonl", recognises, read };

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    has("\"request_start_ns\"")
        || has("\"request_latency\"") && has("\"unit\"") && (has("\"request_throughput\"") || has("\"request_count\""))
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let mut requests = Requests::default();
    let mut reports = Vec::new();
    json::entries(text, &mut sheet.notes, &mut |line, entry, _| {
        if entry.get("metadata").is_some() {
            requests.take(line, &entry)
        } else {
            reports.push((line, entry));
            Ok(())
        }
    })?;
    reports.iter().try_for_each(|(line, entry)| report(*line, entry.get("records").unwrap_or(entry), entry, sheet))?;
    if requests.records > 0 { requests.run(sheet) } else { Ok(()) }
}

/// Mean of a metric. Keys with plain values are no metrics.
fn mean(report: &Value, metric: &str) -> Option<f64> {
    report.get(metric)?.number("avg")
}

/// A metric in ms, whatever it is given in.
fn ms(report: &Value, metric: &str) -> Option<f64> {
    let factor = match report.get(metric)?.text("unit")? {
        "s" | "sec" | "seconds" => 1e3,
        "us" => 1e-3,
        "ns" => 1e-6,
        _ => 1.0,
    };
    mean(report, metric).map(|value| value * factor)
}

const GENERATED: &str = "all generated tokens, reasoning included";

fn report(line: u64, metrics: &Value, entry: &Value, sheet: &mut Sheet) -> Result<()> {
    let requests = mean(metrics, "request_count");
    let times = |length: &str| Some((requests?, mean(metrics, length)?)).map(|(n, tokens)| n * tokens);
    let (visible, total) = (mean(metrics, "total_output_tokens"), mean(metrics, "total_osl"));
    let (tokens, from) = match (total, times("output_sequence_length"), visible) {
        (Some(n), _, Some(v)) if v < n => {
            (n, format!("`total_osl`: {GENERATED} (`total_output_tokens` has the {v} visible ones)"))
        }
        (Some(n), ..) => (n, format!("`total_osl`: {GENERATED}")),
        (None, Some(n), _) => (n, format!("approximate: `request_count` x mean `output_sequence_length`, {GENERATED}")),
        (None, None, Some(v)) => (v, "`total_output_tokens`, without tokens of reasoning".to_string()),
        (None, None, None) => {
            let missing = "none of total_osl, output_sequence_length, total_output_tokens";
            return Err(Fault::new("no count of tokens", missing, "give the whole profile_export_aiperf.json").at(line));
        }
    };
    let stamp = |metric: &str| mean(metrics, metric).filter(|ns| *ns > 1e18).map(|ns| Stamp::Utc(ns as i64));
    let (start, end) = (stamp("min_request_timestamp"), stamp("max_response_timestamp"));
    let duration_ms = ms(metrics, "benchmark_duration").or(match (requests, mean(metrics, "request_throughput")) {
        (Some(n), Some(rate)) if rate > 0.0 => Some(n / rate * 1e3),
        _ => None,
    });
    let (when, said) = match (start, end) {
        (Some(start), Some(end)) => (When::Between(start, end), "`min_request_timestamp` to `max_response_timestamp`"),
        _ => (When::Unknown, "`benchmark_duration`, or the requests over their rate"),
    };
    let failed = mean(metrics, "error_request_count").unwrap_or(0.0);
    let config = entry.get("input_config").unwrap_or(&Value::Null);
    let asked = config.get("loadgen");
    let mut load = Load { names_lengths: true, ..Load::of(config, KNOWN) };
    entry.text("aiperf_version").into_iter().for_each(|version| load.set("aiperf_version", version));
    let mut run = generate(scenario(requests.map(|n| n + failed), asked));
    let endpoint = entry.get("input_config").and_then(|c| c.get("endpoint"));
    let models = endpoint.and_then(|e| e.list("model_names")).unwrap_or(&[]);
    run.model = models.iter().filter_map(Value::shown).collect::<Vec<_>>().join("+");
    run.batch = requests.and_then(count).unwrap_or(1);
    set_prompt(&mut run, mean(metrics, "total_isl").or(times("input_sequence_length")));
    run.tokens_generated = count(tokens);
    run.tokens_from = Some(from);
    run.latency_ms = duration_ms;
    let figures = Figures {
        duration_s: duration_ms.map(|ms| ms / 1e3),
        planned: asked
            .and_then(|a| a.number("request_count"))
            .filter(|_| entry.get("was_cancelled") != Some(&Value::Bool(true))),
        completed: requests,
        failed: Some(failed),
        input_tokens: mean(metrics, "total_isl").or(times("input_sequence_length")),
        output_tokens: Some(tokens),
        requests_per_s: mean(metrics, "request_throughput"),
        output_per_s: mean(metrics, "output_token_throughput"),
        total_per_s: mean(metrics, "total_token_throughput"),
        ttft_ms: ms(metrics, "time_to_first_token"),
        tpot_ms: ms(metrics, "inter_token_latency"),
        latency_ms: ms(metrics, "request_latency"),
        max_concurrency: asked.and_then(|a| a.number("concurrency")),
        is_approximate: total.is_none() || mean(metrics, "total_isl").is_none(),
        ..Figures::default()
    };
    let mut doubts = figures.check(line)?;
    doubts.extend(sums(metrics, requests, tokens));
    doubts.extend(window(start, end, duration_ms));
    let mut time = |name: &str| match spread(metrics, name) {
        None => ms(metrics, name),
        Some(doubt) => {
            doubts.push(doubt + ": left out");
            None
        }
    };
    (run.ttft_ms, run.tpot_ms) = (time("time_to_first_token"), time("inter_token_latency"));
    doubts.extend(["request_latency", "output_sequence_length"].iter().filter_map(|name| spread(metrics, name)));
    served(&mut run, asked);
    (run.requests_completed, run.requests_failed) = (requests.and_then(count), count(failed));
    let reasoning = mean(metrics, "total_reasoning_tokens").or(times("reasoning_token_count"));
    run.reasoning_tokens = reasoning.and_then(count);
    run.cached_prompt_tokens = mean(metrics, "total_usage_prompt_cache_read_tokens").and_then(count);
    energy::read(metrics, &mut run, false).iter().for_each(|note| sheet.notes.line(line, note));
    if failed >= 1.0 {
        let all = requests.unwrap_or(0.0) + failed;
        run.reason =
            Some(format!("{failed} of {all} requests failed: their tokens are not counted, their time and energy are"));
    }
    if let Some(Value::Bool(true)) = entry.get("was_cancelled") {
        run.reason = Some("the benchmark was cancelled before its end".into());
    }
    run.reason = figures::join(run.reason, doubts);
    sheet.add(line, run, load, when, said)
}

/// Fields that are columns, or in the scenario already.
const KNOWN: &[&str] = &[
    "model_names",
    "request_rate",
    "concurrency",
    "request_count",
    "output",
    "cli_command",
    "benchmark_id",
    "service",
    "logging",
    "workers",
];

/// The counted tokens against the mean of a request.
fn sums(metrics: &Value, requests: Option<f64>, tokens: f64) -> Option<String> {
    let (n, each) = (requests?, mean(metrics, "output_sequence_length")?);
    let differ = (n * each - tokens).abs() > 0.01 * tokens.max(n * each);
    let (by_mean, counted) = (figures::short(n * each), figures::short(tokens));
    differ
        .then(|| format!("{counted} output tokens, {by_mean} by the requests and their mean `output_sequence_length`"))
}

/// The window against the stated duration.
fn window(start: Option<Stamp>, end: Option<Stamp>, duration_ms: Option<f64>) -> Option<String> {
    let (Some(Stamp::Utc(start)), Some(Stamp::Utc(end)), Some(ms)) = (start, end, duration_ms) else { return None };
    let window_s = end.saturating_sub(start) as f64 / 1e9;
    let differ = (window_s - ms / 1e3).abs() > 0.5 + 0.02 * window_s.max(ms / 1e3);
    let (a, b) = (figures::short(window_s), figures::short(ms / 1e3));
    differ.then(|| format!("the requests took {a} s by their times, {b} s by `benchmark_duration`"))
}

fn spread(metrics: &Value, name: &str) -> Option<String> {
    let metric = metrics.get(name)?;
    let labels = ["min", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "max"];
    let rising: Vec<(&str, Option<f64>)> = labels.iter().map(|label| (*label, metric.number(label))).collect();
    distribution(name, metric.number("avg"), &rising)
}

fn served(run: &mut Run, load: Option<&Value>) {
    let number = |key: &str| load.and_then(|l| l.number(key)).filter(|n| *n > 0.0);
    run.role = Some("all".into());
    run.concurrency = number("concurrency").and_then(count);
    run.offered_rate_per_s = number("request_rate");
    let mode = ["arrival_pattern", "request_rate_mode"].iter().find_map(|key| load.and_then(|l| l.text(key)));
    run.arrival = match (mode, run.offered_rate_per_s) {
        (Some(mode @ ("constant" | "poisson" | "gamma")), Some(_)) => Some(mode.into()),
        (_, None) if run.concurrency.is_some() => Some("closed".into()),
        _ => None,
    };
}

fn scenario(requests: Option<f64>, load: Option<&Value>) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(requests.map(|n| format!("{n} requests")));
    for key in ["request_rate", "concurrency"] {
        parts.extend(load.and_then(|l| l.number(key)).map(|n| format!("{} {n}", key.trim_start_matches("request_"))));
    }
    parts.join(", ")
}

/// Requests of the profiling phase, added up as they come.
#[derive(Default)]
struct Requests {
    records: u64,
    warmup: u64,
    profiling: u64,
    good: u64,
    cancelled: u64,
    line: u64,
    tokens: f64,
    prompt: Option<f64>,
    ttft: (f64, u64),
    tpot: (f64, u64),
    span: Option<(i64, i64)>,
    reasoning: Option<f64>,
    doubts: Notes,
    /// Lines that were left out.
    broken: Notes,
}

impl Requests {
    fn take(&mut self, line: u64, entry: &Value) -> Result<()> {
        let Some(about) = entry.get("metadata") else { return Ok(()) };
        self.records += 1;
        if about.text("benchmark_phase").is_some_and(|phase| phase != "profiling") {
            self.warmup += 1;
            return Ok(());
        }
        self.profiling += 1;
        self.line = if self.line == 0 { line } else { self.line };
        let instant = |key: &str| match about.get(key) {
            Some(Value::Int(ns)) => Some(*ns),
            _ => None,
        };
        let times = (instant("request_start_ns"), instant("request_end_ns"));
        let (Some(start), Some(end)) = times else {
            self.broken.line(line, "requests without times in ns, left out with their tokens");
            self.profiling -= 1;
            return Ok(());
        };
        self.span = Some(self.span.map_or((start, end), |(from, to)| (from.min(start), to.max(end))));
        let cancelled = matches!(about.get("was_cancelled"), Some(Value::Bool(true)));
        if cancelled || !matches!(entry.get("error"), None | Some(Value::Null)) {
            self.cancelled += u64::from(cancelled);
            return Ok(());
        }
        let metric = |name: &str| entry.get("metrics")?.get(name)?.number("value");
        let tokens = metric("output_sequence_length")
            .or_else(|| Some(metric("output_token_count")? + metric("reasoning_token_count").unwrap_or(0.0)));
        let Some(tokens) = tokens.filter(|n| *n >= 0.0) else {
            self.broken.line(line, "requests without a count of their tokens, left out: their time and energy are not");
            return Ok(());
        };
        let (visible, thought) = (metric("output_token_count"), metric("reasoning_token_count"));
        let parts = visible.map(|n| n + thought.unwrap_or(0.0)).filter(|n| (n - tokens).abs() > 1.0 + 0.01 * tokens);
        if let Some(parts) = parts {
            let value = format!("{tokens} and {parts}");
            let remedy = "correct the line or leave it out";
            let what = "`output_sequence_length` is not `output_token_count` and `reasoning_token_count`";
            return Err(Fault::new(what, value, remedy).at(line));
        }
        let by_span = end.saturating_sub(start) as f64 / 1e6;
        let (first, each) = (metric("time_to_first_token"), metric("inter_token_latency"));
        if let Some(latency) = metric("request_latency").filter(|ms| (ms - by_span).abs() > 0.05 * by_span + 50.0) {
            let (a, b) = (figures::short(latency), figures::short(by_span));
            self.doubts.add("requests whose latency is not their end less their start", line, &format!("{a}, {b} ms"));
        }
        if let Some(by_token) =
            first.zip(each).map(|(first, each)| first + each * (tokens - 1.0)).filter(|_| tokens > 1.0)
            && (by_token > by_span * 1.5 || by_token < by_span / 1.5)
        {
            let example = format!("{}, {} ms", figures::short(by_token), figures::short(by_span));
            self.doubts.add("requests whose tokens do not fit their time", line, &example);
        }
        self.reasoning = thought.map(|n| n + self.reasoning.unwrap_or(0.0)).or(self.reasoning);
        self.tokens += tokens;
        self.good += 1;
        self.prompt = metric("input_sequence_length").map(|n| n + self.prompt.unwrap_or(0.0)).or(self.prompt);
        for (sum, name) in [(&mut self.ttft, "time_to_first_token"), (&mut self.tpot, "inter_token_latency")] {
            if let Some(value) = metric(name) {
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        Ok(())
    }

    fn run(self, sheet: &mut Sheet) -> Result<()> {
        self.broken.texts().into_iter().for_each(|note| sheet.notes.say(note));
        let (Some((start, end)), true) = (self.span, self.good > 0) else {
            let value = format!("{} of {} requests of the profiling phase succeeded", self.good, self.profiling);
            return Err(Fault::new("no request to count", value, "give the export of a benchmark that worked").at(1));
        };
        let mut run = generate(scenario(Some(self.profiling as f64), None));
        run.role = Some("all".into());
        run.requests_completed = Some(self.good as i64);
        run.requests_failed = Some((self.profiling - self.good) as i64);
        run.reasoning_tokens = self.reasoning.and_then(count);
        run.batch = self.good as i64;
        set_prompt(&mut run, self.prompt);
        run.tokens_generated = count(self.tokens);
        run.tokens_from = Some(format!("`output_sequence_length` of requests that succeeded: {GENERATED}"));
        run.latency_ms = Some(end.saturating_sub(start) as f64 / 1e6);
        let mean = |(sum, n): (f64, u64)| (n > 0).then(|| sum / n as f64);
        (run.ttft_ms, run.tpot_ms) = (mean(self.ttft), mean(self.tpot));
        if self.good < self.profiling {
            run.reason = Some(format!(
                "{} of {} requests succeeded, {} were cancelled: the tokens of the others are not counted, their time and energy are",
                self.good, self.profiling, self.cancelled
            ));
        }
        if self.warmup > 0 {
            sheet.notes.say(format!("{} requests of the warm-up are left out", self.warmup));
        }
        let when = When::Between(Stamp::Utc(start), Stamp::Utc(end));
        run.reason = figures::join(run.reason, self.doubts.texts());
        let load = Load { names_lengths: true, ..Load::default() };
        sheet.add(self.line, run, load, when, "the first start to the last end of the profiling requests")
    }
}
