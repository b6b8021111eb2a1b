//! AIPerf's `profile_export.jsonl`, one request a line.

use super::{GENERATED, scenario};
use crate::read::{
    fault::{Fault, Notes, Result, quoted},
    json::Value,
    zone::Stamp,
};
use crate::runs::{
    figures,
    load::Load,
    serving::Serving,
    sheet::{Sheet, count},
    window::When,
};
use std::collections::{BTreeSet, HashSet};

/// Metrics of a request that are read.
const METRICS: &[&str] = &[
    "input_sequence_length",
    "output_sequence_length",
    "output_token_count",
    "reasoning_token_count",
    "usage_prompt_tokens",
    "usage_completion_tokens",
    "time_to_first_token",
    "inter_token_latency",
    "request_latency",
];
/// No request takes longer than a day.
const LONGEST_NS: i64 = 86_400_000_000_000;

/// Requests of the profiling phase, added up as they come.
#[derive(Default)]
pub struct Requests {
    pub records: u64,
    warmup: u64,
    profiling: u64,
    good: u64,
    cancelled: u64,
    line: u64,
    tokens: f64,
    /// The same requests by the server's count, as far as they have one.
    counted: (f64, u64),
    counted_prompt: (f64, u64),
    cached: f64,
    reasoning: f64,
    ttft: (f64, u64),
    tpot: (f64, u64),
    span: Option<(i64, i64)>,
    /// Start, end and name of each record, and the numbers of sessions.
    known: HashSet<(i64, i64, String)>,
    sessions: BTreeSet<i64>,
    /// Input and output length of each request that is counted, with its line.
    lengths: [Vec<(u64, f64)>; 2],
    doubts: Notes,
    /// Lines that were left out.
    broken: Notes,
}

impl Requests {
    pub fn take(&mut self, line: u64, entry: &Value) -> Result<()> {
        let Some(about) = entry.get("metadata") else { return Ok(()) };
        self.records += 1;
        if let Some(Value::Int(number)) = about.get("session_num") {
            self.sessions.insert(*number);
        }
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
        let name = format!("{:?} {:?}", about.get("x_request_id"), about.get("session_num"));
        if !self.known.insert((start, end, name)) {
            self.broken.line(line, "requests that repeat another, counted once");
            self.profiling -= 1;
            return Ok(());
        }
        let acknowledged = instant("request_ack_ns").unwrap_or(start);
        if !(start..=end).contains(&acknowledged) || end.saturating_sub(start) > LONGEST_NS {
            let value = format!("{start}, {acknowledged} and {end} ns");
            let remedy = "correct the line or leave it out";
            return Err(Fault::new("a request whose start, answer and end cannot be", value, remedy).at(line));
        }
        self.span = Some(self.span.map_or((start, end), |(from, to)| (from.min(start), to.max(end))));
        let cancelled = matches!(about.get("was_cancelled"), Some(Value::Bool(true)));
        if cancelled || !matches!(entry.get("error"), None | Some(Value::Null)) {
            self.cancelled += u64::from(cancelled);
            return Ok(());
        }
        let metric = |name: &str| entry.get("metrics")?.get(name)?.number("value");
        let is_wrong = |name: &&&str| {
            entry.get("metrics").and_then(|m| m.get(name)).is_some_and(|m| m.number("value").is_none_or(|n| n < 0.0))
        };
        if let Some(name) = METRICS.iter().find(is_wrong) {
            let shown = entry.get("metrics").and_then(|m| m.get(name)?.get("value")?.shown()).unwrap_or_default();
            let remedy = "correct the line or leave it out";
            return Err(Fault::new(format!("`{name}` is not a number of at least 0"), quoted(&shown), remedy).at(line));
        }
        let counted = metric("usage_completion_tokens");
        let tokens = metric("output_sequence_length")
            .or(counted)
            .or_else(|| Some(metric("output_token_count")? + metric("reasoning_token_count").unwrap_or(0.0)));
        let counts = [tokens, counted, metric("usage_prompt_tokens"), metric("input_sequence_length")];
        let Some(tokens) = tokens.filter(|_| counts.iter().flatten().all(|n| *n >= 0.0)) else {
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
        let fits = self.compare_times(line, end.saturating_sub(start) as f64 / 1e6, tokens, &metric);
        self.tokens += tokens;
        for (sum, count) in [(&mut self.counted, counted), (&mut self.counted_prompt, metric("usage_prompt_tokens"))] {
            if let Some(n) = count {
                *sum = (sum.0 + n, sum.1 + 1);
            }
        }
        self.cached += metric("usage_prompt_cache_read_tokens").unwrap_or(0.0);
        self.reasoning += metric("usage_reasoning_tokens").or(metric("reasoning_token_count")).unwrap_or(0.0);
        self.good += 1;
        for (lengths, length) in self.lengths.iter_mut().zip([metric("input_sequence_length"), Some(tokens)]) {
            lengths.extend(length.map(|n| (line, n)));
        }
        for (sum, name) in [(&mut self.ttft, "time_to_first_token"), (&mut self.tpot, "inter_token_latency")] {
            let value = metric(name).filter(|_| fits);
            if value == Some(0.0) && tokens > 1.0 {
                self.broken.line(line, &format!("requests whose `{name}` is 0, of which no mean is taken"));
            } else if let Some(value) = value {
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        Ok(())
    }

    /// Whether a request's own latency and the times of its tokens fit its end less its start.
    fn compare_times(&mut self, line: u64, span_ms: f64, tokens: f64, metric: &dyn Fn(&str) -> Option<f64>) -> bool {
        let mut fits = true;
        if let Some(latency) = metric("request_latency").filter(|ms| (ms - span_ms).abs() > 0.05 * span_ms + 50.0) {
            fits = false;
            let (a, b) = (figures::short(latency), figures::short(span_ms));
            self.doubts.add("requests whose latency is not their end less their start", line, &format!("{a}, {b} ms"));
        }
        let times = metric("time_to_first_token").zip(metric("inter_token_latency")).filter(|_| tokens > 1.0);
        if let Some(by_token) = times.map(|(first, each)| first + each * (tokens - 1.0))
            && (by_token > span_ms * 1.5 || by_token < span_ms / 1.5)
        {
            fits = false;
            let example = format!("{}, {} ms", figures::short(by_token), figures::short(span_ms));
            self.doubts.add("requests whose tokens do not fit their time, of which no mean is taken", line, &example);
        }
        fits
    }

    pub fn run(self, sheet: &mut Sheet) -> Result<()> {
        self.broken.texts().into_iter().for_each(|note| sheet.notes.say(note));
        let (Some((start, end)), true) = (self.span, self.good > 0) else {
            let value = format!("{} of {} requests of the profiling phase succeeded", self.good, self.profiling);
            return Err(Fault::new("no request to count", value, "give the export of a benchmark that worked").at(1));
        };
        let mut out = Serving::default();
        let is_counted = self.counted.1 == self.good;
        out.tokens = if is_counted { self.counted.0 } else { self.tokens };
        out.tokens_from = if is_counted {
            "`usage_completion_tokens` of requests that succeeded: what the server counted, reasoning included".into()
        } else {
            format!("`output_sequence_length` of requests that succeeded: {GENERATED}")
        };
        if is_counted {
            out.compare_retokenised(self.line, Some(self.tokens), sheet);
            (out.run.cached_prompt_tokens, out.run.reasoning_tokens) =
                (count(self.cached), count(self.reasoning).filter(|n| *n > 0));
        }
        let good = self.good as f64;
        out.completed = good;
        let [inputs, outputs] = &self.lengths;
        let of_client = Some(inputs).filter(|all| all.len() as u64 == self.good);
        let of_client = of_client.map(|all| all.iter().map(|(_, n)| n).sum::<f64>());
        out.prompt = Some(self.counted_prompt.0).filter(|_| self.counted_prompt.1 == self.good).or(of_client);
        match (out.prompt, of_client) {
            (Some(of_server), Some(of_client)) => out.compare_prompts(of_server, of_client),
            (None, _) if !inputs.is_empty() => {
                let what =
                    format!("{} of {good} requests have no length of their prompt", good as usize - inputs.len());
                sheet.notes.say(format!("{what}: the prompt tokens are not known"));
            }
            _ => {}
        }
        for (what, lengths) in [("input", inputs), ("output", outputs)] {
            if let Some((line, length, others)) = figures::outlier(lengths) {
                let what = format!("one request has another {what} length than all others, {length} and {others}");
                sheet.notes.line(line, &what);
            }
        }
        let ends = self.sessions.first().zip(self.sessions.last());
        let missing = ends.map_or(0, |(first, last)| last - first + 1 - self.sessions.len() as i64);
        if missing > 0 {
            sheet
                .notes
                .say(format!("{missing} numbers of sessions are missing between others: the export is not whole"));
        }
        out.load = vec![scenario(Some(self.profiling as f64), None)];
        out.settings = Load { names_lengths: true, ..Load::default() };
        out.faults = self.doubts.texts();
        (out.completed, out.failed) = (good, Some((self.profiling - self.good) as f64));
        out.seconds = end.saturating_sub(start) as f64 / 1e9;
        let mean = |(sum, n): (f64, u64)| (n > 0).then(|| sum / n as f64);
        (out.run.ttft_ms, out.run.tpot_ms) = (mean(self.ttft), mean(self.tpot));
        if self.cancelled > 0 {
            sheet.notes.say(format!("{} requests were cancelled", self.cancelled));
        }
        if self.warmup > 0 {
            sheet.notes.say(format!("{} requests of the warm-up are left out", self.warmup));
        }
        let when = When::Between(Stamp::Utc(start), Stamp::Utc(end));
        out.put(self.line, when, "the first start to the last end of the profiling requests", sheet)
    }
}
