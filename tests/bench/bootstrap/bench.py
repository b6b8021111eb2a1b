"""Times BCa bootstrap intervals of the means of many cells beside SciPy's `bootstrap`, in one run, and compares the intervals.

    python tests/bench/bootstrap/bench.py [--program PATH] [--cells N] [--scipy-cells N]

SciPy takes a subset of the cells, all alike, and its time is scaled up; README.md says what else. The exit status stays 0.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import scipy
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[3]
RUNS, RESAMPLES, LEVEL, SEED, ROUNDS = 100, 10_000, 0.95, 119, 3
MIN_RATIO, MAX_MEMORY_MIB = 20, 64


def ours(program: str, cells: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    command = [program, str(len(cells)), str(RUNS), str(RESAMPLES), str(LEVEL), str(SEED)]
    with tempfile.TemporaryFile() as values, tempfile.TemporaryFile() as intervals, tempfile.TemporaryFile() as told:
        values.write(cells.astype("<f8").tobytes())
        values.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=values, stdout=intervals, stderr=told)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - started
        if status:
            raise SystemExit(f"{program}: status {os.waitstatus_to_exitcode(status)}")
        intervals.seek(0)
        told.seek(0)
        mib = int(told.read()) / 1024
        found = np.frombuffer(intervals.read(), "<f8").reshape(-1, 2)
    return found, {"wall": wall_s, "cpu": used.ru_utime + used.ru_stime, "mib": mib}


def peer(cells: np.ndarray, together: int) -> tuple[np.ndarray, dict[str, float]]:
    """`together` cells a call: SciPy works on an axis at once, but keeps all of its resamples."""
    limits, started, cpu = [], time.monotonic(), time.process_time()
    random_ = np.random.default_rng(SEED)
    for first in range(0, len(cells), together):
        part = (cells[first : first + together],)
        result = stats.bootstrap(part, np.mean, axis=-1, n_resamples=RESAMPLES, confidence_level=LEVEL, method="BCa", rng=random_)
        interval = result.confidence_interval
        limits.append(np.stack([np.atleast_1d(interval.low), np.atleast_1d(interval.high)], axis=1))
    return np.concatenate(limits), {"wall": time.monotonic() - started, "cpu": time.process_time() - cpu}


def main() -> None:
    arguments = argparse.ArgumentParser(description="Times the bootstrap beside SciPy's.")
    arguments.add_argument("--program", default=str(ROOT / "target/release/examples/bootstrap"))
    arguments.add_argument("--cells", type=int, default=10_000)
    arguments.add_argument("--scipy-cells", type=int, default=200)
    chosen = arguments.parse_args()
    cells = np.random.default_rng(SEED).lognormal(0, 0.3, (chosen.cells, RUNS))
    some = cells[: chosen.scipy_cells]
    samples: dict[str, list[dict[str, float]]] = {"tallywatt": [], "scipy, 1 cell a call": [], "scipy, 10 cells a call": []}
    limits = {}
    for _ in range(ROUNDS):
        limits["tallywatt"], used = ours(chosen.program, cells)
        samples["tallywatt"].append(used)
        for together in (1, 10):
            name = f"scipy, {together} cell{'s' if together > 1 else ''} a call"
            limits[name], used = peer(some, together)
            scale = len(cells) / len(some)
            samples[name].append({key: value * scale for key, value in used.items()})
    print(f"{len(cells):,} cells of {RUNS} runs, {RESAMPLES:,} resamples each; SciPy {scipy.__version__}, NumPy {np.__version__}, "
          f"on {len(some)} of the cells, scaled; {os.cpu_count()} processors; medians of {ROUNDS} rounds")  # fmt: skip
    middle = {n: {k: statistics.median(r[k] for r in rows) for k in rows[0]} for n, rows in samples.items()}
    draws = len(cells) * RUNS * RESAMPLES
    for name, used in middle.items():
        print(f"{name:24} wall {used['wall']:9.2f} s   CPU {used['cpu']:9.2f} s   {used['cpu'] / draws * 1e9:7.3f} ns CPU a draw")
    for key in ("wall", "cpu"):
        best = min(used[key] for name, used in middle.items() if name != "tallywatt")
        ratio = best / middle["tallywatt"][key]
        verdict = "met" if ratio >= MIN_RATIO else "missed"
        print(f"SciPy's better way / tallywatt, {key:4}: {ratio:6.1f}{f'   >= {MIN_RATIO} {verdict}' if key == 'wall' else ''}")
    mib = middle["tallywatt"]["mib"]
    print(f"memory: {mib:.0f} MiB   <= {MAX_MEMORY_MIB} {'met' if mib <= MAX_MEMORY_MIB else 'missed'}")
    scale = some.std(axis=1, ddof=1) / np.sqrt(RUNS)
    for name in list(limits)[1:]:
        off = (limits["tallywatt"][: len(some)] - limits[name]) / scale[:, None]
        print(f"limits less {name}: mean {off.mean():+.4f}, standard deviation {off.std():.4f} standard errors of the mean")
    print("two runs of one bootstrap with other seeds differ by a standard deviation of about 0.04")


if __name__ == "__main__":
    main()
