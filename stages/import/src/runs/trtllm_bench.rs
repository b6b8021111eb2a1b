//! TensorRT-LLM's `trtllm-bench throughput` and `latency`, `--report_json`: one report a benchmark, without clock times.
//!
//! Fields: tensorrt_llm/bench/dataclasses/reporting.py. Lengths are token ids of the engine, the latency in ms is of all requests.

use super::{
    serving::{self, Serving, agree, amount, at, must, whole},
    sheet::{Sheet, count},
    window::When,
};
use crate::read::{
    fault::{Fault, Result},
    format::Format,
    json::Value,
    source::Source,
};

pub const FORMAT: Format<Sheet> =
    Format { name: "trtllm-bench", about: "TensorRT-LLM's trtllm-bench --report_json", recognises, read };

fn recognises(head: &str) -> bool {
    head.contains("\"request_info\"") && head.contains("\"total_latency_ms\"")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    serving::objects(text, sheet)?.iter().try_for_each(|(line, report)| put(*line, report, sheet))
}

fn put(line: u64, report: &Value, sheet: &mut Sheet) -> Result<()> {
    let requests = whole(line, report, "request_info.num_requests")?;
    let (input, output) =
        (amount(line, report, "request_info.avg_input_length")?, must(line, report, "request_info.avg_output_length")?);
    let seconds = must(line, report, "performance.total_latency_ms")? / 1e3;
    let number = |path: &str| amount(line, report, path);
    if requests == 0.0 {
        let remedy = "give the result of a benchmark that sent requests";
        return Err(Fault::new("no request was sent", "0 completed, 0 failed", remedy).at(line));
    }
    let tokens = requests * output;
    let how = ("`num_requests` x `avg_output_length` is", tokens);
    let of = |rate: Option<f64>, times: f64| rate.map(|rate| rate * times);
    let rate = number("performance.system_output_throughput_tok_s")?;
    agree(line, ("`system_output_throughput_tok_s` x `total_latency_ms` gives", of(rate, seconds)), how, 0.5)?;
    let gpus = number("world_info.world_size")?.filter(|n| *n > 0.0);
    let rate = number("performance.output_throughput_per_gpu_tok_s")?;
    let name = "`output_throughput_per_gpu_tok_s` x `world_size` x `total_latency_ms` gives";
    agree(line, (name, gpus.and_then(|n| of(rate, seconds * n))), how, 0.5)?;
    let mut out = Serving { completed: requests, tokens, seconds, ..Serving::default() };
    out.prompt = input.map(|n| n * requests);
    out.tokens_from = "`num_requests` x `avg_output_length`: token ids that the engine made".into();
    let text = |path: &str| at(report, path).and_then(Value::shown).filter(|t| t != "None").unwrap_or_default();
    out.run.model = text("engine.model");
    out.run.device = text("machine.name");
    let sizes = ["tp_size", "pp_size"].map(|key| number(&format!("world_info.{key}")));
    let [tensor, pipeline] = sizes;
    let parallel = tensor?.zip(pipeline?.or(Some(1.0))).map(|(tensor, pipeline)| tensor * pipeline);
    out.run.accelerators = gpus.or(parallel).and_then(count);
    let (dtype, quantized) = (text("engine.dtype"), text("engine.quantization"));
    out.run.dtype = if quantized.is_empty() { dtype } else { quantized };
    out.run.backend = "TensorRT-LLM".into();
    out.run.library = Some(text("engine.version")).filter(|v| !v.is_empty()).map(|v| format!("TensorRT-LLM {v}"));
    let time = |mean: &str, all: &str, out: &mut Serving| -> Result<Option<f64>> {
        let of = |label: &str| {
            let label = match label {
                "min" => "minimum",
                "max" => "maximum",
                other => other,
            };
            at(report, &format!("{all}.{label}"))?.as_f64()
        };
        if let Some(average) = of("average") {
            agree(line, (&format!("`{mean}` is"), number(mean)?), (&format!("`{all}` have"), average), 0.01)?;
        }
        Ok(out.check_mean(mean, number(mean)?, &of))
    };
    let first = time("streaming_metrics.avg_ttft_ms", "streaming_metrics.ttft_percentiles", &mut out)?;
    (out.run.ttft_ms, out.run.tpot_ms) =
        (first, time("streaming_metrics.avg_tpot_ms", "streaming_metrics.tpot_percentiles", &mut out)?);
    let latency = "performance.request_latency_percentiles_ms";
    out.figures.latency_ms = time("performance.avg_request_latency_ms", latency, &mut out)?;
    out.figures.requests_per_s = number("performance.request_throughput_req_s")?;
    out.figures.total_per_s = number("performance.system_total_throughput_tok_s")?;
    out.load.push(format!("{requests} requests"));
    out.load.extend(input.map(|n| format!("{n:.0} tokens in")));
    out.load.push(format!("{output:.0} tokens out"));
    for (key, name) in [("tp_size", "tp"), ("pp_size", "pp"), ("ep_size", "ep"), ("max_batch_size", "batch at most")] {
        out.load.extend(number(&format!("world_info.{key}"))?.filter(|n| *n > 1.0).map(|n| format!("{name} {n}")));
    }
    sheet.notes.line(line, "the report does not say whether requests failed");
    out.put(line, When::Unknown, "`total_latency_ms`", sheet)
}
