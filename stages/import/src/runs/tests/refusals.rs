//! What readers refuse, with its full text: small files that are wrong in one place.

use super::*;

mod engines;

/// A text, changed in some places.
fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_string(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in {text}");
        text.replacen(from, to, 1)
    })
}

/// Whether each text is refused in these words.
fn refuse_all(format: Option<&str>, all: &[(String, &str)]) {
    for (text, wanted) in all {
        assert_eq!(refusal(text, format), *wanted, "{text}");
    }
}

const RECORD: &str = r#"{"metadata": {"session_num": 1, "x_request_id": "a", "request_start_ns": 1778742000000000000,
    "request_ack_ns": 1778742000001000000, "request_end_ns": 1778742003000000000, "benchmark_phase": "profiling",
    "was_cancelled": false}, "metrics": {"input_sequence_length": {"value": 550, "unit": "tokens"},
    "output_token_count": {"value": 200, "unit": "tokens"}, "output_sequence_length": {"value": 200, "unit": "tokens"},
    "time_to_first_token": {"value": 80.5, "unit": "ms"}, "inter_token_latency": {"value": 12.5, "unit": "ms"}},
    "error": null}"#;
const REPORT: &str = r#"{"request_latency": {"avg": 2000.0, "unit": "ms"}, "request_count": {"avg": 10, "unit": "requests"},
    "request_throughput": {"avg": 1.0, "unit": "requests/sec"}, "total_osl": {"avg": 1000, "unit": "tokens"},
    "min_request_timestamp": {"avg": 1778742000000000000, "unit": "ns"},
    "max_response_timestamp": {"avg": 1778742010000000000, "unit": "ns"}, "benchmark_duration": {"avg": 10.0, "unit": "sec"}}"#;

#[test]
fn aiperf() {
    refuse_all(
        None,
        &[
            (
                with(RECORD, &[("\"request_ack_ns\": 1778742000001", "\"request_ack_ns\": 1778742004001")]),
                "FILE: line 1: a request whose start, answer and end cannot be, 1778742000000000000, 1778742004001000000 \
                 and 1778742003000000000 ns, correct the line or leave it out",
            ),
            (
                with(RECORD, &[("\"request_end_ns\": 1778742003", "\"request_end_ns\": 1788742003")]),
                "FILE: line 1: a request whose start, answer and end cannot be, 1778742000000000000, 1778742000001000000 \
                 and 1788742003000000000 ns, correct the line or leave it out",
            ),
            (
                with(RECORD, &[("\"value\": 12.5", "\"value\": -12.5")]),
                "FILE: line 1: `inter_token_latency` is not a number of at least 0, \"-12.5\", correct the line or leave it out",
            ),
            (
                with(RECORD, &[("\"value\": 550", "\"value\": \"many\"")]),
                "FILE: line 1: `input_sequence_length` is not a number of at least 0, \"many\", correct the line or leave it out",
            ),
            (
                with(RECORD, &[("\"output_token_count\": {\"value\": 200", "\"output_token_count\": {\"value\": 100")]),
                "FILE: line 1: `output_sequence_length` is not `output_token_count` and `reasoning_token_count`, 200 and \
                 100, correct the line or leave it out",
            ),
            (
                with(RECORD, &[("\"error\": null", "\"error\": {\"code\": 500}")]),
                "FILE: line 1: no request to count, 0 of 1 requests of the profiling phase succeeded, give the export of a \
                 benchmark that worked",
            ),
            (
                with(REPORT, &[("\"unit\": \"sec\"", "\"unit\": \"s.\"")]),
                "FILE: line 1: `benchmark_duration` has no unit of time, \"s.\", give the file as AIPerf wrote it",
            ),
            (
                with(REPORT, &[("\"min_request_timestamp\"", "\"min_timestamp\"")]),
                "FILE: line 1: one end of the benchmark is missing, \"min_request_timestamp\", give the file as AIPerf wrote it",
            ),
            (
                with(REPORT, &[("1778742000000000000", "65535")]),
                "FILE: line 1: `min_request_timestamp` is no time in ns, \"65535\", give the file as AIPerf wrote it",
            ),
            (
                with(REPORT, &[("\"avg\": 10.0, \"unit\": \"sec\"", "\"avg\": 20.0, \"unit\": \"sec\"")]),
                "FILE: line 1: two numbers that contradict each other, `max_response_timestamp` - `min_request_timestamp` \
                 10, `benchmark_duration` is 20, give the file as the client wrote it",
            ),
            (
                with(REPORT, &[("\"total_osl\"", "\"total\"")]),
                "FILE: line 1: no count of tokens, none of total_osl, output_sequence_length, total_output_tokens, give the \
                 whole profile_export_aiperf.json",
            ),
            (
                with(REPORT, &[("{\"avg\": 10,", "{\"min\": 10,"), ("{\"avg\": 1.0", "{\"min\": 1.0")]),
                "FILE: line 1: no count of requests, neither request_count nor request_throughput, give the whole \
                 profile_export_aiperf.json",
            ),
            (
                r#"{"aggregation_type": "sweep", "num_profile_runs": 1,
    "per_combination_metrics": [{"parameters": {}}]}"#
                    .into(),
                "FILE: line 1: a combination without metrics, per_combination_metrics, \
    give the whole profile_export_aiperf_sweep.json",
            ),
        ],
    );
}

#[test]
fn genai_perf() {
    let text = "Metric,avg,min,max,p99,p90,p75\nOutput Sequence Length \
     (tokens),200.00,100.00,300.00,290.00,280.00,250.00\n\nMetric,Value\nRequest Count (count),500.00\n";
    refuse_all(
        None,
        &[
            (
                text.into(),
                "FILE: line 1: no duration and no request throughput, nothing, give the whole file, both tables",
            ),
            (
                format!("{text}Request Throughput (per sec),0.00\n"),
                "FILE: line 1: no duration and no request throughput, 0, give the whole file, both tables",
            ),
        ],
    );
}

#[test]
fn genai_bench() {
    let level = r#"{"aggregated_metrics": {"run_duration": 2.0, "num_requests": 0}, "individual_request_metrics": []}"#;
    refuse_all(
        None,
        &[(
            level.into(),
            "FILE: line 1: no request in it, `individual_request_metrics` is empty or missing, give the whole file of a level \
             that sent requests",
        )],
    );
}

#[test]
fn generic() {
    let row = |header: &str, fields: &str| {
        format!(
            "start,end,model,tokens_generated,{header}\n2026-05-14T09:00:00Z,2026-05-14T09:01:00Z,m,24000,{fields}\n"
        )
    };
    refuse_all(
        None,
        &[
            (
                row("prompt_tokens", "7.5"),
                "FILE: line 2: column `prompt_tokens` is no count, 7.5, give a whole number of at least 0",
            ),
            (
                row("requests_completed", "7.5"),
                "FILE: line 2: column `requests_completed` is no count, 7.5, give a whole number of at least 0",
            ),
            (row("gpu_j", "-5"), "FILE: line 2: column `gpu_j` is below 0, -5, correct the field"),
            (
                row("gpu_j", "0.5"),
                "FILE: line 2: a mean power of gpu that is impossible, 8.333e-3 W, none takes less than 1 W: correct the energy \
                 or the length",
            ),
            (
                row("node_j", "0.5"),
                "FILE: line 2: a mean power of node that is impossible, 8.333e-3 W, none takes less than 0.3 W: correct the \
                 energy or the length",
            ),
            (
                row("gpu_j", "900000"),
                "FILE: line 2: a mean power of gpu that is impossible, 1.500e4 W, none takes more than 4e3 W: correct the \
                 energy or the length, or say how many ran with --accelerators",
            ),
            (
                row("cpu_package_j", "1e15"),
                "FILE: line 2: a mean power of cpu_package that is impossible, 1.667e13 W, none takes more than 2.56e5 W: \
                 correct the energy or the length",
            ),
            (row("mode", "embed"), "FILE: line 2: no such mode, \"embed\", use generate or prefill"),
            (row("status", "bad"), "FILE: line 2: no such status, \"bad\", use ok, degraded or failed"),
            (row("status", "failed"), "FILE: line 2: a status without a reason, \"failed\", fill in column `reason`"),
            (
                row("duration_s", "99"),
                "FILE: line 2: `start` and `end` are not `duration_s` apart, 60 s and 99 s, correct one, or leave column \
                 `duration_s` out",
            ),
            (row("role", "some"), "FILE: line 2: column `role` has no such value, \"some\", use all, prefill, decode"),
            (
                row("arrival", "bursts"),
                "FILE: line 2: column `arrival` has no such value, \"bursts\", use closed, constant, poisson, gamma",
            ),
            (row("offered_rate_per_s", "-1"), "FILE: line 2: a rate of requests below 0, -1, correct the rate"),
            (row("threads", "0"), "FILE: line 2: no number of threads, 0, correct it or leave it out"),
            (row("threads", "65535"), "FILE: line 2: no number of threads, 65535, correct it or leave it out"),
            (
                row("batch,prompt_tokens", "64,8"),
                "FILE: line 2: fewer prompt tokens than sequences, 64 and 8, correct one of them",
            ),
            (
                row("prompt_tokens,cached_prompt_tokens", "10,11"),
                "FILE: line 2: more cached prompt tokens than prompt tokens, 11 and 10, correct one of them",
            ),
            (
                row("reasoning_tokens", "24001"),
                "FILE: line 2: more tokens of reasoning than new tokens, 24001 and 24000, correct one of them",
            ),
            (
                row("prompt_tokens", "4000000000"),
                "FILE: line 2: too many prompt tokens a second and accelerator, 6.667e7, no hardware reaches 1e7: correct the \
                 length or the tokens, or say how many accelerators ran with --accelerators",
            ),
            (
                row("tpot_ms,status,reason", "0.01,degraded,x"),
                "FILE: line 2: too many tokens a second of one sequence, 1.000e5, none reaches 3e4: correct the times or the tokens",
            ),
            (
                row("batch,new_tokens_asked,duration_s", "1,2400000,60").replace("24000,", "2400000,"),
                "FILE: line 2: too many tokens a second of one sequence, 4.000e4, none reaches 3e4: correct the times or the tokens",
            ),
            (
                row("ttft_ms", "1").replace("24000,", ","),
                "FILE: line 2: column `tokens_generated` has no number, \"\", fill it in",
            ),
            (
                row("ttft_ms", "1").replace("-05-14T09:01", "-07-14T09:01"),
                "FILE: line 2: a run of more than 30 days, 5270460000 ms, give the result of a run that finished",
            ),
        ],
    );
}

#[test]
fn guidellm_and_inference_perf() {
    let csv = "Run Info,Benchmark,Timings,Request Counts,Token Metrics\nName,Strategy,Duration,Successful,Output\n";
    let level = r#"{"guidellm_version": "0.8.1", "benchmarks": [{"type_": "generative_benchmark", "start_time": 12.0,
    "end_time": 13.0, "metrics": {"request_totals": {"successful": 1, "errored": 0, "incomplete": 0},
    "output_token_count": {"successful": {"total_sum": 5}}}}]}"#;
    let metadata = r#"{"benchmark_version": "0.0.5", "traffic_scenario": []}"#;
    refuse_all(
        None,
        &[
            (
                csv.into(),
                "FILE: line 1: three lines of headers are missing, \"Run Info\", give the file as GuideLLM wrote it",
            ),
            (
                level.into(),
                "FILE: line 1: times that are no Unix seconds, \"12 to 13\", give the file as the client wrote it",
            ),
            (
                format!("{metadata}\n{{\"aggregated_metrics\": {{"),
                "FILE: a file that is cut, \"the file ends inside an entry (a killed run?), the entry is left out: 1, first \
                 line 2\", give the whole file as the client wrote it",
            ),
            (
                "metadata:\n  uid: inference-perf-stage-0\n".into(),
                "FILE: line 1: times and settings without a stage, \"metadata:\", give the stage_N_lifecycle_metrics.json beside it",
            ),
        ],
    );
}
