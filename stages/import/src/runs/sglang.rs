//! SGLang's `bench_serving --output-file`: one line of JSON a benchmark, appended. It has no clock times but those of runs in several
//! processes.
//!
//! Fields: python/sglang/bench_serving.py. A rate without limit is written as bare Infinity, and means of nothing as NaN.

use super::{sheet::Sheet, vllm, window::When};
use crate::read::{
    fault::Result,
    format::Format,
    json::Value,
    source::Source,
    zone::{DateOrder, stamp},
};

pub const FORMAT: Format<Sheet> = Format {
    name: "sglang",
    about: "SGLang's bench_serving: JSON lines, with bare NaN and Infinity",
    recognises,
    read,
};

/// Its results have vLLM's names and more.
pub fn recognises(head: &str) -> bool {
    let has = |word: &str| head.contains(word);
    has("\"total_output_tokens_retokenized\"") || has("\"mean_e2e_latency_ms\"") && has("\"total_output_tokens\"")
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let text = &source.text()?;
    vllm::each(text, sheet, &|line, result, sheet| {
        let time = |key: &str| result.get(key).and_then(Value::shown).and_then(|t| stamp(&t, DateOrder::Unknown).ok());
        let when = match (time("benchmark_start_time"), time("benchmark_end_time")) {
            (Some(from), Some(to)) => When::Between(from, to),
            _ => When::Unknown,
        };
        let said = if when == When::Unknown { "`duration`" } else { "`benchmark_start_time` to `benchmark_end_time`" };
        let run = vllm::serving(line, &result, sheet)?;
        sheet.add(line, run, vllm::load(&result), when, said)
    })
}
