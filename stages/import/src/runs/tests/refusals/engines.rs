//! The same of engines that run the model themselves, and of what they measured.

use super::*;

#[test]
fn llama_bench() {
    let table = "| model | backend | n_ubatch | test | t/s |\n|---|---|--:|---|--:|\n| llama 8B Q4_0 | CUDA | 512 | pp512 | \
     4000.00 ± 15.63 |\n| | | | tg128 | 80.00 ± 0.50 |\n";
    let entry = r#"{"n_prompt": 0, "n_gen": 128, "avg_ns": 1600000000, "avg_ts": 80.0, "stddev_ts": 0.5, "backends": "CUDA",
    "gpu_info": "GPU 16GB", "model_filename": "a.gguf", "n_threads": 8, "n_depth": 0, "test_time": "2026-05-14T07:10:02Z"}"#;
    refuse_all(
        None,
        &[
            (
                with(table, &[("| | | | tg128 | 80.00 ± 0.50 |", "| | | | tg128 |")]),
                "FILE: line 4: 4 cells where the header has 5, \"| | | | tg128 |\", paste the whole table",
            ),
            (
                with(table, &[("| llama 8B Q4_0 | CUDA | 512 | pp512 | 4000.00 ± 15.63 |\n", "")]),
                "FILE: line 3: column `model` is blank, and no row above it says what it repeats, \"| | | | tg128 | 80.00 ± \
                 0.50 |\", paste the whole table",
            ),
            (
                with(table, &[("tg128", "")]),
                "FILE: line 4: column `test` is blank, and no row above it says what it repeats, \"| | | |  | 80.00 ± 0.50 |\", \
                 paste the whole table",
            ),
            (
                with(table, &[("80.00 ± 0.50", "0.50 ± 80.00")]),
                "FILE: line 4: a rate far below its own deviation, 0.5 ± 80, give the output as llama-bench wrote it",
            ),
            (
                with(table, &[("4000.00", "4000000.00")]),
                "FILE: line 4: a prompt that is read too fast for a model that writes so slowly, 4000000 and 80 tokens a \
                 second, correct one of them",
            ),
            (
                with(table, &[("80.00 ± 0.50", "80000.00 ± 0.50")]),
                "FILE: line 4: too many tokens a second of one sequence, 8.000e4, none reaches 3e4: correct the times or the tokens",
            ),
            (
                with(table, &[("4000.00", "4000,50")]),
                "FILE: line 3: commas and points before decimals, \"4000,50\" and in line 4 \"80.00\", correct the file, or say \
                 which mark counts: --decimal comma or --decimal point",
            ),
            (
                with(entry, &[("\"n_gen\": 128", "\"n_gen\": 0")]),
                "FILE: line 1: a test of no tokens, n_prompt = 0, n_gen = 0, give the whole result of llama-bench",
            ),
            (
                with(entry, &[("\"n_gen\": 128", "\"n_gen\": 12.5")]),
                "FILE: line 1: `n_gen` is no count, 12.5, give the whole result of llama-bench",
            ),
            (
                with(entry, &[("\"n_depth\": 0", "\"n_depth\": \"N/A\"")]),
                "FILE: line 1: `n_depth` is missing or no number, \"N/A\", give the whole result of llama-bench",
            ),
            (
                with(entry, &[("\"n_depth\": 0", "\"n_depth\": -512")]),
                "FILE: line 1: `n_depth` is no count, -512, give the whole result of llama-bench",
            ),
            (
                with(entry, &[("\"n_threads\": 8", "\"n_threads\": 0")]),
                "FILE: line 1: no number of threads, 0, correct it or leave it out",
            ),
            (
                with(entry, &[("2026-05-14T07:10:02Z", "yesterday")]),
                "FILE: line 1: `test_time` is no time, \"yesterday\", give the whole result of llama-bench",
            ),
            (
                with(entry, &[("GPU 16GB", "Example CPU 16-Core")]),
                "FILE: line 1: a processor as `gpu_info`, \"Example CPU 16-Core\", give the whole result of llama-bench, or \
                 name the GPU with --device",
            ),
            (
                with(&sql(), &[("VALUES", "VALUE")]),
                "FILE: line 5: a statement that ends early, \"INSERT INTO test (build_commit, build_number, cpu_info, gpu_info, \
                 backends, model_filename, model_type, n_batch, n_threa…\", give the whole output of llama-bench",
            ),
            (
                sql()[..sql().len() - 8].into(),
                "FILE: line 5: a statement that ends early, \"INSERT INTO test (build_commit, build_number, cpu_info, gpu_info, \
                 backends, model_filename, model_type, n_batch, n_threa…\", give the whole output of llama-bench",
            ),
        ],
    );
}

#[test]
fn llama_batched_bench() {
    let table = "n_kv_max = 4096, n_batch = 2048\n|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s \
     |      T s |    S t/s \
     |\n|-------|--------|------|--------|----------|----------|----------|----------|----------|----------|\n|    64 |     16 \
     |    1 |     80 |    0.500 |   128.00 |    0.250 |    64.00 |    0.750 |   106.67 |\n";
    refuse_all(
        None,
        &[
            (
                with(table, &[("|   106.67 |", "|")]),
                "FILE: line 4: 9 cells where the header has 10, \"|    64 |     16 |    1 |     80 |    0.500 |   128.00 |    \
                 0.250 |    64.00 |    0.750 |\", paste the whole table",
            ),
            (
                with(table, &[("|    1 |     80", "|    0 |     0")]),
                "FILE: line 4: a level without tokens, PP 64, TG 16, B 0, leave the line out",
            ),
            (
                with(table, &[("128.00", "128,50")]),
                "FILE: line 4: commas and points before decimals, \"128,50\" and in line 4 \"0.500\", correct the file, or say \
                 which mark counts: --decimal comma or --decimal point",
            ),
        ],
    );
}

#[test]
fn ml_energy() {
    let text = "model,throughput,response_length,energy\nm,100.0,250,180\n";
    refuse_all(
        None,
        &[
            (with(text, &[(",100.0,", ",,")]), "FILE: line 2: no throughput, \"m\", give the table with its rates"),
            (with(text, &[(",180", ",0")]), "FILE: line 2: `energy` is missing or not above 0, 0, correct the row"),
            (
                with(text, &[(",180", ",18000")]),
                "FILE: line 2: a mean power of gpu that is impossible, 7.200e3 W, none takes more than 4e3 W: correct the \
                 energy or the length, or say how many ran with --accelerators",
            ),
            (
                with(text, &[(",180", ",1.8")]),
                "FILE: line 2: a mean power of gpu that is impossible, 7.200e-1 W, none takes less than 1 W: correct the energy \
                 or the length",
            ),
        ],
    );
}

#[test]
fn ollama() {
    let answer = r#"{"model": "m", "created_at": "2026-07-25T17:20:10Z", "response": "", "done": true,
    "total_duration": 4643027084, "load_duration": 4071084, "prompt_eval_count": 36, "prompt_eval_duration": 439038000,
    "eval_count": 180, "eval_duration": 4196918000}"#;
    let text = "total duration:       7.5s\nload duration:        50ms\nprompt eval count:    26 token(s)\nprompt eval \
     duration: 174ms\nprompt eval rate:     149.43 tokens/s\neval count:           140 token(s)\neval duration:        7s\neval \
     rate:            20.00 tokens/s\n";
    refuse_all(
        None,
        &[
            (
                with(answer, &[("\"eval_count\": 180", "\"eval_count\": 0")]),
                "FILE: line 1: an answer without tokens, \"eval count 0\", leave the answer out",
            ),
            (
                with(answer, &[("\"eval_count\": 180", "\"eval_count\": 183.6")]),
                "FILE: line 1: `eval_count` is not a whole number, \"183.6\", give the file as the client wrote it",
            ),
            (
                with(answer, &[("\"eval_count\": 180", "\"eval_count\": 180000")]),
                "FILE: line 1: too many tokens a second of one sequence, 3.877e4, none reaches 3e4: correct the times or the tokens",
            ),
            (
                with(answer, &[("\"prompt_eval_count\": 36", "\"prompt_eval_count\": 2147483647")]),
                "FILE: line 1: too many prompt tokens a second and accelerator, 4.625e8, no hardware reaches 1e7: correct the \
                 length or the tokens, or say how many accelerators ran with --accelerators",
            ),
            (
                with(answer, &[("\"load_duration\": 4071084", "\"load_duration\": 40710840")]),
                "FILE: line 1: parts that take longer than the whole, 4.677 s of parts, 4.643 s in all, give the answer as it came",
            ),
            (
                with(answer, &[("\"load_duration\": 4071084", "\"load_duration\": 36")]),
                "FILE: line 1: a time of the load below 1 us, 36 ns, give the answer as it came",
            ),
            (
                with(answer, &[("\"total_duration\": 4643027084", "\"total_duration\": 4294967295")]),
                "FILE: line 1: a time of the whole that is a counter's greatest number, 4294967295 ns, give the answer as it came",
            ),
            (
                with(answer, &[("\"done\": true", "\"done\": \"\"")]),
                "FILE: line 1: `done` is not true beside counts, \"\", give the answer as it came",
            ),
            (
                with(text, &[("26 token(s)", "52 token(s)")]),
                "FILE: line 1: two numbers that contradict each other, `prompt eval rate` x its duration gives 26.001, `prompt \
                 eval count` is 52, give the file as the client wrote it",
            ),
            (
                with(text, &[("26 token(s)", "2.6 token(s)")]),
                "FILE: line 3: `prompt eval count` is not a whole number, 2.6, paste the text as it came",
            ),
            (
                with(text, &[("26 token(s)", "some")]),
                "FILE: line 3: `prompt eval count` is no number, \"some\", paste the text as it came",
            ),
            (
                with(text, &[("174ms", "soon")]),
                "FILE: line 4: `prompt eval duration` is no duration, \"soon\", paste the text as it came",
            ),
            (
                with(text, &[("eval duration:        7s\n", "")]),
                "FILE: line 1: `eval duration` is missing, \"total duration\", paste the whole text",
            ),
            (
                with(text, &[("140 token(s)", "280 token(s)")]),
                "FILE: line 1: two numbers that contradict each other, `eval rate` x `eval duration` gives 140, `eval count` is \
                 280, give the file as the client wrote it",
            ),
        ],
    );
}

#[test]
fn optimum_benchmark_vllm_and_loadgen() {
    let phase = r#"{"latency": {"unit": "s", "count": 3, "mean": 4.0}, "throughput": {"unit": "tokens/s", "value": 128.0},
    "energy": {"unit": "kWh", "cpu": 1e-5, "gpu": 2e-5}}"#;
    let report = format!(r#"{{"load_model": {{}}, "prefill": {phase}, "decode": {phase}}}"#);
    let result =
        r#"{"completed": 4, "total_output_tokens": 500, "duration": 60.5, "total_input_tokens": 400, "tp": 2}"#;
    let detail =
        r#":::MLLOG {"key": "effective_test_mode", "value": "AccuracyOnly", "metadata": {"file": "mlperf::logging"}}"#;
    let times = ["power_begin", "power_end"]
        .map(|key| format!(r#":::MLLOG {{"key": "{key}", "value": "11-28-2026 11:57:09.825"}}"#));
    let times = format!("{}\n:::MLLOG {{\"key\": \"result_tokens_per_second\", \"value\": 5}}", times.join("\n"));
    refuse_all(
        None,
        &[
            (
                with(&report, &[("\"count\": 3", "\"count\": \"N/A\"")]),
                "FILE: line 1: `latency.count` is no number of iterations, \"N/A\", give the whole report",
            ),
            (
                with(&report, &[("\"kWh\"", "\"Wh\"")]),
                "FILE: line 1: an energy that is not in kWh, \"Wh\", correct the report",
            ),
            (
                with(result, &[("\"total_input_tokens\": 400", "\"total_input_tokens\": \"N/A\"")]),
                "FILE: line 1: `total_input_tokens` is no number, \"N/A\", give the whole result",
            ),
            (
                with(result, &[("\"tp\": 2", "\"input_lens\": [100, 100]")]),
                "FILE: line 1: `total_input_tokens` is not the sum of `input_lens`, 400 and 200, correct the result or run the \
                 benchmark again",
            ),
            (
                detail.into(),
                "FILE: line 1: no run of performance, \"AccuracyOnly\", give the log of a run in mode PerformanceOnly",
            ),
            (
                detail.replace("AccuracyOnly", "PerformanceOnly"),
                "FILE: line 1: `power_begin` is missing, the log has no such key, give the log of a run in mode PerformanceOnly \
                 that ended",
            ),
            (
                format!("{}\n{times}", detail.replace("AccuracyOnly", "PerformanceOnly")),
                "FILE: line 1: `result_query_count` is missing, the log ends before it, give the log of a run that ended",
            ),
            (
                format!("{}\n{times}", detail.replace("AccuracyOnly", "PerformanceOnly"))
                    .replace("11-28-2026", "today"),
                "FILE: line 2: `power_begin` is no time, \"today 11:57:09.825\", expected MM-DD-YYYY HH:MM:SS.mmm",
            ),
        ],
    );
}
