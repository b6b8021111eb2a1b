//! InferenceX's `agg_*.json` (rates a GPU, and energy) and the `result.json` of its client, given together or the latter alone.
//!
//! Fields: utils/process_result.py, utils/aggregate_power.py and utils/bench_serving/benchmark_serving.py. The aggregate has
//! neither counts nor
//! times. Its power log, gpu_metrics.csv, is nvidia-smi's and belongs to `import power`.

use super::{
    load::Load,
    serving::{self, agree, amount, must},
    sheet::{Sheet, count},
    vllm,
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::Value,
    source::Source,
    zone::Stamp,
};
use std::{path::PathBuf, rc::Rc};

pub const FORMAT: Format<Sheet> = Format {
    name: "inferencex",
    about: "InferenceX's result.json, with its aggregate",
    recognises: |head| is_result(head) || is_aggregate(head) || is_validation(head),
    read,
};

/// vLLM's names, and the ends of the benchmark.
pub fn is_result(head: &str) -> bool {
    head.contains("\"benchmark_start_time_unix\"")
        && head.contains("\"total_output_tokens\"")
        && head.contains("\"request_rate\"")
}

fn is_aggregate(head: &str) -> bool {
    head.contains("\"output_tput_per_gpu\"") && head.contains("\"hw\"")
}

fn is_validation(head: &str) -> bool {
    head.contains("\"telemetry_source\"") && head.contains("\"power_valid\"")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    if is_result(text) {
        let aggregates = aggregates(source, sheet)?;
        return serving::objects(text, sheet)?
            .iter()
            .try_for_each(|(line, result)| put(*line, result, &aggregates, sheet));
    }
    if serving::beside(source, sheet, is_result).is_empty() {
        let remedy = "give the result.json of the same benchmark with it";
        let what = "rates without counts and without the time that the benchmark took";
        return Err(Fault::new(
            what,
            quoted(if is_aggregate(text) { "output_tput_per_gpu" } else { "power_valid" }),
            remedy,
        )
        .at(1));
    }
    sheet.accompany("what ran and its energy are read from here for the result beside it");
    Ok(())
}

type Aggregate = (PathBuf, Rc<Value>);

/// The aggregate of this name, else all of the folder.
fn aggregates(source: Source, sheet: &mut Sheet) -> Result<Vec<Aggregate>> {
    let all = serving::beside(source, sheet, is_aggregate);
    let name = source.path.file_name().unwrap_or_default().to_string_lossy();
    let own =
        all.iter().position(|path| path.file_name().is_some_and(|f| f.to_string_lossy() == format!("agg_{name}")));
    let chosen = own.map_or(all.as_slice(), |at| &all[at..=at]);
    chosen.iter().map(|path| Ok((path.clone(), sheet.neighbours.object(path, &mut sheet.notes)?))).collect()
}

fn put(line: u64, result: &Value, aggregates: &[Aggregate], sheet: &mut Sheet) -> Result<()> {
    let (start, end) =
        (must(line, result, "benchmark_start_time_unix")?, must(line, result, "benchmark_end_time_unix")?);
    let seconds = must(line, result, "duration")?;
    agree(
        line,
        ("`duration`", Some(seconds)),
        ("`benchmark_end_time_unix` - `benchmark_start_time_unix` is", end - start),
        0.5,
    )?;
    let tokens = must(line, result, "total_output_tokens")?;
    let rate = amount(line, result, "output_throughput")?.map(|rate| rate * seconds);
    agree(line, ("`output_throughput` x `duration` gives", rate), ("`total_output_tokens` is", tokens), 0.5)?;
    let mut run = vllm::serving(line, result, sheet)?;
    run.role = Some("all".into());
    run.requests_completed = amount(line, result, "completed")?.and_then(count);
    let failed =
        amount(line, result, "num_prompts")?.zip(amount(line, result, "completed")?).map(|(all, done)| all - done);
    run.requests_failed = failed.and_then(count);
    run.concurrency = amount(line, result, "max_concurrency")?.and_then(count);
    match amount(line, result, "request_rate") {
        Ok(Some(rate)) => {
            run.offered_rate_per_s = Some(rate);
            let burstiness = amount(line, result, "burstiness")?;
            run.arrival = burstiness.map(|b| if b == 1.0 { "poisson".into() } else { "gamma".into() });
        }
        _ => run.arrival = Some("closed".into()),
    }
    run.tokens_from = Some(
        "`total_output_tokens`, of the requests that completed: counted by the server where it does, else \
    made of the texts"
            .into(),
    );
    let of_level = |aggregate: &Value| {
        let same = |key: &str, other: &str| match (aggregate.number(key), result.number(other)) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * b.abs(),
            _ => true,
        };
        let is_near = |name: &str| match (aggregate.number(name), result.number(&format!("{name}_ms"))) {
            (Some(seconds), Some(ms)) => (seconds * 1e3 - ms).abs() <= 1e-3 * ms.abs(),
            _ => true,
        };
        let times = ["ttft", "tpot", "itl", "e2el"].iter().flat_map(|t| [format!("mean_{t}"), format!("median_{t}")]);
        same("conc", "max_concurrency") && times.into_iter().all(|name| is_near(&name))
    };
    let fitting: Vec<&Aggregate> = aggregates.iter().filter(|(_, aggregate)| of_level(aggregate)).collect();
    match fitting.as_slice() {
        [] if aggregates.is_empty() => {}
        [] => {
            let value = quoted(&aggregates[0].0.display().to_string());
            return Err(
                Fault::new("an aggregate of another benchmark", value, "give the files of one benchmark").at(line)
            );
        }
        [(path, aggregate)] => describe(aggregate, seconds, tokens, &mut run).map_err(|f| f.of(path))?,
        [(path, _), ..] => {
            let value = quoted(&path.display().to_string());
            return Err(
                Fault::new("several aggregates fit one result", value, "give the files of one benchmark").at(line)
            );
        }
    }
    let ns = |s: f64| Stamp::Utc((s * 1e6).round() as i64 * 1000);
    let said = "`benchmark_start_time_unix` to `benchmark_end_time_unix`";
    sheet.add(line, run, Load::default(), When::Between(ns(start), ns(end)), said)
}

/// Adds what ran, and the energy that was measured, after a check of both against the result.
fn describe(aggregate: &Value, seconds: f64, tokens: f64, run: &mut super::sheet::Run) -> Result<()> {
    let number = |key: &str| amount(1, aggregate, key);
    let is = |key: &str| matches!(aggregate.get(key), Some(Value::Bool(true))) || aggregate.text(key) == Some("true");
    let gpus = if is("is_multinode") {
        number("num_prefill_gpu")?.zip(number("num_decode_gpu")?).map(|(a, b)| a + b)
    } else {
        number("tp")?
            .map(|tp| Ok::<f64, Fault>(tp * number("pp")?.unwrap_or(1.0) * number("pcp_size")?.unwrap_or(1.0)))
            .transpose()?
    };
    let Some(gpus) = gpus.filter(|n| *n >= 1.0) else {
        let remedy = "give the aggregate as InferenceX wrote it";
        return Err(Fault::new("no number of GPUs", quoted("tp"), remedy).at(1));
    };
    let rate = number("output_tput_per_gpu")?.map(|rate| rate * gpus * seconds);
    agree(1, ("`output_tput_per_gpu` x GPUs x `duration` gives", rate), ("`total_output_tokens` is", tokens), 0.5)?;
    let text = |key: &str| aggregate.text(key).unwrap_or("").to_string();
    (run.device, run.dtype) = (text("hw"), text("precision"));
    run.accelerators = count(gpus);
    if !text("framework").is_empty() {
        run.backend = text("framework");
    }
    if run.model.is_empty() {
        run.model = text("model");
    }
    run.library = Some(text("image")).filter(|t| !t.is_empty());
    run.new_tokens_asked = number("osl")?.and_then(count);
    for key in ["isl", "osl", "tp", "pp", "ep"] {
        let shown = number(key)?.filter(|n| key.ends_with("sl") || *n > 1.0);
        run.scenario += &shown.map(|n| format!(", {key} {n}")).unwrap_or_default();
    }
    if aggregate.text("spec_decoding").is_some_and(|t| t != "none") {
        run.scenario += &format!(", spec_decoding {}", text("spec_decoding"));
    }
    if number("power_valid")? == Some(1.0) {
        let joules = number("total_gpu_energy_j")?;
        let power = number("avg_total_gpu_power_w")?.map(|watts| watts * seconds);
        if let Some(joules) = joules {
            agree(1, ("`avg_total_gpu_power_w` x `duration` gives", power), ("`total_gpu_energy_j` is", joules), 0.0)?;
            let each = number("joules_per_output_token")?.map(|j| j * tokens);
            agree(1, ("`joules_per_output_token` x tokens gives", each), ("`total_gpu_energy_j` is", joules), 0.0)?;
        }
        run.reported_gpu_j = joules;
    }
    Ok(())
}
