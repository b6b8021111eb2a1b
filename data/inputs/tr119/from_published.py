"""Writes session.csv, run.csv, power_sample.csv, price.csv and grid.csv from the study's published tables.

    python3 from_published.py PUBLISHED_DIR OUT_DIR

The study publishes means over seven runs, not runs. One row of `run` therefore stands for a cell: its window is as long as
its tokens take at the published mean rate, and its latency is the published one (the two differ a little, since the study
averages rates). Power is the published mean, as an interval mean over that window: of the GPU for GPU backends and of the CPU
package for CPU backends (cost_cells.csv), and of the GPU also for CPU backends (latency_cells.csv).
"""

import csv
import pathlib
import sys

SCENARIOS = {
    "single_short": (1, 11),
    "single_medium": (1, 19),
    "single_long": (1, 27),
    "batch_short": (4, 11),
    "batch_medium": (4, 19),
}
GPU = "NVIDIA GeForce RTX 4080 Laptop GPU"
NEW_TOKENS = 8
PUBLISHED_NS = 1_766_188_800_000_000_000  # 2025-12-20T00:00:00Z
APART_NS = 60_000_000_000
ACCELERATORS = {"aws_g5_xlarge": "NVIDIA A10G", "azure_nc_t4_v3": "NVIDIA T4", "gcp_a2_highgpu": "NVIDIA A100"}


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(published, out):
    latency = {(r["backend"], r["mode"], r["scenario"]): r for r in read(published / "latency_cells.csv")}
    runs, samples = [], []
    for place, cell in enumerate(read(published / "cost_cells.csv")):
        key = backend, mode, scenario = cell["backend"], cell["mode"], cell["scenario"]
        batch, length = SCENARIOS[scenario]
        prefill, on_gpu = mode == "prefill", "-gpu" in backend
        generated = 0 if prefill else batch * NEW_TOKENS
        tokens = batch * length if prefill else generated
        start = PUBLISHED_NS + place * APART_NS
        end = start + round(tokens / float(cell["throughput_mean_tok_s"]) * 1e9)
        runs.append({
            "session_id": "tr119", "run_id": "/".join(key), "status": "ok", "backend": backend,
            "device": GPU if on_gpu else "cpu", "dtype": "f32", "model": "gpt2", "weights": "real", "mode": mode,
            "kv_cache": "false", "scenario": scenario, "batch": batch, "prompt_tokens": batch * length,
            "prompt_tokens_padded": batch * length, "new_tokens_asked": 0 if prefill else NEW_TOKENS,
            "tokens_generated": generated, "iterations": 1, "start_ns": start, "end_ns": end,
            "latency_ms": latency[key]["lat_mean_ms"], "repetition": 0, "warmup_iterations": 2,
            "imported_from": "TR119 v1.1",
        })
        powers = {"gpu" if on_gpu else "cpu_package": cell["power_mean_w"]}
        if not on_gpu:
            powers["gpu"] = latency[key]["power_mean_w"]
        for scope, power in sorted(powers.items()):
            for t in (start, end):
                samples.append({
                    "session_id": "tr119", "device_id": f"tr119:{scope}", "kind": "interval_mean", "t_ns": t,
                    "scope": scope, "power_w": power,
                })
    prices = []
    for p in read(published / "prices.csv"):
        prices.append({
            "provider": p["provider"], "region": "any", "instance": p["instance"] or "own", "tier": p["tier"],
            "accelerator": ACCELERATORS.get(p["provider"], ""), "accelerator_count": 1 if p["provider"] in ACCELERATORS else "",
            "usd_per_hour": p["usd_per_hour"], "includes_power": "false", "source": "TR119 v1.1", "as_of": "2025-12-20",
            "retrieved_on": "2025-12-20",
        })
    write(out / "session.csv", [{
        "session_id": "tr119", "source": "imported", "started_ns": PUBLISHED_NS, "cpu": "Intel Core i9-13980HX",
        "gpu_names": GPU, "sensors": "tr119:cpu_package;tr119:gpu",
    }])
    write(out / "run.csv", runs)
    write(out / "power_sample.csv", samples)
    write(out / "price.csv", prices)
    write(out / "grid.csv", [{
        "region": "tr119", "start": "2025-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z", "usd_per_kwh": "0.20",
        "gco2e_per_kwh": "500", "pue": "1.0", "basis": "unknown", "year": 2025, "source": "TR119 v1.1",
    }])


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
