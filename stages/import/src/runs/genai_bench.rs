//! genai-bench's result of one level of load, `..._num_concurrency_N_time_Ns.json`, and `experiment_metadata.json` given with it.
//!
//! `run_duration` (always s) is of all requests; means and `stats` leave out those of warm-up and cool-down, whose energy is in the
//! duration. So tokens are sums of `individual_request_metrics`. There are no clock times.

use super::{
    serving::{self, Serving, amount, at, must},
    sheet::{Sheet, count},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    source::Source,
};

pub const FORMAT: Format<Sheet> = Format {
    name: "genai-bench",
    about: "genai-bench's results, one file a level, with experiment_metadata.json",
    recognises,
    read,
};

fn recognises(head: &str) -> bool {
    is_metadata(head) || is_level(head)
}

fn is_level(head: &str) -> bool {
    head.contains("\"aggregated_metrics\"") && head.contains("\"run_duration\"")
}

fn is_metadata(head: &str) -> bool {
    head.contains("\"benchmark_version\"") && head.contains("\"traffic_scenario\"")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let metadata = match serving::beside(source, sheet, is_metadata).as_slice() {
        [] => None,
        [path] => Some(sheet.neighbours.object(path, &mut sheet.notes)?),
        [path, ..] => {
            let remedy = "import each experiment by itself";
            return Err(Fault::new("several experiments in one folder", quoted(&path.display().to_string()), remedy));
        }
    };
    for (line, entry) in serving::objects(text, sheet)? {
        if entry.get("aggregated_metrics").is_some() {
            level(line, &entry, metadata.as_deref(), sheet)?;
        } else if !serving::beside(source, sheet, is_level).is_empty() {
            sheet.accompany("what ran is read from here for the results beside it");
        }
    }
    serving::refuse_cut(sheet)
}

fn level(line: u64, entry: &Value, metadata: Option<&Value>, sheet: &mut Sheet) -> Result<()> {
    let all = entry.get("aggregated_metrics").unwrap_or(&Value::Null);
    let requests = entry.list("individual_request_metrics").unwrap_or(&[]);
    if requests.is_empty() {
        let remedy = "give the whole file of a level that sent requests";
        return Err(Fault::new("no request in it", "`individual_request_metrics` is empty or missing", remedy).at(line));
    }
    let mut out = Serving { seconds: must(line, all, "run_duration")?, ..Serving::default() };
    let (mut failed, mut prompt, mut reasoning) = (0.0, 0.0, 0.0);
    let (mut ttft, mut tpot) = ((0.0, 0.0), (0.0, 0.0));
    for request in requests {
        if !matches!(request.get("error_code"), None | Some(Value::Null)) {
            failed += 1.0;
            continue;
        }
        out.completed += 1.0;
        out.tokens += must(line, request, "num_output_tokens")?;
        prompt += must(line, request, "num_input_tokens")?;
        reasoning += amount(line, request, "num_reasoning_tokens")?.unwrap_or(0.0);
        for (sum, key) in [(&mut ttft, "ttft"), (&mut tpot, "tpot")] {
            if let Some(value) = amount(line, request, key)? {
                *sum = (sum.0 + value, sum.1 + 1.0);
            }
        }
    }
    let stated = amount(line, all, "num_requests")?;
    if let Some(missing) = stated.map(|n| n - requests.len() as f64).filter(|n| *n != 0.0) {
        let value =
            format!("`num_requests` is {}, {} requests are listed", missing + requests.len() as f64, requests.len());
        return Err(Fault::new("requests are missing", value, "give the file as the client wrote it").at(line));
    }
    check_stats(line, all, &out)?;
    let to_ms = match entry.text("_time_unit").unwrap_or("s") {
        "ms" => 1.0,
        "s" => 1e3,
        other => {
            return Err(Fault::new("a unit of time that is not known", quoted(other), "expected s or ms").at(line));
        }
    };
    let mean = |(sum, n): (f64, f64)| (n > 0.0).then(|| sum / n * to_ms);
    (out.run.ttft_ms, out.run.tpot_ms) = (mean(ttft), mean(tpot));
    (out.failed, out.prompt) = (Some(failed), Some(prompt));
    out.run.reasoning_tokens = count(reasoning).filter(|n| *n > 0);
    out.tokens_from =
        "sum of `num_output_tokens` of requests that completed: what the server counted, where it sent `usage`".into();
    load(line, all, requests.len(), &mut out)?;
    if let Some(metadata) = metadata {
        let text = |key: &str| metadata.text(key).unwrap_or("").to_string();
        (out.run.model, out.run.backend, out.run.device) =
            (text("model"), text("server_engine"), text("server_gpu_type"));
        out.run.accelerators = amount(line, metadata, "server_gpu_count")?.and_then(count).filter(|n| *n > 0);
    }
    sheet.notes.say(
        "requests that were running when the level ended are in no file: their tokens are not counted, their energy is",
    );
    out.put(line, When::Unknown, "`run_duration`, warm-up and cool-down included", sheet)
}

/// Statistics are of the requests without those of warm-up and cool-down: never more than all.
fn check_stats(line: u64, all: &Value, out: &Serving) -> Result<()> {
    let sum = amount(line, all, "stats.num_output_tokens.sum")?;
    let mean = amount(line, all, "stats.num_output_tokens.mean")?;
    let Some((sum, mean)) = sum.zip(mean).filter(|(_, mean)| *mean > 0.0) else { return Ok(()) };
    let counted = (sum / mean).round();
    let is_all = counted == out.completed;
    if is_all || sum > out.tokens {
        let how = "the requests add up to";
        serving::agree(line, ("`stats.num_output_tokens.sum`", Some(sum)), (how, out.tokens), 0.5)?;
    }
    let rate = amount(line, all, "mean_output_throughput_tokens_per_s")?.map(|r| r * out.seconds);
    serving::agree(
        line,
        ("`mean_output_throughput_tokens_per_s` x `run_duration` gives", rate),
        ("`stats` have", sum),
        0.5,
    )
}

fn load(line: u64, all: &Value, requests: usize, out: &mut Serving) -> Result<()> {
    out.load.push(format!("{requests} requests"));
    if let Some(n) = amount(line, all, "num_concurrency")? {
        out.load.push(format!("concurrency {n}"));
        (out.run.concurrency, out.run.arrival) = (count(n), Some("closed".into()));
    }
    out.load.extend(amount(line, all, "batch_size")?.filter(|n| *n != 1.0).map(|n| format!("batch {n}")));
    if let Some(scenario) = at(all, "scenario").and_then(Value::shown) {
        out.run.new_tokens_asked = asked(&scenario);
        out.load.push(scenario);
    }
    Ok(())
}

/// New tokens of `D(in,out)` and `N(in,sd)/(out,sd)`.
fn asked(scenario: &str) -> Option<i64> {
    let number = |text: &str| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    match scenario.chars().next()? {
        'D' => number(scenario.split(',').nth(1)?),
        'N' => number(scenario.split('/').nth(1)?.split(',').next()?),
        _ => None,
    }
}
