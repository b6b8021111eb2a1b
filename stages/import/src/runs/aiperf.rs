//! AIPerf's `profile_export_aiperf.json` (one benchmark), `profile_export.jsonl` (one request a line) and
//! `profile_export_aiperf_sweep.json` (a benchmark for each combination of parameters).
//!
//! Metrics: docs of ai-dynamo/aiperf. `output_sequence_length` is everything that was generated, `output_token_count` what is visible:
//! reasoning tokens cost as much as others, so the former counts. `usage` is what the server counted, and is taken where it is. Request
//! timestamps are nanoseconds since 1970; `start_time` and `end_time` are local, without a zone, and a few ms wider.

mod records;

use super::{
    energy,
    figures::{self, Figures, distribution},
    load::Load,
    serving::{self, Serving},
    sheet::{Sheet, count},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::{self, Value},
    source::Source,
    zone::Stamp,
};
use records::Requests;

pub const FORMAT: Format<Sheet> = Format {
    name: "aiperf",
    about: "AIPerf's profile_export_aiperf.json, its sweep, and profile_export.jsonl",
    recognises,
    read,
};

/// The CSV of a sweep and the table on the screen, neither of which has exact numbers.
fn is_rounded(head: &str) -> bool {
    head.contains("active_decode_throughput_mean,") || head.contains("NVIDIA AIPerf |")
}

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    if is_rounded(head) {
        return true;
    }
    has("\"request_start_ns\"")
        || has("\"aggregation_type\"") && has("\"num_profile_runs\"")
        || has("\"request_latency\"") && has("\"unit\"") && (has("\"request_throughput\"") || has("\"request_count\""))
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    if is_rounded(text) {
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        let remedy = "give profile_export_aiperf.json, profile_export_aiperf_sweep.json or profile_export.jsonl";
        return Err(Fault::new("numbers that are rounded for people", quoted(first.trim()), remedy).at(1));
    }
    let mut requests = Requests::default();
    let mut reports = Vec::new();
    json::entries(text, &mut sheet.notes, &mut |line, entry, _| {
        let is_sweep = entry.get("per_combination_metrics").is_some();
        if entry.get("metadata").is_some() && !is_sweep {
            requests.take(line, &entry)
        } else {
            reports.push((line, entry));
            Ok(())
        }
    })?;
    for (line, entry) in &reports {
        match entry.list("per_combination_metrics") {
            Some(levels) => sweep(*line, levels, sheet)?,
            None => report(*line, entry.get("records").unwrap_or(entry), entry, sheet)?,
        }
    }
    if requests.records > 0 { requests.run(sheet) } else { Ok(()) }
}

/// Mean of a metric. Keys with plain values are no metrics.
fn mean(report: &Value, metric: &str) -> Option<f64> {
    report.get(metric)?.number("avg")
}

/// ms in a unit of time.
fn unit_ms(unit: Option<&str>) -> Option<f64> {
    Some(match unit? {
        "s" | "sec" | "seconds" => 1e3,
        "ms" | "milliseconds" => 1.0,
        "us" => 1e-3,
        "ns" => 1e-6,
        _ => return None,
    })
}

/// A metric in ms, whatever it is given in. One that is there and says no unit is refused.
fn ms(line: u64, report: &Value, metric: &str) -> Result<Option<f64>> {
    let Some(value) = mean(report, metric) else { return Ok(None) };
    let unit = report.get(metric).and_then(|m| m.text("unit"));
    let unknown = || {
        let remedy = "give the file as AIPerf wrote it";
        Fault::new(format!("`{metric}` has no unit of time"), quoted(unit.unwrap_or("")), remedy).at(line)
    };
    Ok(Some(value * unit_ms(unit).ok_or_else(unknown)?))
}

const GENERATED: &str = "all generated tokens, reasoning included";

/// Each combination of parameters as a benchmark of its own; metrics are means over its trials.
fn sweep(line: u64, levels: &[Value], sheet: &mut Sheet) -> Result<()> {
    for level in levels {
        let (Some(metrics), Some(parameters)) = (level.get("metrics"), level.get("parameters")) else {
            let remedy = "give the whole profile_export_aiperf_sweep.json";
            return Err(Fault::new("a combination without metrics", "per_combination_metrics", remedy).at(line));
        };
        let entry = Value::Map(vec![("parameters".into(), parameters.clone())]);
        report(line, metrics, &entry, sheet)?;
    }
    Ok(())
}

fn report(line: u64, metrics: &Value, entry: &Value, sheet: &mut Sheet) -> Result<()> {
    for metric in
        ["request_count", "error_request_count", "total_usage_completion_tokens", "total_osl", "benchmark_duration"]
    {
        serving::amount(line, metrics, &format!("{metric}.avg"))?;
    }
    let requests = mean(metrics, "request_count");
    let times = |length: &str| Some((requests?, mean(metrics, length)?)).map(|(n, tokens)| n * tokens);
    let (visible, total) = (mean(metrics, "total_output_tokens"), mean(metrics, "total_osl"));
    let counted = mean(metrics, "total_usage_completion_tokens");
    let (tokens, from) = match (total, times("output_sequence_length"), visible) {
        _ if counted.is_some() => (
            counted.unwrap_or(0.0),
            "`total_usage_completion_tokens`: what the server counted, reasoning included".to_string(),
        ),
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
    let duration_ms =
        ms(line, metrics, "benchmark_duration")?.or(match (requests, mean(metrics, "request_throughput")) {
            (Some(n), Some(rate)) if rate > 0.0 => Some(n / rate * 1e3),
            _ => None,
        });
    let seconds = duration_ms.unwrap_or(0.0) / 1e3;
    let retokenised = total.or(times("output_sequence_length"));
    check_rate(line, metrics, entry, seconds, tokens, retokenised)?;
    let failed = mean(metrics, "error_request_count").unwrap_or(0.0);
    let by_rate = mean(metrics, "request_throughput").map(|rate| (rate * seconds).round());
    let Some(completed) = requests.or(by_rate) else {
        let missing = "neither request_count nor request_throughput";
        return Err(Fault::new("no count of requests", missing, "give the whole profile_export_aiperf.json").at(line));
    };
    let all = mean(metrics, "completed_request_count");
    let how = "`request_count` + `error_request_count` is";
    serving::agree(line, ("`completed_request_count`", all), (how, completed + failed), 0.5)?;
    let mut out = Serving { completed, failed: Some(failed), tokens, seconds, ..Serving::default() };
    out.tokens_from = from;
    if counted.is_some() {
        out.compare_retokenised(line, retokenised, sheet);
        out.run.cached_prompt_tokens = mean(metrics, "total_usage_prompt_cache_read_tokens").and_then(count);
        out.run.reasoning_tokens = mean(metrics, "total_usage_reasoning_tokens").and_then(count).filter(|n| *n > 0);
    }
    let of_client = mean(metrics, "total_isl").or(times("input_sequence_length"));
    out.prompt = mean(metrics, "total_usage_prompt_tokens").or(of_client);
    let time = |name: &str, out: &mut Serving| -> Result<Option<f64>> {
        let factor = unit_ms(metrics.get(name).and_then(|m| m.text("unit"))).unwrap_or(1.0);
        let of = |label: &str| metrics.get(name)?.number(label).map(|value| value * factor);
        Ok(out.check_mean(name, ms(line, metrics, name)?, &of))
    };
    if out.completed > 0.0 {
        let first = time("time_to_first_token", &mut out)?;
        (out.run.ttft_ms, out.run.tpot_ms) = (first, time("inter_token_latency", &mut out)?);
    }
    out.faults.extend(["request_latency", "output_sequence_length"].iter().filter_map(|name| spread(metrics, name)));
    let lengths = [("output", retokenised.or(Some(tokens))), ("input", mean(metrics, "total_isl"))];
    out.faults.extend(lengths.iter().filter_map(|(what, total)| sums(metrics, what, requests?, (*total)?)));
    if let (Some(of_server), Some(of_client)) = (mean(metrics, "total_usage_prompt_tokens"), of_client) {
        out.compare_prompts(of_server, of_client);
    }
    energy::read(metrics, &mut out.run, false).iter().for_each(|note| sheet.notes.line(line, note));
    if let Some(Value::Bool(true)) = entry.get("was_cancelled") {
        out.faults.push("the benchmark was cancelled before its end".into());
    }
    describe(entry, &mut out);
    let load = phase(entry).or(entry.get("input_config").and_then(|c| c.get("loadgen"))).or(entry.get("parameters"));
    out.load = vec![scenario(requests.map(|n| n + failed), load)];
    let config = entry.get("input_config").unwrap_or(&Value::Null);
    out.settings = Load { names_lengths: true, ..Load::of(config, KNOWN) };
    entry.text("aiperf_version").into_iter().for_each(|version| out.settings.set("aiperf_version", version));
    let is_whole = entry.get("was_cancelled") != Some(&Value::Bool(true));
    out.figures = Figures {
        planned: load.and_then(|l| l.any(&["request_count", "requests"])).filter(|_| is_whole),
        latency_ms: ms(line, metrics, "request_latency")?,
        is_approximate: total.or(counted).is_none() || mean(metrics, "total_isl").is_none(),
        ..Figures::default()
    };
    arrival(load, &mut out);
    let (when, said) = window(metrics, entry, seconds, line)?;
    out.put(line, when, said, sheet)
}

/// The phase that was measured.
fn phase(entry: &Value) -> Option<&Value> {
    let phases = entry.get("input_config")?.list("phases")?;
    phases.iter().find(|p| p.text("kind").or(p.text("name")) == Some("profiling"))
}

fn describe(entry: &Value, out: &mut Serving) {
    let config = entry.get("input_config").unwrap_or(&Value::Null);
    let names =
        serving::at(config, "models.items").and_then(|v| if let Value::List(all) = v { Some(all) } else { None });
    let model = names.map(|all| all.iter().filter_map(|m| m.text("name").map(str::to_string)).collect::<Vec<_>>());
    let older = serving::at(config, "endpoint.model_names")
        .and_then(|v| if let Value::List(all) = v { Some(all) } else { None });
    let older = older.map(|all| all.iter().filter_map(Value::shown).collect::<Vec<_>>());
    out.run.model = model.or(older).unwrap_or_default().join("+");
}

fn arrival(load: Option<&Value>, out: &mut Serving) {
    let Some(load) = load else { return };
    let rate = load.any(&["rate", "request_rate"]);
    out.run.concurrency = load.number("concurrency").and_then(count);
    out.run.offered_rate_per_s = rate;
    let kind = load.text("type").or(load.text("arrival_pattern")).or(load.text("request_rate_mode"));
    out.run.arrival = match (rate, kind) {
        (Some(_), Some(kind @ ("constant" | "poisson" | "gamma"))) => Some(kind.to_string()),
        (Some(_), _) => None,
        (None, _) => out.run.concurrency.map(|_| "closed".to_string()),
    };
}

fn window(metrics: &Value, entry: &Value, seconds: f64, line: u64) -> Result<(When, &'static str)> {
    let stamp = |metric: &str| match metrics.get(metric) {
        None => Ok(None),
        Some(found) => match found.number("avg").filter(|ns| (1e18..9e18).contains(ns)) {
            Some(ns) => Ok(Some(ns)),
            None => {
                let value = found.get("avg").and_then(Value::shown).unwrap_or_default();
                let remedy = "give the file as AIPerf wrote it";
                Err(Fault::new(format!("`{metric}` is no time in ns"), quoted(&value), remedy).at(line))
            }
        },
    };
    match (stamp("min_request_timestamp")?, stamp("max_response_timestamp")?) {
        (Some(start), Some(end)) => {
            let name = "`max_response_timestamp` - `min_request_timestamp`";
            serving::agree(line, (name, Some((end - start) / 1e9)), ("`benchmark_duration` is", seconds), 0.5)?;
            return Ok((
                When::Between(Stamp::Utc(start as i64), Stamp::Utc(end as i64)),
                "`min_request_timestamp` to `max_response_timestamp`",
            ));
        }
        (None, None) => {}
        (start, _) => {
            let lost = if start.is_some() { "max_response_timestamp" } else { "min_request_timestamp" };
            let remedy = "give the file as AIPerf wrote it";
            return Err(Fault::new("one end of the benchmark is missing", quoted(lost), remedy).at(line));
        }
    }
    let length = "`benchmark_duration`, or the requests over their rate";
    let (Some(start), Some(end)) = (entry.text("start_time"), entry.text("end_time")) else {
        return Ok((When::Unknown, length));
    };
    let (start, end) = (serving::time(line, "start_time", start)?, serving::time(line, "end_time", end)?);
    if elapsed(start, end) < seconds * 0.99 {
        let value = format!("{:.3} s from `start_time` to `end_time`, {seconds:.3} s of requests", elapsed(start, end));
        let remedy = "give the file as AIPerf wrote it";
        return Err(Fault::new("a benchmark shorter than its requests", value, remedy).at(line));
    }
    Ok((When::Ended(end), "`end_time`, local and a few ms after the last request, less `benchmark_duration`"))
}

fn elapsed(start: Stamp, end: Stamp) -> f64 {
    let ns = |stamp| match stamp {
        Stamp::Utc(ns) | Stamp::Wall(ns) => ns,
    };
    ns(end).saturating_sub(ns(start)) as f64 / 1e9
}

/// The rate is of either count, and over the requests or, where they come at a rate, over `start_time` to `end_time`.
fn check_rate(
    line: u64,
    metrics: &Value,
    entry: &Value,
    seconds: f64,
    tokens: f64,
    retokenised: Option<f64>,
) -> Result<()> {
    let Some(rate) = mean(metrics, "output_token_throughput").filter(|_| seconds > 0.0) else { return Ok(()) };
    let time = |key: &str| entry.text(key).map(|text| serving::time(line, key, text)).transpose();
    let wide = time("start_time")?.zip(time("end_time")?).map(|(start, end)| elapsed(start, end));
    let close = |n: f64, s: f64| (n - rate * s).abs() <= 0.01 * n.max(rate * s);
    let counts = [Some(tokens), retokenised];
    let fits = |s: f64| counts.iter().flatten().any(|n| close(*n, s));
    if fits(seconds) || wide.is_some_and(fits) {
        return Ok(());
    }
    let name = "`output_token_throughput` x `benchmark_duration` gives";
    serving::agree(line, (name, Some(rate * seconds)), ("the tokens are", tokens), 0.5)
}

/// Fields that are columns, or in the scenario already.
const KNOWN: &[&str] = &[
    "model_names",
    "models",
    "phases",
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

/// The tokens of the client against the mean of a request.
fn sums(metrics: &Value, what: &str, requests: f64, tokens: f64) -> Option<String> {
    let name = format!("{what}_sequence_length");
    let by_mean = requests * mean(metrics, &name)?;
    // Both have all their digits.
    let differ = (by_mean - tokens).abs() > 1e-3 * tokens.max(by_mean);
    let (by_mean, counted) = (figures::short(by_mean), figures::short(tokens));
    differ.then(|| format!("{counted} {what} tokens, {by_mean} by the requests and their mean `{name}`"))
}

fn spread(metrics: &Value, name: &str) -> Option<String> {
    let metric = metrics.get(name)?;
    distribution(name, metric.number("avg"), &|label| metric.number(label))
}

fn scenario(requests: Option<f64>, load: Option<&Value>) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(requests.map(|n| format!("{n} requests")));
    for key in ["request_rate", "rate", "concurrency"] {
        parts.extend(load.and_then(|l| l.number(key)).map(|n| format!("{} {n}", key.trim_start_matches("request_"))));
    }
    parts.join(", ")
}
