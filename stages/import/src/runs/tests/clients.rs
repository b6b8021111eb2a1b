//! Files that real clients left, against what the server counted itself (`tests/fixtures/clients`).

use super::*;
use std::path::{Path, PathBuf};

mod refusals;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clients").join(name)
}

/// Runs and remarks of an import of files of one folder.
fn import(client: &str, files: &[&str]) -> Result<(Vec<sheet::Run>, Vec<String>)> {
    let paths: Vec<PathBuf> = files.iter().map(|file| folder(client).join(file)).collect();
    let options = Options { files: Files { paths: paths.clone(), ..Files::default() }, ..Options::default() };
    let mut sheet = Sheet::new(&options).unwrap();
    for path in &paths {
        read(Source::file(path), &mut sheet).map_err(|f| Fault { file: f.file.file_name().unwrap().into(), ..f })?;
    }
    sheet.finish()?;
    Ok((sheet.runs, sheet.remarks))
}

fn runs(client: &str, files: &[&str]) -> Vec<sheet::Run> {
    import(client, files).unwrap_or_else(|f| panic!("{client}: {f}")).0
}

/// Output and prompt tokens, and completed and failed requests, over all runs.
fn sums(runs: &[sheet::Run]) -> (i64, i64, i64, i64) {
    let sum = |of: fn(&sheet::Run) -> Option<i64>| runs.iter().filter_map(of).sum();
    (sum(|r| r.tokens_generated), sum(|r| r.prompt_tokens), sum(|r| r.requests_completed), sum(|r| r.requests_failed))
}

/// What the server counted: its totals, and the pairs of requests that it finished.
struct Server {
    output: i64,
    prompt: i64,
    finished: Vec<(i64, i64)>,
    window: (f64, f64),
}

fn server(client: &str) -> Server {
    let text = std::fs::read_to_string(folder(client).join("server.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let of = |key: &str| all["server"][key].as_i64().unwrap();
    let pairs = all["server"]["prompt_and_output_tokens_of_finished"].as_array().unwrap();
    Server {
        output: of("output_tokens"),
        prompt: of("prompt_tokens"),
        finished: pairs.iter().map(|p| (p[0].as_i64().unwrap(), p[1].as_i64().unwrap())).collect(),
        window: (all["started_unix_s"].as_f64().unwrap(), all["ended_unix_s"].as_f64().unwrap()),
    }
}

impl Server {
    fn of_finished(&self) -> (i64, i64) {
        (self.finished.iter().map(|p| p.1).sum(), self.finished.iter().map(|p| p.0).sum())
    }

    /// The tokens of some of its requests, all of which have equal counts.
    fn of_some(&self, requests: i64) -> (i64, i64) {
        assert!(self.finished.iter().all(|p| p.1 == self.finished[0].1));
        (requests * self.finished[0].1, requests * self.finished[0].0)
    }

    /// Windows lie within the time of the client's process.
    fn encloses(&self, runs: &[sheet::Run]) {
        for run in runs {
            let (start, end) = (run.start_ns.unwrap() as f64 / 1e9, run.end_ns.unwrap() as f64 / 1e9);
            assert!(self.window.0 < start && start < end && end < self.window.1, "{start} {end} {:?}", self.window);
        }
    }
}

#[test]
fn guidellm_counts_as_the_server() {
    for (run, failed) in [("concurrency", 0), ("rate", 0), ("too-long", 1)] {
        let client = &format!("guidellm/{run}");
        let (runs, server) = (runs(client, &["benchmarks.json"]), server(client));
        let (output, prompt, completed, bad) = sums(&runs);
        assert_eq!((output, prompt), (server.output, server.prompt), "{client}");
        assert_eq!((completed, bad), (server.finished.len() as i64, failed), "{client}");
        server.encloses(&runs);
    }
    for run in ["concurrency", "rate", "too-long", "warm-up-and-time"] {
        let of = |file: &str| self::runs(&format!("guidellm/{run}"), &[file]);
        let (json, csv) = (of("benchmarks.json"), of("benchmarks.csv"));
        let same =
            |r: &sheet::Run| (r.scenario.clone(), r.model.clone(), r.requests_failed, r.concurrency, r.arrival.clone());
        assert_eq!(sums(&json), sums(&csv), "{run}");
        assert_eq!(json.iter().map(same).collect::<Vec<_>>(), csv.iter().map(same).collect::<Vec<_>>());
        for (json, csv) in json.iter().zip(&csv) {
            let ends = json.end_ns.unwrap() - (csv.end_ns.unwrap() - 19_800_000_000_000);
            assert!((0..1_000_000_000).contains(&ends), "{run}: the CSV's is local and cut to the second");
        }
    }
    let client = "guidellm/warm-up-and-time";
    let (runs, server) = (runs(client, &["benchmarks.json"]), server(client));
    let [run] = runs.as_slice() else { panic!() };
    assert_eq!(
        (run.tokens_generated.unwrap(), run.prompt_tokens.unwrap()),
        server.of_some(run.requests_completed.unwrap())
    );
    assert_eq!((run.status.as_str(), run.latency_ms, run.requests_failed), ("degraded", Some(7000.0), Some(2)));
    server.encloses(&runs);
    let levels = self::runs("guidellm/concurrency", &["benchmarks.json"]);
    let loads: Vec<_> = levels.iter().map(|r| (r.scenario.as_str(), r.concurrency, r.arrival.as_deref())).collect();
    assert_eq!(
        loads,
        [
            ("10 requests, concurrency 1, 64 tokens in, 24 tokens out", Some(1), Some("closed")),
            ("10 requests, concurrency 4, 64 tokens in, 24 tokens out", Some(4), Some("closed"))
        ]
    );
}

#[test]
fn genai_bench_counts_as_the_server_but_for_what_was_running() {
    let of = |client: &str, files: &[&str], rest: usize| {
        let (runs, server) = (runs(client, files), server(client));
        let (output, prompt, completed, failed) = sums(&runs);
        assert_eq!(server.finished.len(), completed as usize, "{client}: it has {rest} that did not finish");
        assert_eq!((output, prompt), server.of_finished(), "{client}");
        (runs, failed)
    };
    let files =
        ["D64_24_text-to-text_num_concurrency_1_time_7s.json", "D64_24_text-to-text_num_concurrency_4_time_8s.json"];
    let (runs, _) = of("genai-bench/concurrency", &[files[0], files[1], "experiment_metadata.json"], 5);
    assert_eq!((runs.len(), runs[1].concurrency, runs[1].new_tokens_asked), (2, Some(4), Some(24)));
    let files = ["N64_10_24_4_text-to-text_num_concurrency_2_time_8s.json", "experiment_metadata.json"];
    let (runs, _) = of("genai-bench/warm-up", &files, 2);
    let run = &runs[0];
    assert_eq!((run.device.as_str(), run.accelerators, run.backend.as_str()), ("2x H100", Some(2), "LlamaCPP"));
    assert_eq!(run.model, "smollm2");
    let (runs, failed) =
        of("genai-bench/too-long", &["U200_1600_16_16_text-to-text_num_concurrency_2_time_19s.json"], 2);
    assert_eq!((failed, runs[0].status.as_str()), (5, "degraded"));
}

#[test]
fn aiperf_counts_as_the_server() {
    for (run, good, failed) in
        [("concurrency", 16, 0), ("server-count", 16, 0), ("cancelled", 10, 6), ("too-long", 5, 7)]
    {
        let client = &format!("aiperf/{run}");
        let server = server(client);
        let all = server.finished.len() as i64;
        let warm_up = all - good;
        for file in ["profile_export_aiperf.json", "profile_export.jsonl"] {
            let runs = runs(client, &[file]);
            let (output, prompt, completed, bad) = sums(&runs);
            let wanted = if warm_up > 0 { server.of_some(good) } else { server.of_finished() };
            assert_eq!(((output, prompt), completed, bad), (wanted, good, failed), "{client}/{file}");
            if file.ends_with("jsonl") {
                server.encloses(&runs);
            } else {
                // Local time of UTC+05:30, against the requests' own.
                let end = runs[0].end_ns.unwrap() - 19_800_000_000_000;
                let records = self::runs(client, &["profile_export.jsonl"]);
                assert!((0..50_000_000).contains(&(end - records[0].end_ns.unwrap())), "{client}");
            }
        }
    }
    let (sweep, counted) = (runs("aiperf/sweep", &["profile_export_aiperf_sweep.json"]), server("aiperf/sweep"));
    let (output, prompt, completed, failed) = sums(&sweep);
    assert_eq!((output, prompt, completed, failed), (counted.output, counted.prompt, 21, 3));
    assert_eq!(sweep.iter().map(|r| r.concurrency).collect::<Vec<_>>(), [Some(1), Some(4)]);
    let (level, counted) = (runs("aiperf/sweep-level", &["profile_export_aiperf.json"]), server("aiperf/sweep-level"));
    let (output, prompt, completed, _) = sums(&level);
    assert_eq!((output, prompt), counted.of_some(completed));
}

#[test]
fn loadgen_counts_as_the_server() {
    for (run, failed) in [("server", 0), ("offline", 0), ("single-stream", 0), ("too-long", 1)] {
        let client = &format!("mlcommons-loadgen/{run}");
        let (runs, server) = (runs(client, &["mlperf_log_summary.txt", "mlperf_log_detail.txt"]), server(client));
        let (output, _, completed, bad) = sums(&runs);
        assert_eq!((runs.len(), output), (1, server.output), "{client}");
        assert_eq!((completed, bad), (server.finished.len() as i64, failed), "{client}");
        server.encloses(&runs);
    }
    assert_eq!(
        import("mlcommons-loadgen/server", &["mlperf_log_summary.txt"]).unwrap_err().to_string(),
        "mlperf_log_summary.txt: line 1: a summary, which has no times and no counts, \"MLPerf Results Summary\", \
         give the mlperf_log_detail.txt of the same run"
    );
}

#[test]
fn inference_perf_counts_as_the_server() {
    for (run, stages, failed) in [("concurrency", 2, 0), ("rate", 1, 0), ("too-long", 1, 6)] {
        let client = &format!("inference-perf/{run}");
        let mut files: Vec<String> = (0..stages).map(|n| format!("stage_{n}_lifecycle_metrics.json")).collect();
        let server = server(client);
        let alone = runs(client, &files.iter().map(String::as_str).collect::<Vec<_>>());
        files.extend((0..stages).map(|n| format!("inference-perf.partial.stage_{n}.yaml")));
        files.extend(
            ["config.yaml", "summary_lifecycle_metrics.json", "per_request_lifecycle_metrics.json"].map(String::from),
        );
        let whole = runs(client, &files.iter().map(String::as_str).collect::<Vec<_>>());
        for runs in [&alone, &whole] {
            let (output, prompt, completed, bad) = sums(runs);
            assert_eq!((runs.len(), output, prompt), (stages, server.output, server.prompt), "{client}");
            assert_eq!((completed, bad), (server.finished.len() as i64, failed), "{client}");
        }
        server.encloses(&whole);
        assert_eq!((whole[0].model.as_str(), alone[0].start_ns), ("smollm2", None));
    }
}

#[test]
fn llama_batched_bench_counts_what_it_processed() {
    let of = |run: &str, file: &str| {
        let (runs, remarks) = import(&format!("llama-batched-bench/{run}"), &[file]).unwrap();
        (runs.len(), sums(&runs).0, sums(&runs).1, remarks.len())
    };
    assert_eq!(of("jsonl", "batched.jsonl"), (6, 2 * 7 * 16, 7 * 64 + 7 * 128, 1));
    assert_eq!(of("markdown", "batched.md"), (3, 7 * 16, 7 * 64, 1));
    assert_eq!(of("shared-prompt", "batched.jsonl"), (3, 7 * 16, 3 * 64, 1));
    let (runs, remarks) = import("llama-batched-bench/no-room", &["batched.jsonl"]).unwrap();
    assert_eq!(runs.len(), 5);
    assert!(remarks.iter().any(|r| r.contains("1 of 6 combinations of PP, TG and B are missing")), "{remarks:?}");
}

#[test]
fn files_that_were_composed() {
    let [generate, cached, cut, failed] = &runs("ollama", &["finals.jsonl"])[..] else { panic!() };
    assert_eq!(
        (generate.tokens_generated, generate.prompt_tokens, generate.status.as_str()),
        (Some(180), Some(36), "ok")
    );
    assert_eq!((cached.prompt_tokens, cut.tokens_generated, failed.status.as_str()), (None, Some(256), "failed"));
    let stream = &runs("ollama", &["generate-stream.jsonl"])[0];
    assert_eq!((stream.tokens_generated, stream.status.as_str()), (Some(259), "degraded"));
    assert_eq!(stream.end_ns.unwrap() - stream.start_ns.unwrap(), 10_704_008_291);
    assert_eq!(runs("ollama", &["chat.json"])[0].scenario, "chat, 31 tokens in");
    let verbose = &runs("ollama", &["verbose.txt"])[0];
    assert_eq!((verbose.tokens_generated, verbose.latency_ms.map(f64::round)), (Some(1507), Some(75_344.0)));

    let summary = "model_550_150_summary.json";
    let alone = &runs("llmperf", &[summary])[0];
    let both = &runs("llmperf", &[summary, "model_550_150_individual_responses.json"])[0];
    assert_eq!(
        (alone.tokens_generated, both.tokens_generated, both.requests_failed),
        (Some(2614), Some(2614), Some(2))
    );
    assert_eq!(both.end_ns, Some(1_785_000_020_000_000_000));
    assert_eq!(
        import("llmperf", &["model_550_150_individual_responses.json"]).unwrap_err().to_string(),
        "model_550_150_individual_responses.json: line 1: responses without the time that the run took, \
         \"number_output_tokens\", give the ..._summary.json of the same run with it"
    );

    let run = &runs("trtllm-bench", &["report.json"])[0];
    assert_eq!((run.tokens_generated, run.accelerators, run.dtype.as_str()), (Some(64 * 256), Some(8), "FP8"));
    assert_eq!(runs("trtllm-bench", &["report-not-streaming.json"]).len(), 1);

    let run = &runs("inferencex", &["agg_result.json", "result.json", "power_validation_result.json"])[0];
    assert_eq!(
        (run.tokens_generated, run.accelerators, run.reported_gpu_j),
        (Some(322_560), Some(8), Some(310_905.75))
    );
    assert_eq!((run.start_ns, run.device.as_str()), (Some(1_784_999_999_750_000_000), "8x h100"));
    assert_eq!(runs("inferencex", &["result.json"])[0].reported_gpu_j, None);
    assert_eq!(
        import("inferencex", &["agg_result.json"]).unwrap_err().to_string(),
        "agg_result.json: line 1: rates without counts and without the time that the benchmark took, \
         \"output_tput_per_gpu\", give the result.json of the same benchmark with it"
    );
}
