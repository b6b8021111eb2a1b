//! optimum-benchmark's `benchmark_report.json` (phases alone) and `benchmark.json` (configuration and report), inference scenario.
//!
//! Shapes: optimum_benchmark/scenarios/inference/scenario.py and trackers/energy.py. Energies are kWh of one iteration: the tracker
//! divides by their number. Tokens are never counted: the decode phase is taken for `batch x (max_new_tokens - 1)`.

use super::{
    accelerators,
    figures::{self, short},
    load::Load,
    sheet::{self, Run, Sheet, count, set_prompt},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    json::{self, Value},
    source::Source,
};

pub const FORMAT: Format<Sheet> = Format {
    name: "optimum-benchmark",
    about: "optimum-benchmark's benchmark_report.json and benchmark.json",
    recognises,
    read,
};

fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    has("\"load_model\"") && has("\"latency\"")
        || has("\"prefill\"") && has("\"efficiency\"")
        || has("\"_target_\"") && has("optimum_benchmark")
}

const J_PER_KWH: f64 = 3.6e6;

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    let mut reports = Vec::new();
    json::entries(text, &mut sheet.notes, &mut |line, entry, _| {
        reports.push((line, entry));
        Ok(())
    })?;
    reports.iter().try_for_each(|(line, entry)| report(*line, entry, sheet))
}

/// Prefill, decoding and both together are three scenarios of one model: they overlap and are not to be added.
fn report(line: u64, entry: &Value, sheet: &mut Sheet) -> Result<()> {
    let phases = entry.get("report").unwrap_or(entry);
    let ran = Ran::of(entry.get("config"));
    let phase = |name: &str| phases.get(name).filter(|p| mean_s(p).is_some());
    for name in ["prefill", "decode", "generate"] {
        if phases.get(name).is_some_and(|p| *p != Value::Null) && phase(name).is_none() {
            sheet.notes.line(line, &format!("phase `{name}` has no mean latency, left out"));
        }
    }
    let (prefill, decode, generate) = (phase("prefill"), phase("decode"), phase("generate"));
    if prefill.or(decode).or(generate).is_none() {
        let known = match phases {
            Value::Map(pairs) => pairs.iter().map(|(k, _)| k.as_str()).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        };
        let remedy = "give the report of an inference scenario of text generation";
        return Err(Fault::new("none of the phases prefill, decode and generate", quoted(&known), remedy).at(line));
    }
    let batch = ran.batch.or(generate.and_then(samples)).or(generate.and_then(samples_by_energy));
    if batch.is_none() {
        sheet.notes.line(line, "nothing says how many sequences ran at once: the batch is taken for 1");
    }
    let batch = batch.unwrap_or(1.0).round().max(1.0);
    let tokens = decode.and_then(|d| rate(d, "tokens/s").zip(mean_s(d)).map(|(rate, s)| (rate * s).round()));
    let tokens = tokens.or(ran.new_tokens.map(|n| batch * (n - 1.0))).filter(|t| *t >= 1.0);
    let prompt =
        ran.prompt.map(|n| n * batch).or(prefill.and_then(|p| Some((rate(p, "tokens/s")? * mean_s(p)?).round())));
    let assumed = "assumed: batch x (max_new_tokens - 1), as the report's decode phase has it; nothing was counted";
    let nothing = Value::Null;
    let config = entry.get("config").unwrap_or(&nothing);
    // The environment counts the machine's GPUs, not those that ran.
    let counts = ["backend", "launcher"]
        .iter()
        .filter_map(|part| config.get(part))
        .flat_map(|part| accelerators::stated(part).0)
        .collect();
    let load = Load { counts, ..Load::of(config, KNOWN) };
    let fill = |run: &mut Run, phase: &Value| -> Result<()> {
        (run.model, run.backend, run.dtype) = (ran.model.clone(), ran.backend.clone(), ran.dtype.clone());
        (run.device, run.library) = (ran.device.clone(), ran.library.clone());
        run.batch = count(batch).unwrap_or(1);
        let latency = phase.get("latency");
        run.iterations = Some(iterations(line, latency.unwrap_or(&nothing))?);
        run.latency_ms = mean_s(phase).map(|s| s * 1e3);
        let asked = ran.new_tokens.map(|n| batch * (n - 1.0)).filter(|_| run.mode == "generate").zip(tokens);
        let mut doubts = doubts(phase, asked);
        let sampled = samples(phase).zip(samples_by_energy(phase)).filter(|(a, b)| differ(*a, *b));
        if let Some((a, b)) = sampled {
            doubts.push(format!("{} sequences by the rate, {} by the efficiency", short(a), short(b)));
        }
        run.reason = figures::join(None, doubts);
        energy(run, phase, line)
    };
    let length = "the mean latency x the number of iterations";
    if let (Some(phase), Some(_)) = (prefill, prompt) {
        let mut run = sheet::prefill("prefill");
        fill(&mut run, phase)?;
        set_prompt(&mut run, prompt);
        sheet.add(line, run, load.clone(), When::Unknown, length)?;
    }
    let Some(tokens) = tokens else {
        sheet.notes.line(line, "no rate of decoding and no max_new_tokens: decode and generate are left out");
        return Ok(());
    };
    for (name, phase) in [("decode", decode), ("generate", generate)] {
        let Some(phase) = phase else { continue };
        let mut run = sheet::generate(name);
        fill(&mut run, phase)?;
        set_prompt(&mut run, if name == "generate" { prompt } else { Some(0.0) });
        run.new_tokens_asked = count(tokens / batch);
        run.tokens_generated = count(tokens);
        run.tokens_from = Some(assumed.into());
        if name == "generate" {
            run.ttft_ms = prefill.and_then(mean_s).map(|s| s * 1e3);
            run.tpot_ms = phases.get("per_token").and_then(mean_s).map(|s| s * 1e3);
            let by_token = run.tpot_ms.map(|ms| ms * tokens / batch);
            let both = by_token.zip(decode.and_then(mean_s).map(|s| s * 1e3));
            if let Some((a, b)) = both.filter(|(a, b)| *a > 1.5 * b || *a < b / 1.5) {
                let doubt = format!("decoding takes {} ms, its tokens {} ms: left out", short(b), short(a));
                (run.tpot_ms, run.reason) = (None, figures::join(run.reason, vec![doubt]));
            }
        }
        sheet.add(line, run, load.clone(), When::Unknown, length)?;
    }
    sheet
        .notes
        .line(line, "new tokens were not counted but assumed: an end before the last token makes the rate too good");
    Ok(())
}

/// Fields that are columns, or say nothing of the load.
const KNOWN: &[&str] =
    &["name", "model", "torch_dtype", "device", "gpu", "_target_", "processor", "generate_kwargs_path"];

fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 0.01 * a.max(b)
}

/// Iterations of a phase: their number, else that of their values, else the total over the mean.
fn iterations(line: u64, latency: &Value) -> Result<i64> {
    let of_values = latency.list("values").map(|all| all.len() as f64).filter(|n| *n > 0.0);
    let of_total = latency.number("total").zip(latency.number("mean")).map(|(total, mean)| (total / mean).round());
    let found = match latency.get("count") {
        None | Some(Value::Null) => of_values.or(of_total),
        Some(stated) => stated.as_f64(),
    };
    let unknown = || {
        let value = latency.get("count").and_then(Value::shown).unwrap_or_else(|| "nothing".into());
        Fault::new("`latency.count` is no number of iterations", quoted(&value), "give the whole report").at(line)
    };
    found.and_then(count).filter(|n| *n > 0 && Some(*n as f64) == found).ok_or_else(unknown)
}

/// Times that do not add up, and tokens that are not those asked for.
fn doubts(phase: &Value, asked: Option<(f64, f64)>) -> Vec<String> {
    let mut doubts = Vec::new();
    if let Some((asked, tokens)) = asked.filter(|(a, b)| differ(*a, *b)) {
        let (a, b) = (short(asked), short(tokens));
        doubts.push(format!("{a} tokens were to be decoded, {b} are the rate x the time"));
    }
    let Some(latency) = phase.get("latency") else { return doubts };
    let (mean, count) = (latency.number("mean"), latency.number("count"));
    if let Some((mean, total)) = mean.zip(count).map(|(mean, n)| mean * n).zip(latency.number("total"))
        && differ(mean, total)
    {
        doubts.push(format!("the latencies add up to {}, their mean x their number is {}", short(total), short(mean)));
    }
    let values: Vec<f64> = latency.list("values").unwrap_or(&[]).iter().filter_map(Value::as_f64).collect();
    let of_values = values.iter().sum::<f64>() / values.len().max(1) as f64;
    if let Some(mean) = mean.filter(|mean| !values.is_empty() && differ(*mean, of_values)) {
        doubts.push(format!("the mean latency is {}, that of its values {}", short(mean), short(of_values)));
    }
    let (energy, efficiency) = (phase.get("energy"), phase.get("efficiency"));
    let kwh = energy.and_then(|e| e.number("total"));
    let parts = energy.map_or(0.0, |e| ["cpu", "gpu", "ram"].iter().filter_map(|part| e.number(part)).sum());
    if let Some(total) = kwh.filter(|total| parts > 0.0 && differ(parts, *total)) {
        doubts.push(format!("the energies of cpu, gpu and ram add up to {parts:.3e} kWh, their total is {total:.3e}"));
    }
    let each = efficiency.filter(|e| e.text("unit") == Some("tokens/kWh")).and_then(|e| e.number("value"));
    let counted = rate(phase, "tokens/s").zip(mean_s(phase)).map(|(rate, s)| rate * s);
    if let (Some(by_energy), Some(counted)) = (kwh.zip(each).map(|(kwh, each)| kwh * each), counted)
        && differ(by_energy, counted)
    {
        doubts.push(format!("{} tokens by the rate, {} by the efficiency", short(counted), short(by_energy)));
    }
    doubts
}

fn mean_s(phase: &Value) -> Option<f64> {
    let latency = phase.get("latency")?;
    let factor = if latency.text("unit") == Some("ms") { 1e-3 } else { 1.0 };
    latency.number("mean").filter(|s| *s > 0.0).map(|s| s * factor)
}

fn rate(phase: &Value, unit: &str) -> Option<f64> {
    let throughput = phase.get("throughput")?;
    throughput.number("value").filter(|v| throughput.text("unit") == Some(unit) && *v > 0.0)
}

/// Sequences of one iteration, of a phase whose rate is in them.
fn samples(phase: &Value) -> Option<f64> {
    Some(rate(phase, "samples/s")? * mean_s(phase)?)
}

/// The same by the efficiency and the energy.
fn samples_by_energy(phase: &Value) -> Option<f64> {
    let each = phase.get("efficiency").filter(|e| e.text("unit") == Some("samples/kWh"))?.number("value")?;
    Some(each * phase.get("energy")?.number("total")?).filter(|n| *n > 0.0)
}

/// Energy of all iterations, by what it is of. Another unit than kWh is refused.
fn energy(run: &mut Run, phase: &Value, line: u64) -> Result<()> {
    let Some(energy) = phase.get("energy").filter(|e| **e != Value::Null) else { return Ok(()) };
    let unit = energy.text("unit").unwrap_or("");
    if unit != "kWh" {
        return Err(Fault::new("an energy that is not in kWh", quoted(unit), "correct the report").at(line));
    }
    let iterations = run.iterations.unwrap_or(1) as f64;
    let joule = |key: &str| energy.number(key).filter(|kwh| *kwh > 0.0).map(|kwh| kwh * J_PER_KWH * iterations);
    run.reported_gpu_j = joule("gpu");
    run.reported_cpu_package_j = joule("cpu");
    run.reported_dram_j = joule("ram");
    if run.reported_gpu_j.or(run.reported_cpu_package_j).or(run.reported_dram_j).is_none() {
        run.reported_node_j = joule("total");
    }
    Ok(())
}

/// What `benchmark.json` says of what ran; a report alone says nothing.
#[derive(Default)]
struct Ran {
    model: String,
    backend: String,
    dtype: String,
    device: String,
    library: Option<String>,
    batch: Option<f64>,
    prompt: Option<f64>,
    new_tokens: Option<f64>,
}

impl Ran {
    fn of(config: Option<&Value>) -> Self {
        let Some(config) = config else { return Ran::default() };
        let nothing = Value::Null;
        let part = |name: &str| config.get(name).unwrap_or(&nothing);
        let (backend, scenario, environment) = (part("backend"), part("scenario"), part("environment"));
        let text = |from: &Value, key: &str| from.text(key).unwrap_or("").to_string();
        let gpus: Vec<String> = environment.list("gpu").unwrap_or(&[]).iter().filter_map(Value::shown).collect();
        let shapes = scenario.get("input_shapes");
        let generation = scenario.get("generate_kwargs");
        let number = |from: Option<&Value>, key: &str| from.and_then(|v| v.number(key));
        let version = environment.text("optimum_benchmark_version");
        Ran {
            model: text(backend, "model"),
            backend: text(backend, "name"),
            dtype: text(backend, "torch_dtype"),
            device: if backend.text("device") == Some("cpu") {
                "cpu".into()
            } else {
                gpus.first().cloned().unwrap_or_default()
            },
            library: version.map(|v| format!("optimum-benchmark {v}")),
            batch: number(shapes, "batch_size"),
            prompt: number(shapes, "sequence_length"),
            new_tokens: number(generation, "max_new_tokens"),
        }
    }
}
