//! vLLM's `bench serve --save-result`, also with `--append-result` and `--save-detailed`.
//!
//! Fields: vllm/benchmarks/serve.py. `date` is the local time, to the second, at which the result was put together after the last
//! request. The tokens are those of requests that completed; the time and the energy are of all of them.

use super::{
    energy,
    figures::{self, Figures, distribution, short},
    load::Load,
    serving::compare_asked,
    sheet::{Run, Sheet, count, generate, set_prompt},
    window::{self, When},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::{self, Value},
    source::Source,
    zone::{DateOrder, stamp},
};

pub const FORMAT: Format<Sheet> =
    Format { name: "vllm", about: "vLLM's bench serve: JSON, one or several in a file", recognises, read };

fn recognises(head: &str) -> bool {
    let keys = ["\"duration\"", "\"completed\"", "\"total_output_tokens\""];
    let other = super::sglang::recognises(head) || super::inferencex::is_result(head);
    keys.iter().all(|key| head.contains(key)) && !other
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    each(text, sheet, &|line, result, sheet| {
        let when = match result.text("date") {
            Some(date) => When::Ended(
                window::compact(date)
                    .or_else(|fault| stamp(date, DateOrder::Unknown).map_err(|_| fault))
                    .map_err(|f| f.at(line))?,
            ),
            None => When::Unknown,
        };
        let said = match when {
            When::Unknown => "`duration`",
            _ => "`date`, stamped after the run and to the second, less `duration`",
        };
        let run = serving(line, &result, sheet)?;
        sheet.add(line, run, load(&result), when, said)
    })
}

/// Calls `take` with every result of a file.
pub fn each(text: &str, sheet: &mut Sheet, take: &dyn Fn(u64, Value, &mut Sheet) -> Result<()>) -> Result<()> {
    let mut results = Vec::new();
    json::entries(text, &mut sheet.notes, &mut |line, result, _| {
        results.push((line, result));
        Ok(())
    })?;
    results.into_iter().try_for_each(|(line, result)| take(line, result, sheet))
}

/// A whole serving benchmark as one iteration: its requests are the batch, so that its rate is that of the machine under load.
pub fn serving(line: u64, result: &Value, sheet: &mut Sheet) -> Result<Run> {
    let must = |key: &str| {
        let value = result.get(key).and_then(Value::shown).unwrap_or_else(|| "nothing".into());
        let missing =
            || Fault::new(format!("`{key}` is missing or no number"), quoted(&value), "give the whole result");
        result.number(key).filter(|n| *n >= 0.0).ok_or_else(|| missing().at(line))
    };
    let (duration, completed, counted) = (must("duration")?, must("completed")?, must("total_output_tokens")?);
    for key in COUNTS {
        let found = result.get(key).filter(|v| !matches!(v, Value::Null) && v.as_f64().is_none());
        if let Some(value) = found.and_then(Value::shown) {
            let remedy = "give the whole result";
            return Err(Fault::new(format!("`{key}` is no number"), quoted(&value), remedy).at(line));
        }
    }
    // SGLang gives a text for each request, empty where it went well.
    let wrong =
        |errors: &[Value]| errors.iter().filter(|e| matches!(e, Value::Text(e) if !e.trim().is_empty())).count();
    let failed = result.number("failed").or(result.list("errors").map(|errors| wrong(errors) as f64));
    let planned = result.number("num_prompts").or(failed.map(|f| f + completed));
    let figures = figures(result, duration, completed, counted, failed);
    let mut doubts = figures.check(line)?;
    let (tokens, from) = tokens(line, result, &figures, &mut doubts)?;
    let input = result.number("total_input_tokens");
    let mut run = generate(scenario(result, planned));
    let text = |keys: &[&str]| keys.iter().find_map(|k| result.text(k)).unwrap_or("").to_string();
    // What the client spoke is not what served: `openai` is the protocol of them all.
    run.backend = text(&["backend", "endpoint_type"]);
    if run.backend.starts_with("openai") {
        run.backend.clear();
    }
    run.model = text(&["model_id", "model", "model_name"]);
    if let (true, Some(server)) = (run.model.is_empty(), result.get("server_info")) {
        run.model = ["model_path", "served_model_name"].iter().find_map(|k| server.text(k)).unwrap_or("").into();
        run.dtype = server.text("dtype").filter(|d| *d != "auto").unwrap_or("").into();
    }
    run.device = text(DEVICE);
    run.batch = count(completed).unwrap_or(0);
    set_prompt(&mut run, input);
    run.new_tokens_asked = asked(result).and_then(count);
    run.tokens_generated = count(tokens);
    run.tokens_from = Some(from);
    run.latency_ms = Some(duration * 1e3);
    let mut time = |name: &str| {
        let mean = result.number(&format!("mean_{name}_ms")).filter(|_| completed > 0.0);
        match spread(result, name) {
            None => mean,
            Some(doubt) => {
                doubts.push(doubt + ": left out");
                None
            }
        }
    };
    (run.ttft_ms, run.tpot_ms) = (time("ttft"), time("tpot"));
    served(&mut run, result, planned);
    (run.requests_completed, run.requests_failed) = (count(completed), failed.and_then(count));
    run.requests_failed = run.requests_failed.or(planned.and_then(|n| count(n - completed)));
    if let Some(failed) = planned.map(|n| n - completed).filter(|n| *n >= 1.0) {
        let asked = completed + failed;
        run.reason = Some(format!(
            "{failed} of {asked} requests failed, {completed} completed: their tokens are not counted, \
             their time and energy are"
        ));
    }
    for note in energy::read(result, &mut run, false) {
        sheet.notes.line(line, &note);
    }
    run.reason = figures::join(run.reason, doubts);
    if completed == 0.0 || tokens == 0.0 {
        run.status = "failed".into();
        run.reason = Some(format!("no token was generated, {completed} requests completed"));
    }
    compare_asked(line, &run, sheet);
    if result.number("mean_tpot_ms").is_none() && result.get("mean_tpot_ms").is_some() {
        sheet.notes.line(line, "`mean_tpot_ms` is no number, left out");
    }
    Ok(run)
}

/// Counts that are numbers wherever they are.
const COUNTS: &[&str] =
    &["num_prompts", "failed", "total_input_tokens", "max_concurrency", "total_output_tokens_retokenized"];
const DEVICE: &[&str] = &["gpu", "gpu_model", "gpu_name", "gpu_type", "device", "accelerator", "hardware"];

/// Fields that are columns, or in the scenario already.
const KNOWN: &[&str] = &[
    "backend",
    "label",
    "model_id",
    "model",
    "model_name",
    "gpu",
    "gpu_model",
    "gpu_name",
    "gpu_type",
    "device",
    "accelerator",
    "hardware",
    "num_prompts",
    "request_rate",
    "max_concurrency",
    "concurrency",
];

/// What else the result says of its load and of what answered.
pub fn load(result: &Value) -> Load {
    let mut load = Load { names_lengths: true, ..Load::of(result, KNOWN) };
    // The protocol that the client spoke.
    if let Some(spoken) = result.text("backend").filter(|b| b.contains("openai") || b.ends_with("chat")) {
        load.set("protocol", spoken);
    }
    load
}

fn asked(result: &Value) -> Option<f64> {
    result.any(&["random_output_len", "output_len", "sharegpt_output_len", "max_output_len", "max_tokens"])
}

fn figures(result: &Value, duration: f64, completed: f64, tokens: f64, failed: Option<f64>) -> Figures {
    let number = |key: &str| result.number(key);
    // A range of lengths was asked for unless its ratio is none (0 of vLLM, 1 of SGLang).
    let is_range = number("random_range_ratio").is_some_and(|ratio| ratio != 0.0 && ratio != 1.0);
    Figures {
        duration_s: Some(duration),
        planned: number("num_prompts"),
        completed: Some(completed),
        failed,
        input_tokens: number("total_input_tokens"),
        output_tokens: Some(tokens),
        asked: asked(result).filter(|_| !is_range),
        requests_per_s: number("request_throughput"),
        input_per_s: number("input_throughput"),
        output_per_s: number("output_throughput"),
        total_per_s: result.any(&["total_token_throughput", "total_throughput"]),
        peak_output_per_s: number("max_output_tokens_per_s"),
        ttft_ms: number("mean_ttft_ms"),
        tpot_ms: number("mean_tpot_ms"),
        itl_ms: number("mean_itl_ms"),
        latency_ms: result.any(&["mean_e2el_ms", "mean_e2e_latency_ms"]),
        max_concurrency: number("max_concurrency"),
        concurrency: number("concurrency").filter(|_| result.get("mean_e2e_latency_ms").is_some()),
        is_closed: number("max_concurrency").is_some() && number("request_rate").is_none_or(f64::is_infinite),
        is_approximate: false,
    }
}

/// What is wrong with the percentiles of a time.
fn spread(result: &Value, name: &str) -> Option<String> {
    let at = |begin: &str| result.number(&format!("{begin}_{name}_ms"));
    distribution(name, at("mean"), &at)
}

/// The better count of output tokens, and where it is from. Lengths that add up to another sum are refused.
fn tokens(line: u64, result: &Value, figures: &Figures, doubts: &mut Vec<String>) -> Result<(f64, String)> {
    let counted = figures.output_tokens.unwrap_or(0.0);
    for (lens, total, what) in [
        ("output_lens", Some(counted), "total_output_tokens"),
        ("input_lens", figures.input_tokens, "total_input_tokens"),
    ] {
        let (Some(lengths), Some(total)) = (result.list(lens), total) else { continue };
        let sum: f64 = lengths.iter().filter_map(Value::as_f64).sum();
        // Of prompts those of failed requests are listed too.
        let longest = lengths.iter().filter_map(Value::as_f64).fold(0.0, f64::max);
        let of_failed = if lens == "output_lens" { 0.0 } else { figures.failed.unwrap_or(0.0) * longest };
        let slack = 0.01 * sum.max(total);
        if !lengths.is_empty() && (total > sum + slack || total < sum - of_failed - slack) {
            let value = format!("{} and {}", short(total), short(sum));
            let what = format!("`{what}` is not the sum of `{lens}`");
            return Err(Fault::new(what, value, "correct the result or run the benchmark again").at(line));
        }
    }
    let answered = result.list("output_lens").map(|all| all.iter().filter(|n| n.as_f64() > Some(0.0)).count() as f64);
    if let Some((answered, completed)) = answered.zip(figures.completed).filter(|(a, n)| a > n) {
        doubts.push(format!("{answered} requests have output tokens, {completed} completed"));
    }
    let plain = || "`total_output_tokens`, of the requests that completed".to_string();
    let Some(again) = result.number("total_output_tokens_retokenized").filter(|n| *n > 0.0) else {
        return Ok((counted, plain()));
    };
    let is_server = "`total_output_tokens`, as the server counted them".to_string();
    if (again - counted).abs() <= 0.01 * again.max(counted) {
        return Ok((counted, is_server));
    }
    let is_asked = figures.asked.zip(figures.completed).is_some_and(|(each, n)| each * n == counted);
    // Clients of other servers than SGLang's own count what they asked for where the answer has no usage.
    let by_client = result.text("backend").is_some_and(|b| !matches!(b, "sglang" | "sglang-native"));
    let why = if is_asked { "exactly what was asked for" } else { "counted by the client" };
    if is_asked || by_client {
        doubts.push(format!(
            "{} output tokens are {why}, and the text has {}: these are taken",
            short(counted),
            short(again)
        ));
        return Ok((again, "`total_output_tokens_retokenized`, the text that came, tokenised again".into()));
    }
    doubts.push(format!(
        "the server counted {} output tokens, and the text has {}: those of the server are taken",
        short(counted),
        short(again)
    ));
    Ok((counted, is_server))
}

/// How requests came.
fn served(run: &mut Run, result: &Value, planned: Option<f64>) {
    let most = result.number("max_concurrency").filter(|n| *n >= 1.0);
    run.role = Some("all".into());
    run.concurrency = most.map(|most| planned.filter(|n| *n >= 1.0).map_or(most, |n| n.min(most))).and_then(count);
    run.offered_rate_per_s = result.number("request_rate").filter(|rate| *rate > 0.0);
    let poisson = result.number("burstiness").is_none_or(|b| b == 1.0);
    run.arrival = match (run.offered_rate_per_s, most) {
        (Some(_), _) if poisson => Some("poisson".into()),
        (Some(_), _) => Some("gamma".into()),
        (None, Some(_)) => Some("closed".into()),
        (None, None) => None,
    };
    let total = |keys: &[&str]| result.any(keys).and_then(count);
    run.cached_prompt_tokens = total(&["total_cached_tokens", "cached_prompt_tokens", "total_prefix_cached_tokens"]);
    run.reasoning_tokens = total(&["total_reasoning_tokens", "reasoning_tokens"]);
}

/// What tells one load from another: the label, or number, rate and concurrency. The sheet adds the lengths.
fn scenario(result: &Value, planned: Option<f64>) -> String {
    let rate = match result.get("request_rate") {
        Some(Value::NotFinite(_)) | None | Some(Value::Null) => "unlimited".into(),
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("inf") => "unlimited".into(),
        Some(value) => value.shown().unwrap_or_else(|| "unknown".into()),
    };
    let mut parts: Vec<String> = Vec::new();
    parts.extend(result.text("label").map(str::to_string));
    parts.extend(planned.map(|n| format!("{n} requests")));
    parts.push(format!("rate {rate}"));
    parts.extend(result.number("max_concurrency").map(|c| format!("concurrency {c}")));
    parts.join(", ")
}
