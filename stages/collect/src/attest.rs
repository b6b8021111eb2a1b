//! What a backend's name promises against what its engine says it did. A label is no evidence: rows that break a promise fail.

use crate::{
    backends::{Attestation, Backend, Kind, Promise},
    config::{Mode, Stop},
    protocol::{RunAnswer, RunRequest},
};

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

/// The first broken promise of a finished run.
pub fn ran(backend: &Backend, asked: &RunRequest, stop: Stop, did: &RunAnswer) -> Option<String> {
    let served = backend.promise == Promise::Unknown;
    let rows = if asked.texts.is_empty() { asked.batch.rows() } else { asked.texts.len() };
    if did.iterations == 0 || did.end_ns <= did.start_ns {
        return Some(format!("a window of {} iterations and {} ns", did.iterations, did.end_ns - did.start_ns));
    }
    if !served && did.tokens_in != asked.batch.padded_tokens() {
        return Some(format!("took {} prompt tokens instead of {}", did.tokens_in, asked.batch.padded_tokens()));
    }
    let generating = asked.mode == Mode::Generate;
    let wanted = if generating { rows * asked.new_tokens } else { 0 };
    let short = stop == Stop::Length && did.tokens_generated < wanted;
    if short || did.tokens_generated > wanted || (generating && did.tokens_generated == 0) {
        let remedy = if served { ", tell the server to ignore end of text (extra.ignore_eos = true)" } else { "" };
        return Some(format!("generated {} tokens instead of {wanted}{remedy}", did.tokens_generated));
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
    use crate::{backends, models::batch::Batch, protocol::Warmup};

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
            min_window_ns: 1,
        };
        let good = RunAnswer {
            start_ns: 1,
            end_ns: 9,
            iterations: 1,
            token_ms: vec![1.0; 4],
            tokens_in: 3,
            tokens_generated: 4,
            cache_bytes: Some([30, 60]),
            ..RunAnswer::default()
        };
        let check = |name: &str, kv_cache, stop, did: &RunAnswer| {
            ran(&backends::find(name, &[]).unwrap(), &asked(kv_cache), stop, did)
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
        assert_eq!(check("candle-cpu", true, Stop::Eos, &short), None);
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
}
