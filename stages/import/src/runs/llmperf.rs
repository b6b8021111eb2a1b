//! LLMPerf's `..._summary.json`, and `..._individual_responses.json` given with it.
//!
//! Fields: token_benchmark_ray.py. Tokens are made of the texts by the client's tokenizer. The summary has a rate of all output
//! tokens and no
//! duration, which follows from both. `timestamp` is the time, to the second, at which the summary was written.

use super::{
    figures::distribution,
    serving::{self, Serving, agree, amount, must, whole},
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
use std::path::{Path, PathBuf};

pub const FORMAT: Format<Sheet> = Format {
    name: "llmperf",
    about: "LLMPerf's summary, with its individual responses",
    recognises: |head| is_summary(head) || is_responses(head),
    read,
};

fn is_summary(head: &str) -> bool {
    head.contains("\"results_ttft_s_mean\"") || head.contains("\"results_ttft_s_quantiles_p25\"")
}

fn is_responses(head: &str) -> bool {
    head.contains("\"request_output_throughput_token_per_s\"") && head.contains("\"number_output_tokens\"")
}

/// The name that a summary and its responses share.
fn stem(source: &Path) -> String {
    let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ["_summary.json", "_individual_responses.json"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or("").into()
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let of_same = |found: Vec<PathBuf>| found.into_iter().find(|path| stem(path) == stem(source.path));
    if !is_summary(text) {
        if of_same(serving::beside(source, sheet, is_summary)).is_some() {
            sheet.accompany("its tokens are counted for the summary beside it");
            return Ok(());
        }
        let remedy = "give the ..._summary.json of the same run with it";
        return Err(
            Fault::new("responses without the time that the run took", quoted("number_output_tokens"), remedy).at(1)
        );
    }
    let counted = match of_same(serving::beside(source, sheet, is_responses)) {
        Some(path) => Some(count_responses(&serving::text_of(&path)?, sheet).map_err(|f| f.of(&path))?),
        None => None,
    };
    let summaries = serving::objects(text, sheet)?;
    summaries.iter().try_for_each(|(line, summary)| put(*line, summary, counted, sheet))
}

/// Requests that completed, and their input and output tokens.
fn count_responses(text: &str, sheet: &mut Sheet) -> Result<(f64, f64, f64)> {
    let (mut completed, mut input, mut output) = (0.0, 0.0, 0.0);
    for (line, response) in serving::objects(text, sheet)? {
        if matches!(response.get("error_code"), None | Some(Value::Null)) {
            completed += 1.0;
            input += must(line, &response, "number_input_tokens")?;
            output += must(line, &response, "number_output_tokens")?;
        }
    }
    Ok((completed, input, output))
}

fn put(line: u64, summary: &Value, counted: Option<(f64, f64, f64)>, sheet: &mut Sheet) -> Result<()> {
    let number = |key: &str| amount(line, summary, key);
    let completed = whole(line, summary, "results_num_completed_requests")?;
    let failed = number("results_number_errors")?.unwrap_or(0.0);
    if let Some(started) = number("results_num_requests_started")?.filter(|n| *n != completed + failed) {
        let value = format!("{started} started, {completed} completed, {failed} failed");
        let remedy = "give the file as the client wrote it";
        return Err(Fault::new("requests that do not add up", value, remedy).at(line));
    }
    let mean = |key: &str| number(&format!("results_{key}_mean"));
    let (mean_in, mean_out) = if completed > 0.0 {
        (mean("number_input_tokens")?, must(line, summary, "results_number_output_tokens_mean")?)
    } else {
        (None, 0.0)
    };
    let by_mean = mean_out * completed;
    let rate = must(line, summary, "results_mean_output_throughput_token_per_s")?;
    let seconds = if rate > 0.0 { by_mean / rate } else { 0.0 };
    let per_minute = number("results_num_completed_requests_per_min")?.map(|n| n * seconds / 60.0);
    agree(
        line,
        ("`results_num_completed_requests_per_min` gives", per_minute),
        ("`results_num_completed_requests` is", completed),
        0.01,
    )?;
    let mut out = Serving { completed, failed: Some(failed), tokens: by_mean, seconds, ..Serving::default() };
    out.prompt = mean_in.map(|n| n * completed);
    out.tokens_from =
        "approximate: `results_number_output_tokens_mean` x completed requests, made of the texts by the client".into();
    if let Some((requests, input, output)) = counted {
        agree(
            line,
            ("the mean output x completed requests is", Some(by_mean)),
            ("the responses beside it have", output),
            0.5,
        )?;
        agree(
            line,
            ("`results_num_completed_requests` is", Some(completed)),
            ("the responses beside it have", requests),
            0.0,
        )?;
        (out.tokens, out.prompt) = (output, Some(input));
        out.tokens_from =
            "approximate: sum of `number_output_tokens` of the responses, made of the texts by the client".into();
    }
    out.run.model = summary.text("model").unwrap_or("").into();
    if completed > 0.0 {
        let of = |key: &str, label: &str| {
            let name = if label.starts_with('p') { format!("quantiles_{label}") } else { label.to_string() };
            summary.number(&format!("results_{key}_{name}"))
        };
        let ms = |key: &str, out: &mut Serving| -> Result<Option<f64>> {
            Ok(out.check_mean(key, mean(key)?.map(|s| s * 1e3), &|label| of(key, label).map(|s| s * 1e3)))
        };
        let first = ms("ttft_s", &mut out)?;
        (out.run.ttft_ms, out.run.tpot_ms) = (first, ms("inter_token_latency_s", &mut out)?);
        out.figures.latency_ms = ms("end_to_end_latency_s", &mut out)?;
        for (key, mean) in [("number_input_tokens", mean_in), ("number_output_tokens", Some(mean_out))] {
            out.faults.extend(distribution(key, mean, &|label| of(key, label)));
        }
    }
    out.load.push(format!("{} requests", completed + failed));
    if let Some(n) = number("num_concurrent_requests")? {
        out.load.push(format!("concurrency {n}"));
        (out.run.concurrency, out.run.arrival) = (count(n), Some("closed".into()));
    }
    for (key, name) in [("input", "in"), ("output", "out")] {
        out.load.extend(number(&format!("mean_{key}_tokens"))?.map(|n| format!("{n} tokens {name}")));
        let spread = number(&format!("stddev_{key}_tokens"))?.filter(|n| *n > 0.0);
        out.load.extend(spread.map(|n| format!("deviation {n}")));
    }
    out.run.new_tokens_asked = number("mean_output_tokens")?.and_then(count).filter(|n| *n > 0);
    let when = match number("timestamp")? {
        Some(s) if (1e9..9e9).contains(&s) => When::Ended(Stamp::Utc((s * 1e9) as i64)),
        _ => When::Unknown,
    };
    let said = match when {
        When::Unknown => "the output tokens over their rate",
        _ => "`timestamp`, written after the run and to the second, less the output tokens over their rate",
    };
    out.put(line, when, said, sheet)
}
