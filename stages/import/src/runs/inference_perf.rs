//! inference-perf's `stage_N_lifecycle_metrics.json`, one run a stage; with `inference-perf.partial.stage_N.yaml` (clock times)
//! and `config.yaml`
//! (model, arrival) where they are given with it.
//!
//! Fields: inference_perf/reportgen. `output_tokens` are the server's, `output_len` the client's. The summary adds stages and
//! their pauses.

mod yaml;

use super::{
    figures::distribution,
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
use std::path::PathBuf;

pub const FORMAT: Format<Sheet> = Format {
    name: "inference-perf",
    about: "inference-perf's stage_N_lifecycle_metrics.json, with its YAML",
    recognises: |head| is_stage(head) || is_requests(head) || is_partial(head) || is_config(head),
    read,
};

fn is_stage(head: &str) -> bool {
    head.contains("\"load_summary\"") && head.contains("\"successes\"")
}

fn is_requests(head: &str) -> bool {
    head.contains("\"request_metrics\"") && head.contains("\"start_time\"") && head.contains("\"lora_adapter\"")
}

fn is_partial(head: &str) -> bool {
    head.contains("uid: inference-perf-stage-")
}

fn is_config(head: &str) -> bool {
    head.contains("request_lifecycle:") && head.contains("\nserver:") && head.contains("\nload:")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let has_stages = !serving::beside(source, sheet, is_stage).is_empty();
    if !is_stage(text) {
        let what = if is_requests(text) { "requests" } else { "times and settings" };
        if has_stages {
            sheet.accompany(format!("{what}: the stages beside it are the runs"));
            return Ok(());
        }
        let remedy = "give the stage_N_lifecycle_metrics.json beside it";
        return Err(
            Fault::new(format!("{what} without a stage"), quoted(text.lines().next().unwrap_or("")), remedy).at(1)
        );
    }
    let number = digits_after(&source.path.to_string_lossy(), "stage_");
    let is_same = |path: &PathBuf| digits_after(&path.to_string_lossy(), "partial.stage_") == number;
    let partials = serving::beside(source, sheet, is_partial);
    let partial = partials.into_iter().find(|path| number.is_some() && is_same(path));
    let partial = partial.map(|path| serving::text_of(&path).map(|text| (path, text))).transpose()?;
    let configs = serving::beside(source, sheet, is_config);
    let config = configs.first().map(|path| serving::text_of(path)).transpose()?.unwrap_or_default();
    for (line, stage) in serving::objects(text, sheet)? {
        let load = stage.get("load_summary").unwrap_or(&Value::Null);
        if load.get("send_duration").is_some() || load.get("requested_rate").is_some() {
            put(line, &stage, &config, partial.as_ref(), sheet)?;
        } else if has_stages {
            sheet.accompany("a summary of all stages: the stages beside it are the runs");
        } else {
            let remedy = "give the stage_N_lifecycle_metrics.json beside it, one run each";
            let what = "a summary, whose time has the pauses between stages";
            return Err(Fault::new(what, quoted("load_summary without a rate"), remedy).at(line));
        }
    }
    serving::refuse_cut(sheet)
}

/// The number behind the last of these words.
fn digits_after(path: &str, word: &str) -> Option<u64> {
    let rest = &path[path.rfind(word)? + word.len()..];
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn put(line: u64, stage: &Value, config: &str, partial: Option<&(PathBuf, String)>, sheet: &mut Sheet) -> Result<()> {
    let completed = whole(line, stage, "successes.count")?;
    let failed = whole(line, stage, "failures.count")?;
    let sent = whole(line, stage, "load_summary.count")?;
    if sent != completed + failed {
        let value = format!("{sent} sent, {completed} succeeded, {failed} failed");
        let remedy = "give the file as the client wrote it";
        return Err(Fault::new("requests that do not add up", value, remedy).at(line));
    }
    let seconds = must(line, stage, "benchmark_time_seconds")?;
    let mean = |name: &str| amount(line, stage, &format!("successes.{name}.mean"));
    let guessed = amount(line, stage, "successes.client_fallback_requests.output")?.unwrap_or(0.0);
    let (counted, retokenised) =
        if completed > 0.0 { (mean("output_tokens")?, mean("output_len")?) } else { (None, None) };
    let mut out = Serving { completed, failed: Some(failed), seconds, ..Serving::default() };
    let total = |mean: f64| mean * completed;
    match (counted, retokenised) {
        (Some(mean), _) => {
            out.tokens = total(mean).round();
            out.tokens_from = match guessed {
                0.0 => "`successes.output_tokens` x requests: what the server counted".into(),
                n => format!(
                    "approximate: `successes.output_tokens` x requests, of {n} of them made of the texts by the client"
                ),
            };
            out.compare_retokenised(line, retokenised.map(|m| total(m).round()), sheet);
        }
        (None, Some(mean)) => {
            out.tokens = total(mean).round();
            out.tokens_from = "approximate: `successes.output_len` x requests, made of the texts by the client".into();
        }
        (None, None) if completed > 0.0 => {
            must(line, stage, "successes.output_tokens.mean")?;
        }
        (None, None) => {}
    }
    let rate = amount(line, stage, "successes.throughput.output_tokens_per_sec")?.filter(|_| completed > 0.0);
    if let Some(rate) = rate {
        let by_rate = rate * seconds;
        let close = |mean: Option<f64>| mean.is_some_and(|m| (total(m) - by_rate).abs() <= 0.01 * by_rate.max(1.0));
        if !close(retokenised) {
            let name = "`output_tokens_per_sec` x `benchmark_time_seconds` gives";
            agree(line, (name, Some(by_rate)), ("`output_tokens` x requests is", out.tokens), 0.5)?;
        }
    }
    out.prompt = mean("prompt_tokens")?.map(total).filter(|_| completed > 0.0);
    out.run.cached_prompt_tokens = amount(line, stage, "successes.prompt_tokens.cached")?.and_then(count);
    if completed > 0.0 {
        let ms = |name: &str, out: &mut Serving| -> Result<Option<f64>> {
            let all = at(stage, &format!("successes.latency.{name}"));
            let of = |label: &str| all?.number(label).map(|s| s * 1e3);
            Ok(out.check_mean(name, mean(&format!("latency.{name}"))?.map(|s| s * 1e3), &of))
        };
        let first = ms("time_to_first_token", &mut out)?;
        (out.run.ttft_ms, out.run.tpot_ms) = (first, ms("time_per_output_token", &mut out)?);
        out.figures.latency_ms = ms("request_latency", &mut out)?;
        let all = at(stage, "successes.prompt_tokens");
        out.faults.extend(distribution("prompt_tokens", mean("prompt_tokens")?, &|label| all?.number(label)));
        let rate = |name: &str| amount(line, stage, &format!("successes.throughput.{name}"));
        (out.figures.input_per_s, out.figures.requests_per_s) =
            (rate("input_tokens_per_sec")?, rate("requests_per_sec")?);
    }
    load(line, stage, config, sent, &mut out)?;
    let (when, said) = window(partial, seconds, &mut out, sheet)?;
    out.put(line, when, said, sheet)
}

fn load(line: u64, stage: &Value, config: &str, sent: f64, out: &mut Serving) -> Result<()> {
    let number = |key: &str| amount(line, stage, &format!("load_summary.{key}"));
    out.load.push(format!("{sent} requests"));
    match (number("concurrency")?, number("requested_rate")?) {
        (Some(n), _) => {
            (out.run.concurrency, out.run.arrival) = (count(n), Some("closed".into()));
            out.load.push(format!("concurrency {n}"));
        }
        (None, Some(rate)) => {
            out.run.offered_rate_per_s = Some(rate);
            let kind = yaml::find(config, &["load", "type"]).filter(|kind| ["constant", "poisson"].contains(kind));
            out.run.arrival = kind.map(str::to_string);
            out.load.push(format!("{}rate {rate}", kind.map(|k| format!("{k} ")).unwrap_or_default()));
        }
        (None, None) => {}
    }
    let mean = at(stage, "successes.prompt_tokens").and_then(|v| v.number("mean"));
    out.load.extend(mean.map(|n| format!("{n:.0} tokens in")));
    out.load.extend(yaml::find(config, &["data", "type"]).map(str::to_string));
    out.run.model = yaml::find(config, &["server", "model_name"]).unwrap_or("").to_string();
    Ok(())
}

/// The clock times of the whole stage, which are wider than its requests.
fn window(
    partial: Option<&(PathBuf, String)>,
    seconds: f64,
    out: &mut Serving,
    sheet: &mut Sheet,
) -> Result<(When, &'static str)> {
    let length = "`benchmark_time_seconds`, the first request's start to the last one's end";
    let Some((path, text)) = partial else { return Ok((When::Unknown, length)) };
    let time = |name: &str| {
        yaml::find(text, &["run", "time", name]).map(|t| serving::time(1, name, t).map_err(|f| f.of(path))).transpose()
    };
    let (Some(Stamp::Utc(start)), Some(Stamp::Utc(end))) = (time("start")?, time("end")?) else {
        sheet.notes.say("the YAML of the stage has no times");
        return Ok((When::Unknown, length));
    };
    let wide = end.saturating_sub(start) as f64 / 1e9;
    if wide < seconds * 0.99 {
        let value = format!("{wide:.3} s in the YAML, {seconds:.3} s of requests");
        return Err(Fault::new("a stage shorter than its requests", value, "give the files of one benchmark").of(path));
    }
    if wide > seconds * 1.05 {
        out.faults.push(format!(
            "the clock times are of the whole stage, {:.1} s longer than its requests: energy from a log is of the longer time",
            wide - seconds
        ));
    }
    Ok((When::Between(Stamp::Utc(start), Stamp::Utc(end)), "`run.time` of the stage's YAML, wider than its requests"))
}
