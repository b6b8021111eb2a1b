"""Writes result files of programs that cannot be run here, after their public sources: keys and units theirs, numbers made up but
consistent. tests/fixtures/clients/README.md names the sources.

    python compose.py OUT
"""

import csv
import datetime
import io
import json
import pathlib
import statistics
import sys

OUT = pathlib.Path(sys.argv[1])
START_S = 1_785_000_000.0


def write(name, content):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=4) + "\n")


def quantile(values, share):
    """Linear interpolation, as pandas and NumPy do."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


# Ollama. Times in nanoseconds; `created_at` of the last object is its end.
def ollama_metrics(load_ns, prompt, prompt_ns, output, output_ns):
    metrics = {
        "total_duration": load_ns + prompt_ns + output_ns + 3_000_000,
        "load_duration": load_ns,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": prompt_ns,
        "eval_count": output,
        "eval_duration": output_ns,
    }
    return {key: value for key, value in metrics.items() if value}


def ollama_final(end_s, body, reason, metrics):
    created = utc(end_s).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = {"model": "llama3.2", "created_at": created} | body
    return head | {"done": True, "done_reason": reason} | metrics


def go_duration(ns):
    seconds = ns / 1e9
    if seconds >= 60:
        return f"{int(seconds // 60)}m{seconds % 60:.9f}".rstrip("0").rstrip(".") + "s"
    value, unit = (seconds, "s") if ns >= 1e9 else (ns / 1e6, "ms")
    return f"{value:.9f}".rstrip("0").rstrip(".") + unit


def ollama():
    first = ollama_metrics(6_338_219_291, 26, 130_079_000, 259, 4_232_710_000)
    text = {"response": ""}
    parts = [
        {"model": "llama3.2", "created_at": f"2026-07-25T17:20:1{at}.25Z", "response": word, "done": False}
        for at, word in enumerate(["The", " sky", " is"])
    ]
    stream = parts + [ollama_final(START_S + 20, text, "stop", first | {})]
    write("ollama/generate-stream.jsonl", "".join(json.dumps(part) + "\n" for part in stream))
    message = {"message": {"role": "assistant", "content": "Because of Rayleigh scattering."}}
    write("ollama/chat.json", ollama_final(START_S + 30, message, "stop", ollama_metrics(5_025_959, 31, 61_300_000, 7, 98_400_000)))
    finals = [
        ollama_final(START_S, text, "load", {}),
        ollama_final(START_S + 10, text, "stop", ollama_metrics(4_071_084, 36, 439_038_000, 180, 4_196_918_000)),
        # The prompt was cached: Ollama before pull request 5371 leaves prompt_eval_count out.
        ollama_final(START_S + 20, text, "stop", ollama_metrics(3_871_000, 0, 11_202_000, 180, 4_201_334_000)),
        ollama_final(START_S + 30, text, "length", ollama_metrics(4_500_100, 36, 440_110_000, 256, 5_998_020_000)),
        {"error": "model requires more system memory (5.5 GiB) than is available (3.1 GiB)"},
    ]
    write("ollama/finals.jsonl", "".join(json.dumps(final) + "\n" for final in finals))
    long = ollama_metrics(46_402_083, 26, 174_000_000, 1507, 75_120_500_000)
    write("ollama/verbose.txt", "The sky is blue because of Rayleigh scattering.\n\n" + ollama_summary(long))


def ollama_summary(m):
    rate = lambda count, ns: f"{count / (ns / 1e9):.2f} tokens/s"
    return (
        f"total duration:       {go_duration(m['total_duration'])}\n"
        f"load duration:        {go_duration(m['load_duration'])}\n"
        f"prompt eval count:    {m['prompt_eval_count']} token(s)\n"
        f"prompt eval duration: {go_duration(m['prompt_eval_duration'])}\n"
        f"prompt eval rate:     {rate(m['prompt_eval_count'], m['prompt_eval_duration'])}\n"
        f"eval count:           {m['eval_count']} token(s)\n"
        f"eval duration:        {go_duration(m['eval_duration'])}\n"
        f"eval rate:            {rate(m['eval_count'], m['eval_duration'])}\n"
    )


# LLMPerf. Its summary is flat; the least and greatest of whole numbers are texts, since it writes NumPy's integers with `str`.
def llmperf():
    good = [{"ttft": 0.31 + at % 5 * 0.02, "latency": 3.9 + at % 7 * 0.11, "output": 141 + at % 11} for at in range(18)]
    rows = [
        {
            "error_code": None,
            "error_msg": "",
            "inter_token_latency_s": one["latency"] / one["output"],
            "ttft_s": one["ttft"],
            "end_to_end_latency_s": one["latency"],
            "request_output_throughput_token_per_s": one["output"] / one["latency"],
            "number_total_tokens": 550 + one["output"],
            "number_output_tokens": one["output"],
            "number_input_tokens": 550,
        }
        for one in good
    ]
    failed = dict.fromkeys(rows[0], 0) | {"error_code": 429, "error_msg": "rate limit", "number_total_tokens": 550}
    failed |= {"number_input_tokens": 550}
    write("llmperf/model_550_150_individual_responses.json", json.dumps(rows + [failed, failed], indent=4))
    elapsed_s = 19.25
    summary = {
        "version": "2023-08-31",
        "name": "model_550_150_summary",
        "model": "example-org/example-8b",
        "mean_input_tokens": 550,
        "stddev_input_tokens": 0,
        "mean_output_tokens": 150,
        "stddev_output_tokens": 0,
        "num_concurrent_requests": 4,
    }
    for key in (
        "inter_token_latency_s",
        "ttft_s",
        "end_to_end_latency_s",
        "request_output_throughput_token_per_s",
        "number_input_tokens",
        "number_output_tokens",
    ):
        values = [row[key] for row in rows]
        extreme = str if key.startswith("number") else float
        for percent in 25, 50, 75, 90, 95, 99:
            summary[f"results_{key}_quantiles_p{percent}"] = float(quantile(values, percent / 100))
        summary[f"results_{key}_mean"] = statistics.fmean(values)
        summary[f"results_{key}_min"], summary[f"results_{key}_max"] = extreme(min(values)), extreme(max(values))
        summary[f"results_{key}_stddev"] = statistics.stdev(values)
    total = sum(row["number_output_tokens"] for row in rows)
    summary |= {
        "results_num_requests_started": 20,
        "results_error_rate": 0.1,
        "results_number_errors": 2,
        "results_error_code_frequency": "{429.0: 2}",
        "results_mean_output_throughput_token_per_s": total / elapsed_s,
        "results_num_completed_requests": 18,
        "results_num_completed_requests_per_min": 18 / elapsed_s * 60,
        "timestamp": int(START_S) + 20,
    }
    write("llmperf/model_550_150_summary.json", json.dumps(summary, indent=4))


# trtllm-bench: `--report_json`, and its text. Percentiles are elements of the sorted list, none interpolated.
def trtllm_percentiles(values, scale=1.0):
    ordered = sorted(values)
    found = {f"p{p}": ordered[int(len(ordered) * p / 100)] * scale for p in (50, 90, 95, 99)}
    return found | {"minimum": min(values) * scale, "maximum": max(values) * scale, "average": statistics.fmean(values) * scale}


def trtllm_bench():
    count, gpus, inputs, outputs = 64, 8, 1024, 256
    latencies = [5000.0 + 17.0 * at for at in range(count)]
    ttfts = [180.0 + 3.0 * at for at in range(count)]
    tpots = [(latency - ttft) / (outputs - 1) for latency, ttft in zip(latencies, ttfts)]
    total_ms = 12_400.0
    per_s = 1000.0 / total_ms
    lengths = lambda length: trtllm_percentiles([float(length)] * count)
    report = {
        "engine": {
            "model": "example-org/example-70b",
            "model_path": "None",
            "engine_dir": "None",
            "version": "1.2.0",
            "backend": "Pytorch",
            "dtype": "bfloat16",
            "kv_cache_dtype": "FP8",
            "quantization": "FP8",
        },
        "machine": {"name": "NVIDIA H100 80GB HBM3", "memory.total": 79.1896, "clocks.mem": 2.619},
        "world_info": {
            "tp_size": 8,
            "pp_size": 1,
            "ep_size": 1,
            "world_size": gpus,
            "max_batch_size": 64,
            "max_num_tokens": 8192,
            "scheduling_policy": "GUARANTEED_NO_EVICT",
            "kv_cache_percentage": 0.9,
            "issue_rate": 2.1e13,
        },
        "request_info": {
            "num_requests": count,
            "avg_num_concurrent_requests": sum(latencies) / total_ms,
            "avg_input_length": float(inputs),
            "avg_output_length": float(outputs),
        },
        "performance": {
            "total_latency_ms": total_ms,
            "avg_request_latency_ms": statistics.fmean(latencies),
            "request_throughput_req_s": count * per_s,
            "system_output_throughput_tok_s": count * outputs * per_s,
            "system_total_throughput_tok_s": count * (inputs + outputs) * per_s,
            "output_throughput_per_user_tok_s": statistics.fmean(outputs / latency * 1000 for latency in latencies),
            "output_throughput_per_gpu_tok_s": count * outputs * per_s / gpus,
            "request_latency_percentiles_ms": trtllm_percentiles(latencies),
        },
        "streaming_metrics": {
            "token_output_speed_tok_s": statistics.fmean(1000 / tpot for tpot in tpots),
            "avg_ttft_ms": statistics.fmean(ttfts),
            "avg_tpot_ms": statistics.fmean(tpots),
            "tpot_percentiles": trtllm_percentiles(tpots),
            "ttft_percentiles": trtllm_percentiles(ttfts),
            "gen_tps_percentiles": trtllm_percentiles([1000 / tpot for tpot in tpots]),
        },
        "dataset": {
            "isl_stats": lengths(inputs),
            "osl_stats": lengths(outputs),
            "seq_len_stats": lengths(inputs + outputs),
            "num_requests": count,
            "dataset_path": "dataset.jsonl",
            "max_isl": inputs,
            "max_osl": outputs,
            "max_sequence_length": inputs + outputs,
            "avg_isl": inputs,
            "avg_osl": outputs,
            "avg_sequence_length": inputs + outputs,
        },
    }
    write("trtllm-bench/report.json", report)
    del report["streaming_metrics"]
    write("trtllm-bench/report-not-streaming.json", report)


# InferenceX: the client's result, nvidia-smi's readings, the aggregate of both and what was checked.
def inferencex():
    seconds, count, inputs, outputs, gpus = 60.0, 320, 327_680, 322_560, 8
    first = datetime.datetime(2026, 7, 25, 17, 19, 57, 500_000)
    start = first.replace(tzinfo=datetime.timezone.utc).timestamp() + 2.25
    result = {
        "date": "20260725-172102",
        "backend": "vllm",
        "model_id": "example-org/example-70b",
        "tokenizer_id": "example-org/example-70b",
        "best_of": 1,
        "num_prompts": count,
        "request_rate": "inf",
        "burstiness": 1.0,
        "max_concurrency": 64,
        "duration": seconds,
        "benchmark_start_time_unix": start,
        "benchmark_end_time_unix": start + seconds,
        "completed": count,
        "total_input_tokens": inputs,
        "total_output_tokens": outputs,
        "request_throughput": count / seconds,
        "request_goodput:": None,
        "output_throughput": outputs / seconds,
        "total_token_throughput": (inputs + outputs) / seconds,
    }
    for key, mean in {"ttft": 412.5, "tpot": 11.5, "itl": 11.5, "e2el": 12_000.0}.items():
        shares = {"mean": 1.0, "median": 0.96, "std": 0.2, "p90": 1.3, "p99": 1.7, "p99.9": 1.9}
        result |= {f"{name}_{key}_ms": mean * share for name, share in shares.items()}
    write("inferencex/result.json", result)
    watts = lambda gpu, at: 110.0 if at < 2 or at > 62 else 640.0 + 2 * gpu + at % 3
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    names = "timestamp, index, power.draw [W], temperature.gpu, clocks.current.sm [MHz], clocks.current.memory [MHz]"
    lines.write(f"{names}, utilization.gpu [%], utilization.memory [%]\n")
    for at in range(66):
        stamp = (first + datetime.timedelta(seconds=at)).strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
        for gpu in range(gpus):
            cells = [stamp, gpu, f"{watts(gpu, at):.2f} W", 58 + gpu, "1980 MHz", "2619 MHz", "99 %", "63 %"]
            table.writerow([cells[0]] + [f" {cell}" for cell in cells[1:]])
    write("inferencex/gpu_metrics.csv", lines.getvalue())
    energies = {str(gpu): between(lambda at: watts(gpu, at), 2.25, 2.25 + seconds) for gpu in range(gpus)}
    total = sum(energies.values())
    metrics = {
        "avg_power_w": total / seconds / gpus,
        "avg_total_gpu_power_w": total / seconds,
        "total_gpu_energy_j": total,
        "joules_per_successful_query": total / count,
        "joules_per_input_token": total / inputs,
        "joules_per_output_token": total / outputs,
        "joules_per_total_token": total / (inputs + outputs),
    }
    write("inferencex/agg_result.json", inferencex_aggregate(result, gpus, metrics))
    write("inferencex/power_validation_result.json", inferencex_validation(result, gpus, energies, metrics))


def between(watts, start, end):
    """Trapezoids over readings a second apart, cut at both ends where the line between two readings is."""
    line = lambda at: watts(int(at)) + (at - int(at)) * (watts(int(at) + 1) - watts(int(at)))
    at = [start, *range(int(start) + 1, int(end) + 1), end]
    return sum((b - a) * (line(a) + line(b)) / 2 for a, b in zip(at, at[1:]))


def inferencex_aggregate(result, gpus, metrics):
    output, total = result["output_throughput"], result["total_token_throughput"]
    aggregate = {
        "hw": "h100",
        "conc": 64,
        "image": "vllm/vllm-openai:v0.11.0",
        "model": "example-org/example-70b",
        "infmax_model_prefix": "example70b",
        "framework": "vllm",
        "precision": "fp8",
        "spec_decoding": "none",
        "disagg": False,
        "isl": 1024,
        "osl": 1024,
        "is_multinode": False,
        "tp": gpus,
        "pp": 1,
        "dcp_size": 1,
        "pcp_size": 1,
        "ep": 1,
        "dp_attention": "false",
        "tput_per_gpu": total / gpus,
        "output_tput_per_gpu": output / gpus,
        "input_tput_per_gpu": (total - output) / gpus,
    }
    for key, value in result.items():
        if key.endswith("ms"):
            aggregate[key.replace("_ms", "")] = value / 1000
        if "tpot" in key:
            aggregate[key.replace("_ms", "").replace("tpot", "intvty")] = 1000 / value
    rounded = {key: round(value, 3 if key.endswith(("_w", "_j")) else 6) for key, value in metrics.items()}
    return aggregate | {"power_valid": 1} | rounded


def inferencex_validation(result, gpus, energies, metrics):
    names = [str(gpu) for gpu in range(gpus)]
    return {
        "schema_version": 1,
        "power_valid": True,
        "reasons": [],
        "telemetry_source": "gpu_metrics.csv",
        "benchmark_result": "result.json",
        "benchmark_window": {
            "start_time_unix": result["benchmark_start_time_unix"],
            "end_time_unix": result["benchmark_end_time_unix"],
            "reported_duration_s": result["duration"],
            "integration_duration_s": result["benchmark_end_time_unix"] - result["benchmark_start_time_unix"],
            "completed": result["completed"],
            "total_input_tokens": result["total_input_tokens"],
            "total_output_tokens": result["total_output_tokens"],
        },
        "integration_method": "per_device_trapezoidal_with_linear_boundary_interpolation",
        "expected_gpu_count": gpus,
        "observed_gpu_count": gpus,
        "observed_gpu_ids": names,
        "per_gpu_sample_counts": dict.fromkeys(names, 66),
        "per_gpu_max_sample_gap_s": dict.fromkeys(names, 1.0),
        "per_gpu_energy_j": energies,
        "device_issues": {},
        "metrics": {key: round(value, 6) for key, value in metrics.items()},
    }


for compose in ollama, llmperf, trtllm_bench, inferencex:
    compose()
