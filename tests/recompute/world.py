"""Runs and readings of every kind, made up, for the recomputation: usage: world.py FOLDER

Writes session.csv, run.csv and power_sample.csv in the columns of the contracts, and what market.py makes up. Session `a` has GPUs and
sockets whose sensors are counters (one of them wraps, one is reset), instants, means over a second and means since the last reading,
partly by a clock that is off; `b`, on a known instance, a plug. Some runs failed, were degraded or skipped, have no clock times or lie
in a gap of the readings. `c` and `d` state energies: one backend of them ran on a slice of a GPU, one on two machines.
"""

import csv
import math
import random
import sys
from pathlib import Path

import market

S = 1_000_000_000
START = 1_790_000_000 * S
# Device, how slow, threads.
BACKENDS = {
    "onnxruntime-gpu": ("2x L4", 1.0, ""), "candle-gpu": ("2x NVIDIA A100-SXM4-40GB", 1.3, ""), "candle-cpu": ("cpu", 2.2, 2),
    "alone": ("cpu", 2.0, 4),
}
XEON = "Intel(R) Xeon(R) Platinum 8488C CPU @ 2.40GHz"
MODES = (("prefill", False), ("generate", True))
SCENARIOS = {"short": (1, 100, 0.9), "long": (2, 300, 1.4), "other": (1, 200, 1.1)}
REPETITIONS = 5
WRAP_J = 4000.0
rng = random.Random(20261127)


def plan(session, backends, offset):
    """Runs one after the other, with pauses between."""
    rows, t = [], offset + 5.0
    for repetition in range(REPETITIONS):
        for name in backends:
            device, slowness, threads = BACKENDS[name]
            slow = 1.0
            for mode, cache in MODES:
                for scenario, (batch, prompt, length) in SCENARIOS.items():
                    slow = 0.5 * slow + 0.5 * math.exp(rng.gauss(0, 0.05))
                    seconds = length * slowness * slow
                    new = 16 * batch if mode == "generate" else 0
                    rows.append({
                        "session_id": session, "run_id": f"{name}/{mode}/{scenario}/{repetition}", "status": "ok", "backend": name,
                        "device": device, "dtype": "f32", "model": "m-7b", "weights": "real", "threads": threads, "mode": mode,
                        "kv_cache": str(cache).lower(), "scenario": scenario, "batch": batch, "prompt_tokens": prompt, "prompt_tokens_padded": prompt + 8,
                        "new_tokens_asked": new // batch, "tokens_generated": new, "iterations": 2, "start_ns": START + round(t * S),
                        "end_ns": START + round((t + seconds) * S), "latency_ms": seconds * 500, "repetition": repetition,
                        "order": len(rows), "ttft_ms": seconds * 60 if new else "", "tpot_ms": seconds * 20 if new else "",
                    })
                    t += seconds + 0.4 + rng.random()
    return rows, t


def stated(session, backend, device, offset, **more):
    """Runs of one scenario that state their energy."""
    for repetition in range(3):
        for mode, cache in MODES:
            new, at = 32 if mode == "generate" else 0, START + round((offset + len(mode) + 20 * repetition) * S)
            yield {
                "session_id": session, "run_id": f"{backend}/{mode}/{repetition}", "status": "ok", "backend": backend, "device": device,
                "weights": "real", "mode": mode, "kv_cache": str(cache).lower(), "scenario": "short", "batch": 1, "prompt_tokens": 100,
                "prompt_tokens_padded": 108, "new_tokens_asked": new, "tokens_generated": new, "iterations": 1, "start_ns": at,
                "end_ns": at + 2 * S, "latency_ms": 1900 + 30 * repetition, "repetition": repetition, "order": 2 * repetition + cache,
                "reported_node_j": 150 + rng.random(), **more,
            }


def spoil(rows):
    """What goes wrong in experiments."""
    rows[3]["status"], rows[3]["reason"] = "degraded", "made up"
    for row, status in ((rows[10], "failed"), (rows[-2], "skipped")):
        row["status"], row["reason"] = status, "made up"
        for column in ("start_ns", "end_ns", "iterations", "tokens_generated", "latency_ms", "ttft_ms", "tpot_ms"):
            row[column] = ""
    rows[7]["start_ns"] = rows[7]["end_ns"] = ""


class Power:
    """Watts over time: idle, more in runs, and a ripple."""

    def __init__(self, rows, end, idle, busy):
        self.idle, self.busy, self.step = idle, busy, 0.01
        windows = [((r["start_ns"] - START) / S, (r["end_ns"] - START) / S) for r in rows if r["start_ns"] != ""]
        count = int((end + 60) / self.step)
        self.joules, at, total = [0.0], 0, 0.0
        self.watts = []
        for i in range(count):
            t = -20 + i * self.step
            while at < len(windows) - 1 and windows[at][1] <= t:
                at += 1
            runs = windows[at][0] <= t < windows[at][1]
            if i % 7 == 0:
                ripple = rng.gauss(0, 0.02)
            self.watts.append((busy if runs else idle) * (1 + ripple))
            total += self.watts[-1] * self.step
            self.joules.append(total)

    def watt(self, t):
        return self.watts[int((t + 20) / self.step)]

    def joule(self, t):
        place = (t + 20) / self.step
        at = int(place)
        return self.joules[at] + (place - at) * (self.joules[at + 1] - self.joules[at])

    def mean(self, a, b):
        return (self.joule(b) - self.joule(a)) / (b - a)


def ticks(first, end, hz):
    t, found = first, []
    while t < end:
        found.append(t)
        t += (1 + rng.uniform(-0.1, 0.1)) / hz
    return found


def sample(session, device, kind, scope, t, shift=0.0, watt="", joule="", **more):
    return {"session_id": session, "device_id": device, "kind": kind, "scope": scope, "t_ns": START + round((t + shift) * S),
            "power_w": watt, "energy_j": joule, **more}


def of_sockets_and_gpus(session, rows, end):
    first, gpu, cpu = 0.0, Power(rows, end, 30.0, 70.0), Power(rows, end, 20.0, 95.0)
    gap = (rows[20]["start_ns"] - START) / S if rows[20]["start_ns"] else 40.0
    for i, t in enumerate(ticks(first, end + 5, 20)):
        more = {"temperature_c": round(40 + 10 * rng.random(), 1), "memory_mb": 5000 + i, "power_limit_w": 72}
        more["throttled"] = "true" if i % 50 == 0 else "false"
        if not gap < t < gap + 3:
            yield sample(session, "gpu:0", "instant", "gpu", t, watt=round(gpu.watt(t), 1), **more)
        yield sample(session, "gpu:0", "counter", "gpu", t, joule=round(gpu.joule(t), 3))
        yield sample(session, "gpu:1", "average", "gpu", t, watt=gpu.mean(max(t - 1, -19), t), power_limit_w=72)
    for t in ticks(first, end + 5, 10):
        yield sample(session, "rapl:0", "counter", "cpu_package", t, joule=round(cpu.joule(t) % WRAP_J, 4), energy_range_j=WRAP_J)
        lost = cpu.joule(60.0) if t > 60 else 0.0
        yield sample(session, "dram:0", "counter", "dram", t, joule=(cpu.joule(t) - lost) / 10)
    times = ticks(first, end + 5, 4)
    for a, b in zip(times, times[1:]):
        yield sample(session, "dram:1", "interval_mean", "dram", b, shift=0.2, watt=cpu.mean(a, b) / 12)


def of_a_plug(session, rows, end, first):
    power = Power(rows, end, 60.0, 140.0)
    for t in ticks(first, end + 5, 10):
        yield sample(session, "plug", "instant", "node", t, watt=round(power.watt(t), 2))


def write(path, rows):
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, restval="")
        table.writeheader()
        table.writerows(rows)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    runs, end = plan("a", ("onnxruntime-gpu", "candle-gpu", "candle-cpu"), 0.0)
    spoil(runs)
    later, last = plan("b", ("alone",), end + 20)
    samples = [*of_sockets_and_gpus("a", runs, end), *of_a_plug("b", later, last, end + 15)]
    offset = last + 100
    small = {"model": "n", "dtype": "f16", "weights_bytes": 3_000_000_000}
    large = {"model": "plain-8x7b-it", "dtype": "int8", "threads": 8}
    for i, name in enumerate("cd"):
        later += stated(name, "moved", "cpu", offset + 200 * i, **large)
    later += stated("c", "sliced", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", offset + 100, **small)
    write(folder / "session.csv", [
        {**a_session("a", XEON, 8, 0.0), "idle_before_start_ns": START + S, "idle_before_end_ns": START + 4 * S},
        {**a_session("b", XEON, 8, end), "provider": "aws", "instance": "c7i.2xlarge", "instance_from": "DMI"},
        a_session("c", "AMD EPYC-Rome Processor", 16, offset), a_session("d", "", "", offset + 200),
    ])
    write(folder / "run.csv", runs + later)
    write(folder / "power_sample.csv", samples)
    for name, rows in market.TABLES.items():
        write(folder / f"{name}.csv", rows)


def a_session(name, cpu, cores, started):
    return {"source": "imported", "session_id": name, "cpu": cpu, "logical_cores": cores, "started_ns": START + round(started * S)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
