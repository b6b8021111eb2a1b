//! What a backend's name promises against what its engine says it did. A label is no evidence: rows that break a promise fail.

use crate::config::Stop;
use protocol::{
    Attestation, Mode, RunAnswer, RunRequest,
    backend::{Backend, Kind, Promise},
};
use std::ops::Range;

/// The first broken promise of a loaded engine.
pub fn loaded(backend: &Backend, said: &Attestation, threads: usize, cpus: &[usize]) -> Option<String> {
    let name = &backend.name;
    if backend.promise != Promise::Unknown {
        match (backend.kind, said.device.as_str()) {
            (Kind::Gpu, "cpu") => return Some(format!("{name} ran on the CPU")),
            (Kind::Cpu, device) if device != "cpu" => return Some(format!("{name} ran on {device}")),
            _ => {}
        }
    }
    if let Some(provider) = backend.provider
        && said.provider != provider
    {
        return Some(format!("{name} fell back, its nodes ran on {} instead of {provider}", said.provider));
    }
    let kept = match &backend.promise {
        Promise::Exactly(format) => said.dtype == *format,
        Promise::Blocks | Promise::BlocksRounded => said.dtype.starts_with('q'),
        Promise::Unknown => true,
    };
    if !kept {
        return Some(format!("{name} holds weights in {}", said.dtype));
    }
    if said.threads.is_some_and(|n| n != threads) {
        return Some(format!("{name} used {} threads instead of {threads}", said.threads.unwrap_or(0)));
    }
    if backend.promise != Promise::Unknown && !cpus.is_empty() && said.cpus != cpus {
        return Some(format!("{name} could use processors {:?} instead of {cpus:?}", said.cpus));
    }
    None
}

/// The first broken promise of a finished run. `between`: CLOCK_MONOTONIC of the question and of the answer, by the parent's own clock.
pub fn ran(backend: &Backend, asked: &RunRequest, stop: Stop, did: &RunAnswer, between: Range<i64>) -> Option<String> {
    let served = backend.promise == Promise::Unknown;
    let rows = if asked.texts.is_empty() { asked.batch.rows() } else { asked.texts.len() };
    if let Some(broken) = window(asked, did, &between) {
        return Some(broken);
    }
    if !served && did.tokens_in != asked.batch.padded_tokens() {
        return Some(format!("took {} prompt tokens instead of {}", did.tokens_in, asked.batch.padded_tokens()));
    }
    if let Some(counted) = did.prompt_tokens.filter(|n| !served && *n != asked.batch.real_tokens()) {
        return Some(format!("counted {counted} prompt tokens instead of {}", asked.batch.real_tokens()));
    }
    let generating = asked.mode == Mode::Generate;
    let wanted = if generating { rows * asked.new_tokens } else { 0 };
    let short = stop == Stop::Length && did.tokens_generated < wanted;
    if short || did.tokens_generated > wanted || (generating && did.tokens_generated == 0) {
        let remedy = if served { ", tell the server to ignore end of text (extra.ignore_eos = true)" } else { "" };
        return Some(format!("generated {} tokens instead of {wanted}{remedy}", did.tokens_generated));
    }
    if let Some(broken) = times(asked, served, stop, did) {
        return Some(broken);
    }
    if let Some(graphs) = did.compiled_graphs.or(backend.compiled.then_some(0)) {
        match (backend.compiled, graphs) {
            (true, 0) => return Some(format!("{} compiled no graph", backend.name)),
            (false, 1..) => return Some(format!("{} compiled {graphs} graphs", backend.name)),
            _ => {}
        }
    }
    if let Some(n @ 1..) = did.compiled_in_window {
        return Some(format!("compiled {n} graphs inside the window, raise warmup.max_iterations"));
    }
    cache(asked, served, did)
}

/// A window lies between question and answer, which nothing that the worker says can move, and is as long as was asked.
fn window(asked: &RunRequest, did: &RunAnswer, between: &Range<i64>) -> Option<String> {
    let (start, end) = (did.start_ns, did.end_ns);
    if start < between.start || end > between.end || end <= start {
        let from = i128::from(start) - i128::from(between.start);
        let to = i128::from(end) - i128::from(between.start);
        let answered = between.end - between.start;
        return Some(format!(
            "a window from {from} to {to} ns after the question, which was answered after {answered} ns"
        ));
    }
    let length = end - start;
    if did.iterations == 0 || did.iterations as u64 > length as u64 {
        return Some(format!("a window of {} iterations and {length} ns", did.iterations));
    }
    (length < asked.min_window_ns)
        .then(|| format!("a window of {length} ns instead of at least {}", asked.min_window_ns))
}

/// Times of an iteration lie within it, and there is one for each token. A server's are those of the pieces of its answers.
fn times(asked: &RunRequest, served: bool, stop: Stop, did: &RunAnswer) -> Option<String> {
    let iteration_ms = (did.end_ns - did.start_ns) as f64 / did.iterations as f64 / 1e6;
    // Means are rounded.
    let longest_ms = iteration_ms * (1.0 + 1e-6) + 1e-6;
    if !(0.0..=longest_ms).contains(&did.ttft_ms) {
        return Some(format!("a first token after {} ms of an iteration of {iteration_ms} ms", did.ttft_ms));
    }
    let window_ms = longest_ms * did.iterations as f64;
    if let Some(step) = did.token_ms.iter().find(|step| !(0.0..=window_ms).contains(*step)) {
        return Some(format!("a step of {step} ms in a window of {window_ms:.3} ms"));
    }
    let each = &did.iteration_ms;
    if !each.is_empty() && each.len() != did.iterations {
        return Some(format!("times of {} iterations instead of {}", each.len(), did.iterations));
    }
    let all_ms: f64 = each.iter().sum();
    if all_ms.is_nan() || all_ms > window_ms || each.iter().any(|ms| *ms < 0.0) {
        return Some(format!("iterations of {all_ms} ms together in a window of {window_ms:.3} ms"));
    }
    let steps = did.token_ms.len();
    let most = if asked.mode == Mode::Generate { asked.new_tokens } else { 0 };
    let all = steps == most || served || stop == Stop::Eos;
    if steps > most || !all || (steps == 0) != (most == 0) {
        return Some(format!("times of {steps} steps instead of {most}"));
    }
    // Where rows or iterations differ in length, means of steps need not add up.
    let sum_ms: f64 = did.token_ms.iter().sum();
    (!served && stop == Stop::Length && sum_ms > longest_ms)
        .then(|| format!("steps of {sum_ms} ms together in an iteration of {iteration_ms} ms"))
}

/// A cache must grow with every step; without one nothing may be kept.
fn cache(asked: &RunRequest, served: bool, did: &RunAnswer) -> Option<String> {
    match (asked.kv_cache, did.cache_bytes) {
        _ if served => None,
        (true, None) => Some("kept no keys and values, kv_cache = true was asked".into()),
        (true, Some([first, last])) if first == 0 || (did.token_ms.len() > 1 && last <= first) => {
            Some(format!("did not reuse its cache, {first} bytes after the first step and {last} after the last"))
        }
        (false, Some([_, last])) if last > 0 => Some("kept keys and values, kv_cache = false was asked".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends;
    use protocol::{Batch, Warmup};

    fn said() -> Attestation {
        Attestation {
            device: "cpu".into(),
            dtype: "f32".into(),
            provider: "CPUExecutionProvider".into(),
            threads: Some(2),
            ..Attestation::default()
        }
    }

    #[test]
    fn a_label_is_no_evidence() {
        let check = |name: &str, said: &Attestation| loaded(&backends::find(name, &[]).unwrap(), said, 2, &[]);
        assert_eq!(check("onnxruntime-cpu", &said()), None);
        assert_eq!(check("onnxruntime-gpu", &said()).unwrap(), "onnxruntime-gpu ran on the CPU");
        let part = Attestation {
            device: "NVIDIA L4".into(),
            provider: "CPUExecutionProvider+CUDAExecutionProvider".into(),
            ..said()
        };
        assert_eq!(
            check("onnxruntime-gpu", &part).unwrap(),
            "onnxruntime-gpu fell back, its nodes ran on CPUExecutionProvider+CUDAExecutionProvider instead of \
             CUDAExecutionProvider"
        );
        assert_eq!(check("candle-cpu", &part).unwrap(), "candle-cpu ran on NVIDIA L4");
        let half = Attestation { dtype: "f16".into(), ..said() };
        assert_eq!(check("candle-cpu", &half).unwrap(), "candle-cpu holds weights in f16");
        assert_eq!(check("candle-cpu-q4", &said()).unwrap(), "candle-cpu-q4 holds weights in f32");
        let one = Attestation { threads: Some(1), ..said() };
        assert_eq!(check("candle-cpu", &one).unwrap(), "candle-cpu used 1 threads instead of 2");
        let pinned = loaded(&backends::find("candle-cpu", &[]).unwrap(), &said(), 2, &[1]);
        assert_eq!(pinned.unwrap(), "candle-cpu could use processors [] instead of [1]");
    }

    #[test]
    fn a_run_that_did_something_else_fails() {
        let asked = |kv_cache| RunRequest {
            mode: Mode::Generate,
            kv_cache,
            batch: Batch::new(&[vec![1, 2, 3]], 3),
            texts: Vec::new(),
            new_tokens: 4,
            stop_tokens: Vec::new(),
            last_logits: true,
            warmup: Warmup { min_iterations: 1, max_iterations: 1, max_cv_pct: 5.0 },
            min_window_ns: 5_000_000,
        };
        let good = RunAnswer {
            start_ns: 1_000_000,
            end_ns: 9_000_000,
            iterations: 1,
            ttft_ms: 1.0,
            token_ms: vec![1.0; 4],
            tokens_in: 3,
            tokens_generated: 4,
            cache_bytes: Some([30, 60]),
            ..RunAnswer::default()
        };
        let check = |name: &str, kv_cache, stop, did: &RunAnswer| {
            ran(&backends::find(name, &[]).unwrap(), &asked(kv_cache), stop, did, 1_000_000..9_500_000)
        };
        let cached = |did: &RunAnswer| check("candle-cpu", true, Stop::Length, did);
        assert_eq!(cached(&good), None);
        assert_eq!(
            cached(&RunAnswer { cache_bytes: Some([30, 30]), ..good.clone() }).unwrap(),
            "did not reuse its cache, 30 bytes after the first step and 30 after the last"
        );
        assert_eq!(
            cached(&RunAnswer { cache_bytes: None, ..good.clone() }).unwrap(),
            "kept no keys and values, kv_cache = true was asked"
        );
        assert_eq!(
            check("candle-cpu", false, Stop::Length, &good).unwrap(),
            "kept keys and values, kv_cache = false was asked"
        );
        let short = RunAnswer { tokens_generated: 3, ..good.clone() };
        assert_eq!(cached(&short).unwrap(), "generated 3 tokens instead of 4");
        let ended = RunAnswer { token_ms: vec![1.0; 3], ..short.clone() };
        assert_eq!(check("candle-cpu", true, Stop::Eos, &ended), None);
        let counted = RunAnswer { prompt_tokens: Some(300), ..good.clone() };
        assert_eq!(cached(&counted).unwrap(), "counted 300 prompt tokens instead of 3");
        assert_eq!(cached(&RunAnswer { tokens_in: 2, ..good.clone() }).unwrap(), "took 2 prompt tokens instead of 3");
        let compile = |did: &RunAnswer| check("transformers-cpu-compile", true, Stop::Length, did);
        assert_eq!(compile(&good).unwrap(), "transformers-cpu-compile compiled no graph");
        let graphs = RunAnswer { compiled_graphs: Some(2), compiled_in_window: Some(0), ..good.clone() };
        assert_eq!(compile(&graphs), None);
        assert_eq!(
            compile(&RunAnswer { compiled_in_window: Some(1), ..graphs.clone() }).unwrap(),
            "compiled 1 graphs inside the window, raise warmup.max_iterations"
        );
        assert_eq!(
            check("transformers-cpu", true, Stop::Length, &graphs).unwrap(),
            "transformers-cpu compiled 2 graphs"
        );
    }

    /// Whatever a worker says of its times: none outside of its question and answer is believed.
    #[test]
    fn no_time_is_believed_that_the_parent_did_not_see() {
        let asked = RunRequest {
            mode: Mode::Generate,
            kv_cache: true,
            batch: Batch::new(&[vec![1, 2, 3]], 3),
            texts: Vec::new(),
            new_tokens: 3,
            stop_tokens: Vec::new(),
            last_logits: true,
            warmup: Warmup { min_iterations: 1, max_iterations: 1, max_cv_pct: 5.0 },
            min_window_ns: 1_000_000,
        };
        let good = RunAnswer {
            start_ns: 2_000_000_000,
            end_ns: 2_020_000_000,
            iterations: 2,
            ttft_ms: 4.0,
            token_ms: vec![4.0, 3.0, 3.0],
            tokens_in: 3,
            tokens_generated: 3,
            cache_bytes: Some([30, 60]),
            ..RunAnswer::default()
        };
        let backend = backends::find("candle-cpu", &[]).unwrap();
        let check = |did: RunAnswer| ran(&backend, &asked, Stop::Length, &did, 1_990_000_000..2_030_000_000);
        assert_eq!(check(good.clone()), None);
        let answer = || good.clone();
        for (did, refused) in [
            (
                RunAnswer { start_ns: 1 << 61, end_ns: (1 << 61) + 20_000_000, ..answer() },
                "a window from 2305843007223693952 to 2305843007243693952 ns after the question, which was answered after 40000000 ns",
            ),
            (
                RunAnswer { start_ns: i64::MIN, end_ns: i64::MAX, ..answer() },
                "a window from -9223372038844775808 to 9223372034864775807 ns after the question, which was answered after 40000000 ns",
            ),
            (
                RunAnswer { end_ns: 1_999_999_999, ..answer() },
                "a window from 10000000 to 9999999 ns after the question, which was answered after 40000000 ns",
            ),
            (RunAnswer { iterations: 0, ..answer() }, "a window of 0 iterations and 20000000 ns"),
            (
                RunAnswer { iterations: 1 << 63, ..answer() },
                "a window of 9223372036854775808 iterations and 20000000 ns",
            ),
            (RunAnswer { end_ns: 2_000_900_000, ..answer() }, "a window of 900000 ns instead of at least 1000000"),
            (RunAnswer { ttft_ms: 1e9, ..answer() }, "a first token after 1000000000 ms of an iteration of 10 ms"),
            (RunAnswer { ttft_ms: f64::NAN, ..answer() }, "a first token after NaN ms of an iteration of 10 ms"),
            (RunAnswer { ttft_ms: -5.0, ..answer() }, "a first token after -5 ms of an iteration of 10 ms"),
            (RunAnswer { token_ms: vec![4.0, -1.0, 3.0], ..answer() }, "a step of -1 ms in a window of 20.000 ms"),
            (RunAnswer { token_ms: vec![4.0; 3], ..answer() }, "steps of 12 ms together in an iteration of 10 ms"),
            (RunAnswer { token_ms: vec![0.1; 100], ..answer() }, "times of 100 steps instead of 3"),
            (RunAnswer { token_ms: vec![4.0], ..answer() }, "times of 1 steps instead of 3"),
            (RunAnswer { iteration_ms: vec![9.0], ..answer() }, "times of 1 iterations instead of 2"),
            (
                RunAnswer { iteration_ms: vec![9.0, 12.0], ..answer() },
                "iterations of 21 ms together in a window of 20.000 ms",
            ),
            (
                RunAnswer { iteration_ms: vec![12.0, -1.0], ..answer() },
                "iterations of 11 ms together in a window of 20.000 ms",
            ),
        ] {
            assert_eq!(check(did).as_deref(), Some(refused));
        }
    }
}
