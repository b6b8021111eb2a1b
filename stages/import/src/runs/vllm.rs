//! vLLM's `bench serve --save-result`, also with `--append-result` and `--save-detailed`.
//!
//! Fields: vllm/benchmarks/serve.py. `date` is the local time, to the second, at which the result was put together after the last
//! request. The tokens are those of requests that completed; the time and the energy are of all of them.

use super::{
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
        sheet.run(line, run, when, said)
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
    let (duration, completed, tokens) = (must("duration")?, must("completed")?, must("total_output_tokens")?);
    // SGLang gives a text for each request, empty where it went well.
    let wrong =
        |errors: &[Value]| errors.iter().filter(|e| matches!(e, Value::Text(e) if !e.trim().is_empty())).count();
    let failed = result.number("failed").or(result.list("errors").map(|errors| wrong(errors) as f64));
    let asked = result.number("num_prompts").or(failed.map(|f| f + completed));
    let input = result.number("total_input_tokens");
    let mut run = generate(scenario(result, asked, input));
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
    run.device = text(&["gpu", "gpu_model", "gpu_name", "device"]);
    run.batch = count(completed).unwrap_or(0);
    set_prompt(&mut run, input);
    run.new_tokens_asked =
        result.any(&["random_output_len", "output_len", "sharegpt_output_len", "max_output_len"]).and_then(count);
    run.tokens_generated = count(tokens);
    run.tokens_from = Some("`total_output_tokens`, of the requests that completed".into());
    run.latency_ms = Some(duration * 1e3);
    run.ttft_ms = result.number("mean_ttft_ms").filter(|_| completed > 0.0);
    run.tpot_ms = result.number("mean_tpot_ms").filter(|_| completed > 0.0);
    if let Some(failed) = asked.map(|n| n - completed).filter(|n| *n >= 1.0) {
        let asked = completed + failed;
        run.reason = Some(format!(
            "{failed} of {asked} requests failed, {completed} completed: their tokens are not counted, \
             their time and energy are"
        ));
    }
    if completed == 0.0 || tokens == 0.0 {
        run.status = "failed".into();
        run.reason = Some(format!("no token was generated, {completed} requests completed"));
    }
    if let Some(asked) = run.new_tokens_asked.filter(|a| completed > 0.0 && tokens / completed < *a as f64 - 0.5) {
        let note = format!(
            "the mean output is {:.0} of {asked} tokens that were asked for: the tokens that came are counted",
            tokens / completed
        );
        sheet.notes.line(line, &note);
    }
    if let Some(lengths) = result.list("output_lens") {
        let sum: f64 = lengths.iter().filter_map(Value::as_f64).sum();
        if (sum - tokens).abs() > 0.5 {
            sheet
                .notes
                .line(line, &format!("`output_lens` add up to {sum}, `total_output_tokens` is {tokens} and is taken"));
        }
    }
    if result.number("mean_tpot_ms").is_none() && result.get("mean_tpot_ms").is_some() {
        sheet.notes.line(line, "`mean_tpot_ms` is no number, left out");
    }
    Ok(run)
}

/// What tells one load from another: the label, or number, rate, concurrency and mean prompt.
fn scenario(result: &Value, asked: Option<f64>, input: Option<f64>) -> String {
    let rate = match result.get("request_rate") {
        Some(Value::NotFinite(_)) | None | Some(Value::Null) => "unlimited".into(),
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("inf") => "unlimited".into(),
        Some(value) => value.shown().unwrap_or_else(|| "unknown".into()),
    };
    let mut parts: Vec<String> = Vec::new();
    parts.extend(result.text("label").map(str::to_string));
    parts.extend(asked.map(|n| format!("{n} requests")));
    parts.push(format!("rate {rate}"));
    parts.extend(result.number("max_concurrency").map(|c| format!("concurrency {c}")));
    let mean = asked.zip(input).filter(|(n, _)| *n > 0.0).map(|(n, tokens)| format!("{:.0} tokens in", tokens / n));
    parts.extend(mean);
    parts.join(", ")
}
