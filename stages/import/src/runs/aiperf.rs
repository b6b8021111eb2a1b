//! AIPerf's `profile_export_aiperf.json` (one benchmark) and `profile_export.jsonl` (one request a line).
//!
//! Metrics: docs of ai-dynamo/aiperf. `output_sequence_length` is everything that was generated, `output_token_count` what is visible:
//! reasoning tokens cost as much as others, so the former counts. Request timestamps are nanoseconds since 1970; `start_time` and
//! `end_time` are local, without a zone, and not looked at.

use super::{
    sheet::{Sheet, count, generate, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Result},
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
    let load = entry.get("input_config").and_then(|c| c.get("loadgen"));
    let mut run = generate(scenario(requests.map(|n| n + failed), load, mean(metrics, "input_sequence_length")));
    let endpoint = entry.get("input_config").and_then(|c| c.get("endpoint"));
    let models = endpoint.and_then(|e| e.list("model_names")).unwrap_or(&[]);
    run.model = models.iter().filter_map(Value::shown).collect::<Vec<_>>().join("+");
    run.batch = requests.and_then(count).unwrap_or(1);
    set_prompt(&mut run, mean(metrics, "total_isl").or(times("input_sequence_length")));
    run.tokens_generated = count(tokens);
    run.tokens_from = Some(from);
    run.latency_ms = duration_ms;
    run.ttft_ms = ms(metrics, "time_to_first_token");
    run.tpot_ms = ms(metrics, "inter_token_latency");
    if failed >= 1.0 {
        let all = requests.unwrap_or(0.0) + failed;
        run.reason =
            Some(format!("{failed} of {all} requests failed: their tokens are not counted, their time and energy are"));
    }
    if let Some(Value::Bool(true)) = entry.get("was_cancelled") {
        run.reason = Some("the benchmark was cancelled before its end".into());
    }
    sheet.run(line, run, when, said)
}

fn scenario(requests: Option<f64>, load: Option<&Value>, input: Option<f64>) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(requests.map(|n| format!("{n} requests")));
    for key in ["request_rate", "concurrency"] {
        parts.extend(load.and_then(|l| l.number(key)).map(|n| format!("{} {n}", key.trim_start_matches("request_"))));
    }
    parts.extend(input.map(|n| format!("{n:.0} tokens in")));
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
            Some(Value::Int(ns)) => Ok(*ns),
            other => {
                let value = other.and_then(Value::shown).unwrap_or_else(|| "nothing".into());
                Err(Fault::new(format!("`{key}` is no time in ns"), value, "repair the line or leave it out").at(line))
            }
        };
        let (start, end) = (instant("request_start_ns")?, instant("request_end_ns")?);
        self.span = Some(self.span.map_or((start, end), |(from, to)| (from.min(start), to.max(end))));
        let cancelled = matches!(about.get("was_cancelled"), Some(Value::Bool(true)));
        if cancelled || !matches!(entry.get("error"), None | Some(Value::Null)) {
            self.cancelled += u64::from(cancelled);
            return Ok(());
        }
        let metric = |name: &str| entry.get("metrics")?.get(name)?.number("value");
        let tokens = metric("output_sequence_length")
            .or_else(|| Some(metric("output_token_count")? + metric("reasoning_token_count").unwrap_or(0.0)));
        let missing =
            || Fault::new("a request without a count of its tokens", "output_sequence_length", "leave the line out");
        self.tokens += tokens.ok_or_else(|| missing().at(line))?;
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
        let (Some((start, end)), true) = (self.span, self.good > 0) else {
            let value = format!("{} of {} requests of the profiling phase succeeded", self.good, self.profiling);
            return Err(Fault::new("no request to count", value, "give the export of a benchmark that worked").at(1));
        };
        let mut run = generate(scenario(Some(self.profiling as f64), None, self.prompt.map(|p| p / self.good as f64)));
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
        sheet.run(self.line, run, when, "the first start to the last end of the profiling requests")
    }
}
