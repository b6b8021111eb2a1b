//! Loads that must not be pooled, counts that must not be believed, and accelerators that must be counted.

use super::tests::{refusal, try_read};
use std::path::Path;

/// A result of vLLM whose figures agree: 200 requests of 1024 tokens in and 128 out in 20 s.
fn vllm(change: &[(&str, &str)]) -> String {
    let whole = r#"{"date": "20260514-091000", "backend": "vllm", "model_id": "m", "tokenizer_id": "m", "num_prompts": 200, "tp": "1",
        "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 64, "duration": 20.0, "completed": 200, "failed": 0,
        "total_input_tokens": 204800, "total_output_tokens": 25600, "request_throughput": 10.0, "output_throughput": 1280.0,
        "total_token_throughput": 11520.0, "mean_ttft_ms": 180.0, "mean_tpot_ms": 11.0, "mean_itl_ms": 11.0}"#
        .replace('\n', " ");
    change.iter().fold(whole, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

const LONG: [(&str, &str); 4] =
    [("25600", "204800"), ("\"duration\": 20.0", "\"duration\": 100.0"), ("1280.0", "2048.0"), ("11520.0", "4096.0")];

fn scenarios(text: &str) -> Vec<String> {
    let (runs, _) = try_read(text.as_bytes(), None).unwrap();
    runs.iter().map(|run| format!("{}/{}", run.scenario, run.repetition)).collect()
}

#[test]
fn whatever_the_file_says_of_a_load_tells_it_apart() {
    let (one, name) = (vllm(&[]), "200 requests, rate unlimited, concurrency 64, 1024 tokens in, 128 tokens out");
    let later = |text: &str| text.replace("20260514-091000", "20260514-091500");
    assert_eq!(scenarios(&format!("{one}\n{}", later(&one))), [format!("{name}/0"), format!("{name}/1")]);
    let setting = |key: &str, value: &str| later(&vllm(&[("\"tp\":", &format!("\"{key}\": {value}, \"tp\":"))]));
    for (key, value) in [
        ("dataset_name", "\"sharegpt\""),
        ("ignore_eos", "true"),
        ("temperature", "0.7"),
        ("random_prefix_len", "512"),
        ("speculative_decoding", "\"eagle\""),
        ("quantization", "\"fp8\""),
        ("max_num_seqs", "256"),
        ("vllm_version", "\"0.11.0\""),
        ("hostname", "\"node-7\""),
        ("note_of_mine", "\"night\""),
        ("pp", "2"),
        ("ep", "8"),
    ] {
        let found = scenarios(&format!("{one}\n{}", setting(key, value)));
        let stated = format!("{name} {key}={}/0", value.trim_matches('"'));
        assert_eq!(found, [format!("{name}/0"), stated]);
    }
    for (key, value) in [
        ("seed", "7"),
        ("run_id", "\"x\""),
        ("p99_ttft_ms", "200.5"),
        ("start_times", "[1, 2]"),
        ("result_filename", "\"x\""),
        ("gpu_energy_j", "900.5"),
        ("api_key", "\"x\""),
    ] {
        let found = scenarios(&format!("{one}\n{}", setting(key, value)));
        assert_eq!(found, [format!("{name}/0"), format!("{name}/1")], "{key}");
    }
}

#[test]
fn a_sweep_of_output_length_and_tensor_parallelism_is_four_loads() {
    let four = |change: &[(&str, &str)]| vllm(change).replace("\"tp\": \"1\"", "\"tp\": \"4\"");
    let texts = [vllm(&[]), vllm(&LONG), four(&[]), four(&LONG)];
    let name = |out: i64, tp: i64| {
        format!("200 requests, rate unlimited, concurrency 64, 1024 tokens in, {out} tokens out tp={tp}/0")
    };
    assert_eq!(scenarios(&texts.join("\n")), [name(128, 1), name(1024, 1), name(128, 4), name(1024, 4)]);
    // Devices tell the number apart, and keep one name for what was asked of them.
    let (runs, remarks) =
        try_read(texts.join("\n").replace("\"tp\":", "\"gpu\": \"H100\", \"tp\":").as_bytes(), None).unwrap();
    let devices: Vec<&str> = runs.iter().map(|run| run.device.as_str()).collect();
    assert_eq!(devices, ["H100", "H100", "4x H100", "4x H100"]);
    assert_eq!(runs[0].scenario, runs[2].scenario);
    assert!(
        remarks
            .iter()
            .any(|r| r.ends_with("unlike loads, told apart by their length: 128 to 1024 tokens out a sequence")),
        "{remarks:?}"
    );
}

#[test]
fn columns_of_requests_that_were_served() {
    let (runs, _) = try_read(
        vllm(&[("\"inf\"", "12.5"), ("\"tp\": \"1\"", "\"tp\": 8, \"gpu\": \"NVIDIA H100\"")]).as_bytes(),
        None,
    )
    .unwrap();
    let run = &runs[0];
    assert_eq!((run.accelerators, run.device.as_str()), (Some(8), "8x NVIDIA H100"));
    assert_eq!(
        (run.concurrency, run.offered_rate_per_s, run.arrival.as_deref()),
        (Some(64), Some(12.5), Some("poisson"))
    );
    assert_eq!((run.requests_completed, run.requests_failed, run.role.as_deref()), (Some(200), Some(0), Some("all")));
    let (runs, _) = try_read(vllm(&[]).as_bytes(), None).unwrap();
    assert_eq!((runs[0].arrival.as_deref(), runs[0].status.as_str()), (Some("closed"), "ok"));
}

const SGLANG: &str = r#"{"backend": "sglang-oai", "random_output_len": 512, "duration": 100.0, "completed": 1000, "max_concurrency": 64,
    "total_input_tokens": 1024000, "total_output_tokens": 512000, "total_output_tokens_retokenized": 187345, "output_throughput": 5120.0}"#;

#[test]
fn asked_for_is_not_counted() {
    let read = |text: &str| {
        let (runs, _) = try_read(text.as_bytes(), None).unwrap();
        (runs[0].tokens_generated, runs[0].status.clone(), runs[0].reason.clone().unwrap_or_default())
    };
    let reason = "512000 output tokens are exactly what was asked for, and the text has 187345: these are taken";
    assert_eq!(read(SGLANG), (Some(187_345), "degraded".into(), reason.into()));
    let native = SGLANG.replace("sglang-oai", "sglang").replace("\"random_output_len\": 512,", "");
    let reason = "the server counted 512000 output tokens, and the text has 187345: those of the server are taken";
    assert_eq!(read(&native), (Some(512_000), "degraded".into(), reason.into()));
    let chunks =
        vllm(&[("\"tp\":", "\"random_output_len\": 128, \"tp\":"), ("\"mean_itl_ms\": 11.0", "\"mean_itl_ms\": 30.0")]);
    let reason = "the output tokens are exactly those asked for, and chunks came 30 ms apart, tokens 11 ms";
    assert_eq!(read(&chunks), (Some(25_600), "degraded".into(), reason.into()));
}

#[test]
fn figures_that_contradict_each_other() {
    let remedy = "correct the result or run the benchmark again";
    for (change, wanted) in [
        (
            ("\"total_output_tokens\": 25600", "\"total_output_tokens\": 26200"),
            format!("the count of output tokens contradicts their rate x the duration, 26200 and 25600, {remedy}"),
        ),
        (
            ("\"total_output_tokens\": 25600", "\"total_output_tokens\": 25600, \"output_lens\": [128, 128]"),
            format!("`total_output_tokens` is not the sum of `output_lens`, 25600 and 256, {remedy}"),
        ),
        (
            ("\"completed\": 200", "\"completed\": 199.5"),
            "a number of requests that completed that is no count, 199.5, give the result as the tool wrote it".into(),
        ),
        (
            ("\"num_prompts\": 200", "\"num_prompts\": 2147483647"),
            "more requests than a client can send in that time, 2147483647 in 20 s, give the result as the tool wrote it".into(),
        ),
        (
            ("\"tp\": \"1\"", "\"tp\": 4, \"num_gpus\": 8"),
            "several numbers of accelerators, tp = 4, num_gpus = 8, say how many ran with --accelerators N".into(),
        ),
    ] {
        assert_eq!(refusal(&vllm(&[change]), None), format!("FILE: line 1: {wanted}"));
    }
    let fast = r#"{"completed": 1, "total_output_tokens": 50000000, "duration": 10.0}"#;
    assert_eq!(
        refusal(fast, None),
        "FILE: line 1: too many new tokens a second and accelerator, 5.000e6, no hardware reaches 1e6: correct the length or the tokens, \
         or say how many accelerators ran with --accelerators"
    );
    for (change, wanted) in [
        (("\"num_prompts\": 200", "\"num_prompts\": 150"), "150 requests were to be sent, 200 completed and 0 failed"),
        (
            ("\"mean_ttft_ms\": 180.0", "\"mean_ttft_ms\": 21000.0"),
            "the mean time to the first token, 21000 ms, is longer than the run, 20 s",
        ),
        (
            ("\"mean_tpot_ms\": 11.0", "\"mean_tpot_ms\": 11.0, \"median_tpot_ms\": 12.0, \"p99_tpot_ms\": 9.0"),
            "tpot: median is 12, above p99, 9: left out",
        ),
        (("\"mean_ttft_ms\": 180.0", "\"mean_ttft_ms\": -1.0"), "ttft: mean is -1, below 0: left out"),
        (("204800", "409600"), "input and output tokens are 435200, their rate x the duration is 230400"),
        (
            ("\"mean_itl_ms\": 11.0", "\"mean_itl_ms\": 11.0, \"mean_e2el_ms\": 8000"),
            "80 requests were in flight on average, of 64 at most",
        ),
    ] {
        let (runs, _) = try_read(vllm(&[change]).as_bytes(), None).unwrap();
        assert!(runs[0].reason.as_deref().is_some_and(|reason| reason.contains(wanted)), "{:?}", runs[0].reason);
        assert_eq!(runs[0].status, "degraded");
    }
}

/// A count or a rate of a file, scaled: tokens change in no run whose status and reason stay, but where nothing contradicts them.
#[test]
fn a_scaled_figure_is_seen() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/cases");
    let mut seen = 0;
    for (case, keys) in [
        (
            "08-vllm-bench-serve-json-with-power/input.json",
            ["total_output_tokens", "completed", "duration", "output_throughput"].as_slice(),
        ),
        ("09-vllm-append-result-not-json/input.json", &["total_output_tokens", "duration", "output_throughput"]),
        (
            "10-sglang-bare-infinity-nan/input.jsonl",
            &["total_output_tokens", "completed", "duration", "total_output_tokens_retokenized"],
        ),
        ("12-eos-tokens-below-requested/input.json", &["total_output_tokens", "duration", "output_throughput"]),
        ("01-llama-bench-json-current/input.json", &["n_gen", "avg_ts"]),
    ] {
        let text = std::fs::read_to_string(cases.join(case)).unwrap();
        let sound = try_read(text.as_bytes(), None).unwrap().0;
        for (key, factor) in keys.iter().flat_map(|key| [1.02, 2.0, 10.0].map(|factor| (key, factor))) {
            let changed = scale(&text, key, factor);
            assert_ne!(changed, text, "{case} {key}");
            let Ok((runs, _)) = try_read(changed.as_bytes(), None) else {
                seen += 1;
                continue;
            };
            for (run, before) in runs.iter().zip(&sound) {
                let same = (&run.status, &run.reason) == (&before.status, &before.reason);
                // A test of the prompt alone has no new tokens to scale.
                let is_moved = run.tokens_generated != before.tokens_generated || run.latency_ms != before.latency_ms;
                assert!(!(same && is_moved), "{case}: {key} x {factor}: {run:?}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 3 * 16);
}

/// Every number behind a key, times a factor; whole ones stay whole.
fn scale(text: &str, key: &str, factor: f64) -> String {
    let mark = format!("\"{key}\":");
    let mut parts = text.split(&mark);
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |text, part| {
        let begin = part.len() - part.trim_start().len();
        let end = part[begin..].find([',', '}', '\n', '\r']).map_or(part.len(), |at| begin + at);
        let Ok(number) = part[begin..end].trim().parse::<f64>() else { return text + &mark + part };
        let scaled = if number.fract() == 0.0 && !part[begin..end].contains('.') {
            (number * factor).round()
        } else {
            number * factor
        };
        format!("{text}{mark} {scaled}{}", &part[end..])
    })
}
