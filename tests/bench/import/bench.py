"""Times the import of an nvidia-smi log of 6,000,000 rows beside pandas and Polars, in one run.

    .venv-import/bin/python tests/bench/import/bench.py [--sweeps N] [--rounds N]

README.md beside this file says what is measured and how. A missed target is printed, and the exit status is 0 all the same.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import pathlib
import platform
import random
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "data/cache/bench-import"
GPUS = 8
OURS = "import power"
PEERS = [("pandas", "read"), ("pandas", "write"), ("polars", "read"), ("polars", "write")]
MIN_ROWS_PER_S, MAX_PEAK_MIB, MAX_DIFFERENCE = 1_000_000, 300, 1e-9
TARGETS = {("pandas", "read"): 3.0, ("polars", "read"): 1.0, ("polars", "write"): 1.0}


def write_log(path: pathlib.Path, sweeps: int) -> None:
    """Of GPU g at sweep k 300 + g + (k mod 2) * 10 W, every 100 ms."""
    began = datetime.datetime(2026, 5, 14)
    with path.open("w", encoding="ascii") as log:
        log.write("timestamp, index, power.draw [W]\n")
        for k in range(sweeps):
            at = (began + datetime.timedelta(milliseconds=100 * k)).strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
            log.write("".join(f"{at}, {g}, {300 + g + k % 2 * 10:.2f} W\n" for g in range(GPUS)))


def timed(command: list[str]) -> tuple[float, float, float, str]:
    """Wall and processor seconds of a process, its peak of resident memory in MiB, and what it printed."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    out, err = process.communicate() if process.stdout is None else (process.stdout.read(), process.stderr.read())
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {err}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sweeps", type=int, default=750_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    log, rows = DATA / f"{asked.sweeps}.csv", asked.sweeps * GPUS
    if not log.exists():
        write_log(log, asked.sweeps)
    closed_form = (asked.sweeps - 1) * 0.1 * (GPUS * 305 + sum(range(GPUS)))
    ours = ["target/release/import", "power", str(log), "--into", str(DATA / "ours"), "--tz", "UTC"]
    peer = [sys.executable, "-B", "tests/bench/import/peer.py"]
    commands = {OURS: ours} | {p: [*peer, *p, str(log), str(DATA / f"{p[0]}.parquet")] for p in PEERS}
    found: dict[object, list[tuple[float, float, float]]] = {name: [] for name in commands}
    order, shuffled = list(commands), random.Random(11)
    with log.open("rb") as bytes_of_it:  # in the page cache for all of them; not in this process, whose peak a child begins with
        while bytes_of_it.read(1 << 20):
            pass
    for _ in range(asked.rounds):
        shuffled.shuffle(order)
        for name in order:
            wall, cpu, peak, out = timed(commands[name])
            if name == OURS:
                joules = sum(float(w) * float(s) for w, s in re.findall(r"mean ([0-9.]+) W over ([0-9.]+) s", out))
                readings = sum(int(n) for n in re.findall(r": (\d+) readings", out))
                assert readings == rows, f"{readings} readings of {rows}"
            else:
                wall, joules = map(float, out.split())
            assert abs(joules / closed_form - 1) < MAX_DIFFERENCE, f"{name}: {joules} J and not {closed_form}"
            found[name].append((wall, cpu, peak))
    medians = {name: tuple(statistics.median(column) for column in zip(*times)) for name, times in found.items()}
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pandas", "polars"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {versions}, {rows} rows, {log.stat().st_size} bytes")
    for name, (wall, cpu, peak) in medians.items():
        said = name if name == OURS else " ".join(name)
        print(f"{said:22} {wall:7.2f} s wall {cpu:7.2f} s CPU {peak:7.0f} MiB {rows / wall:12,.0f} rows/s")
    wall, _, peak = medians[OURS]
    check("rows a second", rows / wall, MIN_ROWS_PER_S, rows / wall >= MIN_ROWS_PER_S)
    check("peak in MiB", peak, MAX_PEAK_MIB, peak <= MAX_PEAK_MIB)
    for name in PEERS:
        ratio, target = medians[name][0] / wall, TARGETS.get(name)
        check(f"{' '.join(name)} / ours", ratio, target, target is None or ratio >= target)


def check(what: str, value: float, target: float | None, met: bool) -> None:
    against = "" if target is None else f" (target {target:,}: {'met' if met else 'MISSED'})"
    print(f"{what}: {value:,.2f}{against}")


if __name__ == "__main__":
    main()
