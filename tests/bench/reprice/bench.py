"""Times re-pricing beside DuckDB and Polars: a million runs and 2,000 prices to mean, interval and carbon; and a run's own report.

    python tests/bench/reprice/bench.py [--rounds N]

README.md beside this file says what is measured. A missed target is printed, and the exit status is 0 all the same.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from processes import MAX_OTHER, busy_and_all_s

ROOT = pathlib.Path(__file__).resolve().parents[3]
BENCH = pathlib.Path("tests/bench/reprice")
DATA = pathlib.Path("data/cache/bench-reprice")
RUNS, PRICES = 1_000_000, 2_000
MAX_CPU_S, MAX_WALL_S, MAX_DIFFERENCE = 0.3, 3.0, 1e-9
KEY = ["backend", "mode", "price_id"]


def make(runs: pathlib.Path, prices: pathlib.Path) -> None:
    if runs.exists() and prices.exists():
        return
    DATA.mkdir(parents=True, exist_ok=True)
    random_ = np.random.default_rng(20_261_125)
    backends = np.array([f"backend-{i}" for i in range(6)])
    modes = np.array(["prefill", "generate", "generate-cached", "embed"])
    duration_s = np.exp(random_.uniform(np.log(0.5), np.log(60), RUNS))
    table = {
        "run_id": np.arange(RUNS),
        "backend": backends[random_.integers(0, 6, RUNS)],
        "mode": modes[random_.integers(0, 4, RUNS)],
        "duration_s": duration_s,
        "energy_j": duration_s * random_.uniform(20, 320, RUNS),
        "tokens": random_.integers(100, 100_000, RUNS),
    }
    pq.write_table(pa.table(table), runs, compression="lz4", row_group_size=131_072)
    table = {
        "price_id": np.arange(PRICES),
        "usd_per_hour": np.round(np.exp(random_.uniform(-3, 4.5, PRICES)), 4),
        "usd_per_kwh": np.round(random_.uniform(0.05, 0.4, PRICES), 3),
        "gco2e_per_kwh": np.round(random_.uniform(20, 800, PRICES), 1),
    }
    pq.write_table(pa.table(table), prices)


def run(command: list[str]) -> tuple[float, float, float]:
    """CPU seconds, wall seconds, and the share of the processors that others used."""
    (busy, everything), started = busy_and_all_s(), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"POLARS_MAX_THREADS": "2"})
    _, status, used = os.wait4(process.pid, 0)
    wall_s, cpu_s = time.monotonic() - started, used.ru_utime + used.ru_stime
    if status:
        sys.exit(f"{command[0]}: status {os.waitstatus_to_exitcode(status)}")
    busy_after, everything_after = busy_and_all_s()
    return cpu_s, wall_s, max(0.0, busy_after - busy - cpu_s) / max(everything_after - everything, 1e-9)


def difference(answer: pathlib.Path, exact: pathlib.Path) -> float:
    """Largest relative difference of any number; keys and counts are the same."""
    a, b = (pq.read_table(path).sort_by([(name, "ascending") for name in KEY]) for path in (answer, exact))
    for name in [*KEY, "n"]:
        if a[name].to_pylist() != b[name].to_pylist():
            sys.exit(f"{answer}: other {name} than {exact}")
    numbers = ["usd", "low_usd", "high_usd", "gco2e"]
    return max(float(np.max(np.abs(a[n].to_numpy() / b[n].to_numpy() - 1))) for n in numbers)


def show(what: str, value: float, bound: str, met: bool | None) -> None:
    print(f"{what:52} {value:8.3f}   {bound:8} {'' if met is None else 'met' if met else 'missed'}")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Times re-pricing beside its peers.")
    arguments.add_argument("--rounds", type=int, default=9)
    rounds = arguments.parse_args().rounds
    os.chdir(ROOT)
    runs, prices = DATA / "runs.parquet", DATA / "prices.parquet"
    make(runs, prices)
    with tempfile.TemporaryDirectory(dir=DATA) as scratch:
        folder = pathlib.Path(scratch)
        (folder / "empty").mkdir()
        tables = ["--run", str(folder / "empty"), "--table", f"runs={runs}", "--table", f"prices={prices}"]
        written = ["--threads", "2", "--format", "parquet", "--output", str(folder / "tallywatt.parquet")]
        commands = {"tallywatt": ["target/release/query", *tables, *written, "--file", str(BENCH / "factored.sql")]}
        for peer in ("duckdb", "polars"):
            output = str(folder / f"{peer}.parquet")
            commands[peer] = [sys.executable, "-B", str(BENCH / "peer.py"), peer, str(runs), str(prices), output]
        for command in commands.values():
            run(command)
        samples: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
        order, shuffled = list(commands), random.Random(11)
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                samples[name].append(run(commands[name]))
        print(f"{RUNS:,} runs x {PRICES:,} prices, {rounds} rounds; "
              f"DuckDB {importlib.metadata.version('duckdb')}, Polars {importlib.metadata.version('polars')}")  # fmt: skip
        medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in samples.items()}
        for name, (cpu_s, wall_s, others) in medians.items():
            disturbed = " (disturbed)" if others > MAX_OTHER else ""
            print(f"{name:10} CPU {cpu_s:6.3f} s  wall {wall_s:6.3f} s{disturbed}")
        own = medians["tallywatt"][0]
        show("CPU seconds", own, f"<= {MAX_CPU_S}", own <= MAX_CPU_S)
        for peer in ("duckdb", "polars"):
            show(f"CPU of tallywatt / {peer}", own / medians[peer][0], "<= 1", own <= medians[peer][0])
            off = difference(folder / f"{peer}.parquet", folder / "tallywatt.parquet")
            print(f"answers of {peer} differ by at most {off:.1e}, {'met' if off <= MAX_DIFFERENCE else 'missed'}")
    if pathlib.Path("data/run/report.html").exists():
        walls = []
        for _ in range(3):
            os.utime("data/inputs/prices/own.csv")
            walls.append(run(["make", "--no-print-directory", "reprice"])[1])
        wall_s = statistics.median(walls)
        show("make reprice of data/run, wall seconds", wall_s, f"<= {MAX_WALL_S:g}", wall_s <= MAX_WALL_S)
    else:
        print("make reprice: nothing was measured yet, run `make all`")


if __name__ == "__main__":
    main()
