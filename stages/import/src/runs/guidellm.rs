//! GuideLLM's `benchmarks.json` and `benchmarks.csv`: one benchmark a level of load.
//!
//! Fields: guidellm 0.8 (`generative_benchmark`). `metrics` are of the requests inside the measured window, which begins after the
//! warm-up and ends before the cool-down; `scheduler_metrics.requests_made` counts all. `requests` may be a sample. Times are Unix
//! seconds.

mod csv;

use super::{
    serving::{self, Serving, agree, amount, at, must, whole},
    sheet::{Sheet, count},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    source::Source,
    zone::Stamp,
};

pub const FORMAT: Format<Sheet> =
    Format { name: "guidellm", about: "GuideLLM's benchmarks.json and benchmarks.csv", recognises, read };

fn recognises(head: &str) -> bool {
    csv::recognises(head)
        || head.trim_start().starts_with('{')
            && (head.contains("\"guidellm_version\"") || head.contains("\"generative_benchmark"))
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    if csv::recognises(text) {
        return csv::levels(source)?
            .into_iter()
            .try_for_each(|l| benchmark(l.line, &l.level, &l.report, Some(l.end), sheet));
    }
    for (line, report) in serving::objects(text, sheet)? {
        let benchmarks = report.list("benchmarks").unwrap_or(&[]);
        let levels = levels(&report);
        if benchmarks.is_empty() {
            let remedy = "give the benchmarks.json of a benchmark that ended";
            return Err(Fault::new("no benchmark in it", "`benchmarks` is empty or missing", remedy).at(line));
        }
        if levels.is_some_and(|n| n > benchmarks.len()) {
            let what = format!(
                "{} of {} levels of the profile are missing",
                levels.unwrap_or(0) - benchmarks.len(),
                levels.unwrap_or(0)
            );
            sheet.notes.line(line, &format!("{what}: the benchmark ended before them"));
        }
        benchmarks.iter().try_for_each(|b| benchmark(line, b, &report, None, sheet))?;
    }
    serving::refuse_cut(sheet)
}

/// Levels that the profile asks for.
fn levels(report: &Value) -> Option<usize> {
    let profile = at(report, "config.spec.profile")?;
    ["streams", "rate"].iter().filter_map(|key| profile.list(key)).map(<[Value]>::len).max()
}

/// `end` is that of a CSV, which has times to the second.
fn benchmark(line: u64, level: &Value, report: &Value, end: Option<Stamp>, sheet: &mut Sheet) -> Result<()> {
    let totals = ["metrics.request_totals", "request_totals"].into_iter().find(|path| at(level, path).is_some());
    let totals = totals.unwrap_or("metrics.request_totals");
    let requests = |status: &str| whole(line, level, &format!("{totals}.{status}"));
    let (completed, errored, incomplete) = (requests("successful")?, requests("errored")?, requests("incomplete")?);
    let tokens = must(line, level, "metrics.output_token_count.successful.total_sum")?;
    let (when, seconds, said) = match end {
        Some(end) => (
            When::Ended(end),
            must(line, level, "duration")?,
            "`Measure End Time`, local and to the second, less `Duration`",
        ),
        None => {
            let (when, seconds) = window(line, level)?;
            (when, seconds, "`start_time` to `end_time` of the benchmark")
        }
    };
    let is_new = level.get("scheduler_metrics").is_some();
    if is_new && completed > 0.0 {
        let rate = amount(line, level, "metrics.output_tokens_per_second.successful.mean")?;
        let name = "`output_tokens_per_second` x `duration` gives";
        agree(line, (name, rate.map(|r| r * seconds)), ("`output_token_count` has", tokens), 1.0)?;
    }
    let config = level.get("config").or(level.get("args")).unwrap_or(&Value::Null);
    let is_counted = !matches!(config.get("prefer_response_metrics"), Some(Value::Bool(false)));
    let mut out = Serving { completed, failed: Some(errored + incomplete), tokens, seconds, ..Serving::default() };
    out.tokens_from = if is_counted {
        "`output_token_count` of completed requests: what the server counted, where it sent `usage`".into()
    } else {
        "approximate: `output_token_count` of completed requests, made of the texts by the client".into()
    };
    out.prompt = amount(line, level, "metrics.prompt_token_count.successful.total_sum")?;
    let mean = |name: &str| amount(line, level, &format!("metrics.{name}.successful.mean"));
    let time = |name: &str, out: &mut Serving| -> Result<Option<f64>> {
        let all = at(level, &format!("metrics.{name}.successful"));
        let of = |label: &str| {
            let percentile = || at(all?, &format!("percentiles.{}", padded(label)))?.as_f64();
            all?.number(label).or_else(percentile)
        };
        let (mean, number, sum) = (mean(name)?, of("count"), of("total_sum"));
        if let Some(by_mean) = mean.zip(number).map(|(mean, n)| mean * n) {
            agree(line, (&format!("`{name}` adds up to"), sum), ("its mean x its count is", by_mean), 0.5)?;
        }
        Ok(out.check_mean(name, mean, &of))
    };
    if completed > 0.0 {
        let first = time("time_to_first_token_ms", &mut out)?;
        (out.run.ttft_ms, out.run.tpot_ms) = (first, time("inter_token_latency_ms", &mut out)?);
        out.figures.latency_ms = mean("request_latency")?.map(|s| s * 1e3);
        out.figures.input_per_s = if is_new { mean("prompt_tokens_per_second")? } else { None };
    }
    let backend = config.get("backend").or(at(report, "config.spec.backend"));
    out.run.model = backend.and_then(|b| b.text("model")).unwrap_or("").into();
    load(line, config, report, completed + errored + incomplete, &mut out)?;
    let made = amount(line, level, "scheduler_metrics.requests_made.total")?;
    if let Some(apart) = made.map(|n| n - completed - errored - incomplete).filter(|n| *n >= 1.0) {
        sheet
            .notes
            .line(line, &format!("{apart} requests outside the measured window (warm-up, cool-down) are left out"));
    }
    out.put(line, when, said, sheet)
}

/// `p5` as GuideLLM writes it.
fn padded(label: &str) -> String {
    if label.len() == 2 { label.replace('p', "p0") } else { label.to_string() }
}

fn window(line: u64, level: &Value) -> Result<(When, f64)> {
    let (start, end) = (must(line, level, "start_time")?, must(line, level, "end_time")?);
    if start < 1e9 || end > 9e9 {
        let value = quoted(&format!("{start} to {end}"));
        return Err(
            Fault::new("times that are no Unix seconds", value, "give the file as the client wrote it").at(line)
        );
    }
    let stated = amount(line, level, "duration")?;
    agree(line, ("`duration`", stated), ("`end_time` - `start_time`", end - start), 0.001)?;
    let stamp = |s: f64| Stamp::Utc((s * 1e6).round() as i64 * 1000);
    Ok((When::Between(stamp(start), stamp(end)), end - start))
}

/// How requests came, and of what size they were asked for.
fn load(line: u64, config: &Value, report: &Value, requests: f64, out: &mut Serving) -> Result<()> {
    let strategy = config.get("strategy").unwrap_or(&Value::Null);
    let kind = strategy.text("type_").unwrap_or("unknown");
    let rate = amount(line, strategy, "rate")?;
    let streams = amount(line, strategy, "streams")?.or((kind == "synchronous").then_some(1.0));
    out.load.push(format!("{requests} requests"));
    let arrival = match kind {
        "constant" | "poisson" => kind,
        "synchronous" | "concurrent" | "throughput" => "closed",
        _ => "",
    };
    out.run.arrival = (!arrival.is_empty()).then(|| arrival.to_string());
    match (rate, streams) {
        (Some(rate), _) => {
            out.run.offered_rate_per_s = Some(rate);
            out.load.push(format!("{kind} rate {rate}"));
        }
        (None, Some(streams)) => {
            out.run.concurrency = count(streams);
            out.load.push(format!("concurrency {streams}"));
        }
        (None, None) => out.load.push(kind.into()),
    }
    let data =
        at(report, "config.spec.data").and_then(|d| if let Value::List(all) = d { all.first() } else { Some(d) });
    if let Some(data) = data {
        for (key, name) in [("prompt_tokens", "in"), ("output_tokens", "out")] {
            out.load.extend(amount(line, data, key)?.map(|n| format!("{n} tokens {name}")));
        }
        out.run.new_tokens_asked = amount(line, data, "output_tokens")?.and_then(count);
    }
    Ok(())
}
