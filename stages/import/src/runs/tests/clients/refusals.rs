//! Files of clients that were changed, cut, or do not belong together.

use super::*;

#[test]
fn files_for_people_are_refused() {
    let fault = |run: &str, file: &str| import(run, &[file]).unwrap_err().to_string();
    let remedy = "give profile_export_aiperf.json, profile_export_aiperf_sweep.json or profile_export.jsonl";
    let found = fault("aiperf/sweep", "profile_export_aiperf_sweep.csv");
    assert!(found.starts_with(
        "profile_export_aiperf_sweep.csv: line 1: numbers that are rounded for people, \"concurrency,active_decode_throughput_mean,"
    ));
    assert!(found.ends_with(remedy), "{found}");
    let found = fault("aiperf/concurrency", "profile_export_console.txt");
    assert_eq!(
        found,
        format!(
            "profile_export_console.txt: line 1: numbers that are rounded for people, \"NVIDIA AIPerf | LLM Metrics: \
            Effective\", {remedy}"
        )
    );
}

/// A recorded file, changed in one place, and what it is refused for.
fn refusal_of(file: &str, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(folder(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    refusal(&text.replacen(from, to, 1), None)
}

#[test]
fn changed_files_are_refused() {
    let guidellm = "guidellm/rate/benchmarks.json";
    for (found, wanted) in [
        (
            refusal_of(
                guidellm,
                "\"request_totals\": {\"successful\": 12,",
                "\"request_totals\": {\"successful\": -12,",
            ),
            "FILE: line 1: `metrics.request_totals.successful` is not a number of at least 0, \"-12\", give the file as the \
            client wrote it",
        ),
        (
            refusal_of("trtllm-bench/report.json", "\"avg_output_length\": 256.0", "\"avg_output_length\": 300.0"),
            "FILE: line 1: two numbers that contradict each other, `system_output_throughput_tok_s` x `total_latency_ms` \
            gives 16384, `num_requests` x `avg_output_length` is 19200, give the file as the client wrote it",
        ),
        (
            refusal_of("trtllm-bench/report.json", "\"num_requests\": 64,", "\"num_requests\": 0,"),
            "FILE: line 1: no request was sent, 0 completed, 0 failed, give the result of a benchmark that sent requests",
        ),
        (
            refusal_of("llama-batched-bench/jsonl/batched.jsonl", "\"n_kv\": 80", "\"n_kv\": 81"),
            "FILE: line 1: two numbers that contradict each other, N_KV 81, B x (PP + TG) is 80, give the file as the tool wrote it",
        ),
        (
            refusal_of("llama-batched-bench/markdown/batched.md", "|    0.344 |", "|    0.544 |"),
            "FILE: line 6: two numbers that contradict each other, T 0.544, T_PP + T_TG is 0.344, give the file as the client wrote it",
        ),
        (
            refusal_of("ollama/chat.json", "\"eval_count\": 7", "\"eval_count\": -7"),
            "FILE: line 1: `eval_count` is not a number of at least 0, \"-7\", give the file as the client wrote it",
        ),
        (
            refusal_of("ollama/generate-stream.jsonl", "\"done\": true", "\"done\": false"),
            "FILE: line 4: `done` is not true beside counts, \"false\", give the answer as it came",
        ),
        (
            refusal("{\"created_at\": \"2026-07-25T17:20:00Z\", \"response\": \"a\", \"done\": false}", None),
            "FILE: line 1: a stream without its last object, no `done: true` follows, give the stream to its end, where the counts are",
        ),
        (
            refusal_of("ollama/verbose.txt", "20.06 tokens/s", "30.06 tokens/s"),
            "FILE: line 3: two numbers that contradict each other, `eval rate` x `eval duration` gives 2258.122, `eval \
            count` is 1507, give the file as the client wrote it",
        ),
        (
            refusal_of("ollama/verbose.txt", "1m15.1205s", "1x15"),
            "FILE: line 9: `eval duration` is no duration, \"1x15\", paste the text as it came",
        ),
        (
            refusal_of(
                "llmperf/model_550_150_summary.json",
                "\"results_num_completed_requests\": 18",
                "\"results_num_completed_requests\": 20",
            ),
            "FILE: line 1: requests that do not add up, 20 started, 20 completed, 2 failed, give the file as the client wrote it",
        ),
        (
            refusal_of("inferencex/result.json", "\"total_output_tokens\": 322560", "\"total_output_tokens\": 400000"),
            "FILE: line 1: two numbers that contradict each other, `output_throughput` x `duration` gives 322560, \
            `total_output_tokens` is 400000, give the file as the client wrote it",
        ),
        (
            refusal_of("mlcommons-loadgen/server/mlperf_log_detail.txt", "11-28-2026 11:56:53.023", "28.11.2026"),
            "FILE: line 83: `power_end` is no time, \"28.11.2026\", expected MM-DD-YYYY HH:MM:SS.mmm",
        ),
        (
            refusal_of(
                "mlcommons-loadgen/server/mlperf_log_detail.txt",
                "11-28-2026 11:56:53.023",
                "11-28-2026 11:59:53.023",
            ),
            "FILE: line 82: two numbers that contradict each other, samples per second x the window gives 204.76, samples \
            are 16, give the file as the client wrote it",
        ),
        (
            refusal_of(
                "mlcommons-loadgen/server/mlperf_log_detail.txt",
                "\"result_completed_tokens_per_second\"",
                "\"none\"",
            ),
            "FILE: line 1: no count of tokens, no result_completed_tokens_per_second, no result_tokens_per_second, run it \
            with use_token_latencies, or give the result of another client",
        ),
        (
            refusal_of("mlcommons-loadgen/server/mlperf_log_detail.txt", "\"power_end\"", "\"none\""),
            "FILE: line 1: `power_end` is missing, the log has no such key, give the log of a run in mode PerformanceOnly that ended",
        ),
        (
            refusal_of("inference-perf/rate/stage_0_lifecycle_metrics.json", "\"count\": 12", "\"count\": 13"),
            "FILE: line 1: requests that do not add up, 13 sent, 12 succeeded, 0 failed, give the file as the client wrote it",
        ),
        (
            refusal_of("inference-perf/rate/summary_lifecycle_metrics.json", "\"benchmark_time", "\"benchmark_time"),
            "FILE: line 1: a summary, whose time has the pauses between stages, \"load_summary without a rate\", give the \
            stage_N_lifecycle_metrics.json beside it, one run each",
        ),
        (
            refusal_of(
                "genai-bench/warm-up/N64_10_24_4_text-to-text_num_concurrency_2_time_8s.json",
                "\"num_requests\": 12",
                "\"num_requests\": 13",
            ),
            "FILE: line 1: requests are missing, `num_requests` is 13, 12 requests are listed, give the file as the client wrote it",
        ),
        (
            refusal_of(
                "genai-bench/warm-up/N64_10_24_4_text-to-text_num_concurrency_2_time_8s.json",
                "\"_time_unit\": \"ms\"",
                "\"_time_unit\": \"min\"",
            ),
            "FILE: line 1: a unit of time that is not known, \"min\", expected s or ms",
        ),
        (
            refusal_of(
                "aiperf/cancelled/profile_export_aiperf.json",
                "\"request_count\": {\n    \"unit\": \"requests\",\n    \"avg\": 10.0",
                "\"request_count\": {\n    \"unit\": \"requests\",\n    \"avg\": 14.0",
            ),
            "FILE: line 1: two numbers that contradict each other, `completed_request_count` 16, `request_count` + \
             `error_request_count` is 20, give the file as the client wrote it",
        ),
        (
            refusal_of(
                "aiperf/cancelled/profile_export_aiperf.json",
                "\"request_count\": {\n    \"unit\": \"requests\",\n    \"avg\": 10.0",
                "\"request_count\": {\n    \"unit\": \"requests\",\n    \"avg\": -10.0",
            ),
            "FILE: line 1: `request_count.avg` is not a number of at least 0, \"-10\", give the file as the client wrote it",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

/// A request without a time costs itself alone.
#[test]
fn a_request_without_times_is_left_out() {
    let text = std::fs::read_to_string(folder("aiperf/too-long/profile_export.jsonl")).unwrap();
    let (_, notes) = try_read(text.replacen("request_start_ns", "request_begin_ns", 1).as_bytes(), None).unwrap();
    let said = "requests without times in ns, left out with their tokens: 1, first line 1";
    assert!(notes.iter().any(|note| note.contains(said)), "{notes:?}");
}

/// Files of one run, one of them changed in one place, and what they are refused for.
fn refusal_beside(client: &str, files: &[&str], changed: &str, from: &str, to: &str) -> String {
    let into = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for file in files {
        let mut text = std::fs::read_to_string(folder(client).join(file)).unwrap();
        if *file == changed {
            assert!(text.contains(from), "{file} has no {from}");
            text = text.replacen(from, to, 1);
        }
        paths.push(into.path().join(file));
        std::fs::write(paths.last().unwrap(), text).unwrap();
    }
    let options = Options { files: Files { paths: paths.clone(), ..Files::default() }, ..Options::default() };
    let mut sheet = Sheet::new(&options).unwrap();
    let found = paths.iter().try_for_each(|path| read(Source::file(path), &mut sheet)).unwrap_err().to_string();
    found.replace(&format!("{}/", into.path().display()), "")
}

#[test]
fn files_of_two_benchmarks_are_refused() {
    let inferencex = ["result.json", "agg_result.json"];
    let aggregate = |from, to| refusal_beside("inferencex", &inferencex, "agg_result.json", from, to);
    let llmperf = ["model_550_150_summary.json", "model_550_150_individual_responses.json"];
    let loadgen = ["mlperf_log_detail.txt", "mlperf_log_summary.txt"];
    let stage = ["stage_0_lifecycle_metrics.json", "inference-perf.partial.stage_0.yaml"];
    for (found, wanted) in [
        (
            aggregate("\"output_tput_per_gpu\": 672.0", "\"output_tput_per_gpu\": 772.0"),
            "agg_result.json: line 1: two numbers that contradict each other, `output_tput_per_gpu` x GPUs x \
`duration` gives 370560, `total_output_tokens` is 322560, give the file as the client wrote it",
        ),
        (
            aggregate("\"conc\": 64", "\"conc\": 32"),
            "result.json: line 1: an aggregate of another benchmark, \"agg_result.json\", give the files of one \
benchmark",
        ),
        (
            aggregate("\"tp\": 8", "\"tp\": 0"),
            "agg_result.json: line 1: no number of GPUs, \"tp\", give the aggregate as InferenceX wrote it",
        ),
        (
            aggregate("\"total_gpu_energy_j\": 310905.75", "\"total_gpu_energy_j\": 210905.75"),
            "agg_result.json: line 1: two numbers that contradict each other, `avg_total_gpu_power_w` x `duration` \
gives 310905.72, `total_gpu_energy_j` is 210905.75, give the file as the client wrote it",
        ),
        (
            refusal_beside(
                "llmperf",
                &llmperf,
                llmperf[1],
                "\"number_output_tokens\": 141",
                "\"number_output_tokens\": 1141",
            ),
            "model_550_150_summary.json: line 1: two numbers that contradict each other, the mean output x completed \
requests is 2614, the responses beside it have 3614, give the file as the client wrote it",
        ),
        (
            refusal_beside("mlcommons-loadgen/server", &loadgen, loadgen[1], "per second: 26.85", "per second: 36.85"),
            "mlperf_log_summary.txt: line 8: two numbers that contradict each other, the summary has tokens per \
second 36.85, the detail log 26.846, give the file as the client wrote it",
        ),
        (
            refusal_beside("inference-perf/rate", &stage, stage[1], "12:14:52.243861Z", "12:14:46.243861Z"),
            "inference-perf.partial.stage_0.yaml: a stage shorter than its requests, 2.022 s in the YAML, 5.838 s of \
requests, give the files of one benchmark",
        ),
        (
            refusal_beside("inference-perf/rate", &stage, stage[1], "12:14:52.243861Z", "yesterday"),
            "inference-perf.partial.stage_0.yaml: line 1: `end` is no time, \"2026-11-28Tyesterday\", expected \
2026-05-14T09:00:00Z, correct it",
        ),
        (
            refusal_of("guidellm/rate/benchmarks.json", "\"benchmarks\": [{\"type_\"", "\"benches\": [{\"type_\""),
            "FILE: line 1: no benchmark in it, `benchmarks` is empty or missing, give the benchmarks.json of a \
benchmark that ended",
        ),
        (
            refusal_of("guidellm/rate/benchmarks.json", "\"total_sum\": 288.0", "\"total_sum\": 388.0"),
            "FILE: line 1: two numbers that contradict each other, `output_tokens_per_second` x `duration` gives \
288, `output_token_count` has 388, give the file as the client wrote it",
        ),
        (
            refusal_of("guidellm/rate/benchmarks.json", "\"mean\": 59.10423613976741", "\"mean\": 60.3"),
            "FILE: line 1: two numbers that contradict each other, `inter_token_latency_ms` adds up to 16312.769, its mean x \
             its count is 16642.8, give the file as the client wrote it",
        ),
        (
            refusal_of("guidellm/rate/benchmarks.json", "\"duration\": 5.579681396484375", "\"duration\": 6.5"),
            "FILE: line 1: two numbers that contradict each other, `duration` 6.5, `end_time` - `start_time` 5.58, \
give the file as the client wrote it",
        ),
        (
            refusal_of("guidellm/rate/benchmarks.csv", "2026-11-28 17:25:21", "yesterday"),
            "FILE: line 4: `Measure End Time` is no time, \"yesterday\", expected 2026-05-14T09:00:00Z, correct it",
        ),
        (
            refusal_of(
                "genai-bench/too-long/U200_1600_16_16_text-to-text_num_concurrency_2_time_19s.json",
                "\"num_output_tokens\": 16",
                "\"num_output_tokens\": -16",
            ),
            "FILE: line 1: `num_output_tokens` is not a number of at least 0, \"-16\", give the file as the client \
wrote it",
        ),
        (
            refusal_of(
                "genai-bench/too-long/U200_1600_16_16_text-to-text_num_concurrency_2_time_19s.json",
                "\"num_output_tokens\": 16",
                "\"num_output_tokens\": 61",
            ),
            "FILE: line 1: two numbers that contradict each other, `stats.num_output_tokens.sum` 80, the requests \
add up to 125, give the file as the client wrote it",
        ),
        (
            refusal_of("ollama/chat.json", "\"eval_count\": 7,", ""),
            "FILE: line 1: `eval_count` is missing, \"model, created_at, message, done, done_reason, total_duration, \
load_duration, prompt_eval_count, prompt_eval_duration, e…\", give the whole file as the client wrote it",
        ),
        (
            refusal_of("ollama/chat.json", "\"total_duration\": 167725959", "\"total_duration\": 67725959"),
            "FILE: line 1: parts that take longer than the whole, 0.165 s of parts, 0.068 s in all, give the answer \
as it came",
        ),
        (
            refusal_of(
                "aiperf/sweep-level/profile_export_aiperf.json",
                "\"end_time\": \"2026-11-28T17:44:21",
                "\"end_time\": \"2026-11-28T17:44:19",
            ),
            "FILE: line 1: a benchmark shorter than its requests, 1.959 s from `start_time` to `end_time`, 3.954 s \
of requests, give the file as AIPerf wrote it",
        ),
        (
            refusal_of(
                "inference-perf/too-long/stage_0_lifecycle_metrics.json",
                "\"output_tokens_per_sec\": 5.",
                "\"output_tokens_per_sec\": 9.",
            ),
            "FILE: line 1: two numbers that contradict each other, `output_tokens_per_sec` x \
`benchmark_time_seconds` gives 102.67, `output_tokens` x requests is 64, give the file as the client \
wrote it",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

/// What files of one folder are refused for, whose texts are made here.
fn refusal_of_files(files: &[(&str, String)]) -> String {
    let into = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| into.path().join(name)).collect();
    paths.iter().zip(files).for_each(|(path, (_, text))| std::fs::write(path, text).unwrap());
    let options = Options { files: Files { paths: paths.clone(), ..Files::default() }, ..Options::default() };
    let mut sheet = Sheet::new(&options).unwrap();
    let found = paths.iter().try_for_each(|path| read(Source::file(path), &mut sheet)).unwrap_err().to_string();
    found.replace(&format!("{}/", into.path().display()), "")
}

#[test]
fn neighbours_that_do_not_belong_together_are_refused() {
    let text = |file: &str| std::fs::read_to_string(folder(file)).unwrap();
    let level = text("genai-bench/concurrency/D64_24_text-to-text_num_concurrency_1_time_7s.json");
    let metadata = text("genai-bench/concurrency/experiment_metadata.json");
    let (result, aggregate) = (text("inferencex/result.json"), text("inferencex/agg_result.json"));
    for (files, wanted) in [
        (
            vec![("level.json", level.clone()), ("a.json", metadata.clone()), ("b.json", metadata)],
            "level.json: several experiments in one folder, \"a.json\", import each experiment by itself",
        ),
        (
            vec![("level.json", level), ("a.json", "\"benchmark_version\" \"traffic_scenario\"".into())],
            "a.json: line 1: no JSON object in it, nothing, give the file as the client wrote it",
        ),
        (
            vec![("result.json", result.clone()), ("a.json", aggregate.clone()), ("b.json", aggregate.clone())],
            "result.json: line 1: several aggregates fit one result, \"a.json\", give the files of one benchmark",
        ),
        (
            vec![("x.json", result), ("a.json", aggregate.replace("\"mean_ttft\": 0.4125", "\"mean_ttft\": 4.125"))],
            "x.json: line 1: an aggregate of another benchmark, \"a.json\", give the files of one benchmark",
        ),
    ] {
        assert_eq!(refusal_of_files(&files), wanted);
    }
}

/// Half of any recorded file is refused or read without an entry that is cut; none of it panics.
#[test]
fn half_a_file_gives_no_more_than_the_whole() {
    for (path, bytes) in fuzz::clients() {
        let half = try_read(&bytes[..bytes.len() / 2], None);
        let tokens = |runs: &[sheet::Run]| runs.iter().filter_map(|r| r.tokens_generated).sum::<i64>();
        if let (Ok((half, _)), Ok((whole, _))) = (half, try_read(&std::fs::read(&path).unwrap(), None)) {
            assert!(tokens(&half) <= tokens(&whole), "{}", path.display());
        }
    }
}
