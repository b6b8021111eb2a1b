"""Times the whole analysis of a large run with bootstrap intervals beside SciPy's `bootstrap` of the same estimates, in one run.

    python tests/bench/analysis/bench.py [--runs-per-cell N] [--scenarios N] [--scipy-cells N]

Writes 10 backends x SCENARIOS cells as an import without power, so that each cell has two estimates (latency and rate), and takes
`analyze` through all of its tables with `interval = "bca"` and 10,000 resamples. SciPy takes a subset of the cells, all alike, in its
better way (10 cells a call), and its time is scaled up; it makes the intervals alone. The numbers come from a seeded generator and
mean nothing. The exit status stays 0.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import time

import numpy as np
import scipy
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "data/run/bench-analysis"
BACKENDS, RESAMPLES, LEVEL, SEED = 10, 10_000, 0.95, 119
MIN_RATIO, MAX_MEMORY_MIB = 20, 2048
PRICED = ("price", "grid", "tariff", "embodied", "cost", "request_cost", "api_cost", "tco", "break_even", "utilisation_cost",
          "tier_saving", "region_carbon", "hourly_cost")  # fmt: skip
WRITTEN = ("estimate", "comparison", "omnibus", "ranking", "verdict", "decision", "finding")
HEADER = ("session_id,run_id,status,backend,device,dtype,model,weights,mode,kv_cache,scenario,batch,prompt_tokens,prompt_tokens_padded,"
          "new_tokens_asked,tokens_generated,iterations,start_ns,end_ns,latency_ms,repetition,imported_from\n")  # fmt: skip


def stage(name: str, *arguments: str) -> dict[str, float]:
    started = time.monotonic()
    process = subprocess.Popen([ROOT / "target/release" / name, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name}: status {process.returncode}")
    return {"wall": time.monotonic() - started, "cpu": used.ru_utime + used.ru_stime, "mib": used.ru_maxrss / 1024}


def files(*tables: str) -> list[str]:
    return [str(FOLDER / f"{table}.parquet") for table in tables]


def write(folder: pathlib.Path, cells: np.ndarray) -> None:
    """An import of runs: `cells[i]` are the latencies of cell i in ms."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "session.csv").write_text("session_id,source,started_ns,cpu,sensors\ns,imported,1,Chip,\n")
    (folder / "power_sample.csv").write_text("session_id,device_id,kind,t_ns,scope,power_w\n")
    start = 1_764_000_000_000_000_000
    with open(folder / "run.csv", "w") as out:
        out.write(HEADER)
        for i, cell in enumerate(cells):
            for repetition, ms in enumerate(cell):
                end = start + int(ms * 1e6)
                out.write(f"s,{i}-{repetition},ok,backend-{i % BACKENDS},cpu,f32,m,real,prefill,false,scenario-{i // BACKENDS},1,64,64,0,0,"
                          f"1,{start},{end},{ms:.9f},{repetition},bench\n")  # fmt: skip
                start = end + 1000
    stage("import", "tables", *(str(folder / f"{t}.csv") for t in ("session", "run", "power_sample")), "--into", str(folder))
    measured = [str(folder / f"{table}.parquet") for table in ("session", "run", "power_sample", "sensor")]
    stage("join-telemetry", "--config", "pipeline.toml", "--read", *measured, "--write",
          *(str(folder / f"{table}.parquet") for table in ("run_energy", "cell", "run_fact")))  # fmt: skip


def prepare(cells: np.ndarray) -> None:
    write(FOLDER, cells)
    to_price = [str(FOLDER / f"{table}.parquet") for table in ("session", "run", "cell", "run_fact")]
    stage("derive-costs", "--config", "pipeline.toml", "--read", *to_price, "--prices", "data/inputs/prices/own.csv", "--grid",
          "data/inputs/grid/home.csv", "--write", *files(*PRICED))  # fmt: skip
    config = (ROOT / "pipeline.toml").read_text()
    changed = config + '\n[analyze]\ninterval = "bca"\n'
    (FOLDER / "pipeline.toml").write_text(changed)


def peer(cells: np.ndarray) -> dict[str, float]:
    started, cpu, draw = time.monotonic(), time.process_time(), np.random.default_rng(SEED)
    for first in range(0, len(cells), 10):
        stats.bootstrap((cells[first : first + 10],), np.mean, axis=-1, n_resamples=RESAMPLES, confidence_level=LEVEL, method="BCa", rng=draw)
    return {"wall": time.monotonic() - started, "cpu": time.process_time() - cpu}


def main() -> None:
    arguments = argparse.ArgumentParser(description="Times the whole analysis beside SciPy's bootstrap.")
    arguments.add_argument("--runs-per-cell", type=int, default=100)
    arguments.add_argument("--scenarios", type=int, default=1000)
    arguments.add_argument("--scipy-cells", type=int, default=100)
    chosen = arguments.parse_args()
    cells = 20 * np.random.default_rng(SEED).lognormal(0, 0.05, (BACKENDS * chosen.scenarios, chosen.runs_per_cell))
    prepare(cells)
    tables = files("session", "run", "power_sample", "sensor", "run_energy", "cell", "run_fact", *PRICED)
    config = str(FOLDER / "pipeline.toml")
    ours = stage("analyze", "--config", config, "--read", *tables, "--write", *files(*WRITTEN))
    estimates = 2 * len(cells)
    some = cells[: chosen.scipy_cells]
    theirs = {key: value * estimates / len(some) for key, value in peer(some).items()}
    print(f"{cells.size:,} runs in {len(cells):,} cells, {estimates:,} estimates of {RESAMPLES:,} resamples each; SciPy {scipy.__version__} on "
          f"{len(some)} of them, scaled; {os.cpu_count()} processors")  # fmt: skip
    print(f"analyze, all tables   wall {ours['wall']:9.1f} s   CPU {ours['cpu']:9.1f} s")
    print(f"SciPy, intervals only wall {theirs['wall']:9.1f} s   CPU {theirs['cpu']:9.1f} s")
    for key in ("wall", "cpu"):
        ratio = theirs[key] / ours[key]
        verdict = f"   >= {MIN_RATIO} {'met' if ratio >= MIN_RATIO else 'missed'}" if key == "wall" else ""
        print(f"SciPy / analyze, {key:4}: {ratio:6.1f}{verdict}")
    print(f"memory: {ours['mib']:.0f} MiB   <= {MAX_MEMORY_MIB} {'met' if ours['mib'] <= MAX_MEMORY_MIB else 'missed'}")


if __name__ == "__main__":
    main()
