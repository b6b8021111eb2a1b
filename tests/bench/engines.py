"""Times the engines of `collect` beside their peers, in one run, and holds the ratios against targets.

    python3 tests/bench/engines.py [--quick]

README.md beside this file says what is measured and how. Only the standard library is needed here; the peers need what
they are made of, and one that is not installed is named as left out. Without --quick it waits for a quiet machine.
A missed target is printed, and the exit status is 0 all the same.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from processes import MAX_OTHER, SAMPLING_HZ, LeftOut, Sampler, Worker, others_watched, quiet

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = pathlib.Path("tests/bench")  # relative to ROOT, as all that follow
CONFIG = pathlib.Path("tests/fixtures/short.toml")
COLLECT = "target/release/collect"
WORKER = "target/release/worker"
CACHE = "data/cache"
TRANSFORMERS_PYTHON = ".venv-transformers/bin/python"
PEERS_PYTHON = ".venv-bench/bin/python"
PROMPT_TOKENS, NEW_TOKENS, SEED = 64, 32, 7


@dataclasses.dataclass(frozen=True)
class Mode:
    """What a worker is asked for. The rounds are those wanted, those that a median needs, and those of --quick."""

    request: dict[str, Any]
    window_s: float
    warmups: int
    rounds: tuple[int, int, int]
    sampled: bool = False  # `collect sample` reads meanwhile


def asked(mode: str, kv_cache: bool = False) -> dict[str, Any]:
    return {"op": "run", "mode": mode, "kv_cache": kv_cache, "new_tokens": NEW_TOKENS}


MODES = {
    "prefill": Mode(asked("prefill"), 0.7, 2, (9, 7, 2)),
    "cached": Mode(asked("generate", kv_cache=True), 0.7, 1, (9, 7, 2)),
    "uncached": Mode(asked("generate"), 0.7, 0, (4, 3, 1)),
    "bare": Mode(asked("prefill"), 2.0, 1, (21, 15, 2)),
    "sampled": Mode(asked("prefill"), 2.0, 1, (21, 15, 2), sampled=True),
    "limits": Mode({"op": "limits"}, 0, 0, (9, 7, 2)),
}
COMPARED = ("bare", "sampled")  # timed one right after the other
BOTH = ("prefill", "cached")
ALL = (*BOTH, "uncached")
ENGINES = {
    "onnxruntime-cpu": (*ALL, *COMPARED),
    "onnxruntime-cpu plain": BOTH,
    "onnxruntime-cpu-q4": BOTH,
    "onnxruntime-cpu-q4-int8": BOTH,
    "candle-cpu": BOTH,
    "transformers-cpu": ALL,
    "onnxruntime Python": ALL,
    "llama.cpp-f32": BOTH,
    "llama.cpp-q4_1": BOTH,
    "limits": ("limits",),
}
PEERS = {
    "onnxruntime Python": "onnxruntime_worker.py",
    "llama.cpp-f32": "llama_cpp_worker.py",
    "llama.cpp-q4_1": "llama_cpp_worker.py",
}
# Ours, peer, and for each mode the most that ours may take of the peer's time; None: shown only.
TARGETS: list[tuple[str, str, dict[str, float | None]]] = [
    ("onnxruntime-cpu", "onnxruntime Python", {"prefill": 1.02, "cached": 1.02, "uncached": 1.02}),
    ("onnxruntime-cpu", "transformers-cpu", {"prefill": 0.45, "cached": 0.45, "uncached": 0.45}),
    ("onnxruntime-cpu", "llama.cpp-f32", {"prefill": 1.0, "cached": 1.1}),
    ("onnxruntime-cpu-q4", "llama.cpp-q4_1", {"prefill": 1.05, "cached": 1.05}),
    ("onnxruntime-cpu-q4-int8", "llama.cpp-q4_1", {"prefill": None, "cached": None}),
    ("candle-cpu", "transformers-cpu", {"prefill": 1.05, "cached": 0.6}),
    ("onnxruntime-cpu plain", "onnxruntime-cpu", {"prefill": None, "cached": None}),
]
MAX_SAMPLING_EFFECT = 0.01
MIN_SHARE_OF_BANDWIDTH, MIN_SHARE_OF_PEAK = 0.55, 0.65


class Bench:
    def __init__(self, quick: bool, minutes: float, scratch: pathlib.Path) -> None:
        self.quick, self.scratch = quick, scratch
        self.deadline = time.monotonic() + 60 * minutes
        self.workers: dict[str, Worker] = {}
        self.shape: dict[str, int] = {}
        self.samples: dict[tuple[str, str], list[dict[str, Any]]] = collections.defaultdict(list)
        self.disturbed: collections.Counter[tuple[str, str]] = collections.Counter()
        self.sampler_share: list[float] = []
        self.random = random.Random(SEED)

    # Engines

    def prepare(self, backend: str, config: pathlib.Path = CONFIG) -> dict[str, Any]:
        """What `collect` would send to this backend's worker first."""
        command = [COLLECT, "prepare", "--config", str(config), "--cache", CACHE, "--backend", backend]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise LeftOut((done.stderr.strip().splitlines() or ["collect prepare failed"])[-1])
        return json.loads(done.stdout)

    def start(self, name: str) -> Worker:
        if name == "limits":
            folder = self.prepare("transformers-cpu")["folder"]
            self.shape = json.loads(pathlib.Path(folder, "config.json").read_text(encoding="utf-8"))
            binary = self.scratch / "limits"
            flags = ["-O3", "-march=native", "-pthread"]
            subprocess.run(["cc", *flags, str(BENCH / "limits.c"), "-o", str(binary)], check=True)
            return Worker([str(binary), str(self.standard["threads"])], {"op": "load"})
        if name in PEERS:
            if not pathlib.Path(PEERS_PYTHON).exists():
                raise LeftOut(f"not installed, {BENCH}/README.md says how")
            return Worker([PEERS_PYTHON, "-B", str(BENCH / PEERS[name])], self.standard | {"backend": name})
        if name == "transformers-cpu":
            if not pathlib.Path(TRANSFORMERS_PYTHON).exists():
                raise LeftOut("not installed, run `make transformers`")
            return Worker([TRANSFORMERS_PYTHON, "-B", "stages/worker/transformers/worker.py"], self.prepare(name))
        if name == "onnxruntime-cpu plain":
            plain = CONFIG.read_text(encoding="utf-8").replace("[collect]\n", '[collect]\ngraph = "plain"\n', 1)
            config = self.scratch / "plain.toml"
            config.write_text(plain, encoding="utf-8")
            return Worker([WORKER], self.prepare("onnxruntime-cpu", config))
        return Worker([WORKER], self.prepare(name))

    def load(self, names: list[str]) -> None:
        self.standard = self.prepare("onnxruntime-cpu")
        ids = self.random.choices(range(100, self.standard["model"]["vocabulary"]), k=PROMPT_TOKENS)
        self.batch = {"ids": [ids], "pads": [0]}
        for name in names:
            try:
                self.workers[name] = self.start(name)
            except (LeftOut, OSError, subprocess.CalledProcessError) as error:
                self.leave_out(name, str(error))
        self.introduce()

    def introduce(self) -> None:
        """What was loaded, and after how many tokens each engine leaves the first one's greedy tokens."""
        print("engine                    threads  same tokens  what it says of itself")
        first: list[Any] | None = None
        for name, worker in list(self.workers.items()):
            same = ""
            if name != "limits":
                try:
                    tokens = worker.ask({"op": "greedy", "batch": self.batch, "new_tokens": NEW_TOKENS})["tokens"]
                except LeftOut as error:
                    self.leave_out(name, str(error))
                    continue
                first = first or tokens
                same = str(next((n for n, (a, b) in enumerate(zip(tokens, first)) if a != b), NEW_TOKENS))
            says = worker.attestation
            said = "; ".join(str(says[key]) for key in ("library", "graph", "blas") if says.get(key))
            print(f"{name:25} {says['threads']:7}  {same:>11}  {said}")

    def leave_out(self, name: str, why: str) -> None:
        print(f"{name:25} left out: {why}")
        if worker := self.workers.pop(name, None):
            worker.end()

    # Samples

    @contextlib.contextmanager
    def sampled(self, mode: Mode) -> Iterator[list[Sampler]]:
        """The sampler beside what happens inside, where the mode has one; its share of one core is kept."""
        if not mode.sampled:
            yield []
            return
        command = [COLLECT, "sample", "--config", str(CONFIG), "--hz", str(SAMPLING_HZ), "--seconds", "3600"]
        sampler = Sampler(command)
        before, started = sampler.cpu_s(), time.monotonic()
        try:
            yield [sampler]
            self.sampler_share.append((sampler.cpu_s() - before) / (time.monotonic() - started))
        finally:
            sampler.end()

    def request(self, mode: Mode) -> dict[str, Any]:
        warmup = {"min_iterations": mode.warmups, "max_iterations": mode.warmups, "max_cv_pct": 100.0}
        window = 0 if self.quick else int(mode.window_s * 1e9)
        how = {"stop_tokens": [], "last_logits": True, "warmup": warmup, "min_window_ns": window}
        return mode.request | {"batch": self.batch, "texts": []} | how

    def sample(self, name: str, mode: str, tries: int) -> None:
        """One sample, tried again when another process disturbed it. --quick keeps what it gets."""
        worker, cell = self.workers[name], (name, mode)
        for _ in range(tries):
            if not self.quick and not quiet(self.deadline):
                return
            try:
                with self.sampled(MODES[mode]) as sampler, others_watched(worker, *sampler) as others:
                    answer = worker.ask(self.request(MODES[mode]))
            except LeftOut as error:
                self.leave_out(name, str(error))
                return
            clean = others() < MAX_OTHER
            self.disturbed[cell] += not clean
            if clean or self.quick:
                self.samples[cell].append(answer)
                return

    def rounds(self) -> None:
        """Every engine in every round, in another order each time; more rounds for those that lack clean samples."""
        units = [[(name, mode)] for name in self.workers for mode in ENGINES[name] if mode not in COMPARED]
        units.append([(name, mode) for name in self.workers for mode in ENGINES[name] if mode in COMPARED])
        number, lacking = 0, True
        while lacking and time.monotonic() < self.deadline:
            lacking = False
            self.random.shuffle(units)
            for unit in units:
                self.random.shuffle(unit)
                for name, mode in unit:
                    if name in self.workers and self.wants(name, mode, number):
                        lacking = True
                        self.sample(name, mode, tries=4)
            number += 1
            if lacking:
                print(f"round {number}: {sum(map(len, self.samples.values()))} samples", file=sys.stderr, flush=True)

    def wants(self, name: str, mode: str, number: int) -> bool:
        wanted, needed, quickly = MODES[mode].rounds
        if self.quick:
            return number < quickly
        return number < wanted or (number < 2 * wanted and len(self.samples[name, mode]) < needed)

    # Results

    def values(self, name: str, mode: str, what: Callable[[dict[str, Any]], float]) -> list[float]:
        return [what(answer) for answer in self.samples[name, mode]]

    def median(self, name: str, mode: str, what: Callable[[dict[str, Any]], float]) -> float | None:
        values = self.values(name, mode, what)
        return statistics.median(values) if values else None

    def few(self, *cells: tuple[str, str]) -> bool:
        return any(len(self.samples[cell]) < MODES[cell[1]].rounds[1] for cell in cells)

    def report(self) -> None:
        print("\nengine                    mode      samples  disturbed  median ms  quartiles")
        for name, mode in ((n, m) for n in self.workers for m in ENGINES[n] if m != "limits"):
            ms = self.values(name, mode, iteration_ms)
            low, middle, high = statistics.quantiles(ms, method="inclusive") if len(ms) > 1 else (ms or [float("nan")]) * 3
            counts = f"{len(ms):7}  {self.disturbed[name, mode]:9}"
            print(f"{name:25} {mode:8}  {counts}  {middle:9.2f}  {low:.2f} to {high:.2f}")
        print(f"\n{'ratio of median times':52} mode          value   target   verdict")
        for ours, peer, modes in TARGETS:
            for mode, bound in modes.items():
                a, b = self.median(ours, mode, iteration_ms), self.median(peer, mode, iteration_ms)
                ratio = a / b if a and b else None
                few = self.few((ours, mode), (peer, mode))
                show(f"{ours} / {peer}", mode, ratio, "<=", bound, few)
        self.report_sampling()
        self.report_limits()

    def report_sampling(self) -> None:
        cells = [("onnxruntime-cpu", mode) for mode in ("sampled", "bare")]
        with_it, without = (self.median(*cell, iteration_ms) for cell in cells)
        effect = abs(with_it / without - 1) if with_it and without else None
        what = f"sampling at {SAMPLING_HZ} Hz: time changed by"
        show(what, "prefill", effect, "<=", MAX_SAMPLING_EFFECT, self.few(*cells))
        if effect is not None:
            share = statistics.fmean(self.sampler_share)
            print(f"  with {with_it:.2f} ms, without {without:.2f} ms; the sampler used {share:.2%} of one core")

    def report_limits(self) -> None:
        read = self.median("limits", "limits", lambda a: a["read_gb_s"])
        peak = self.median("limits", "limits", lambda a: a["fma_gflop_s"])
        if not read or not peak:
            print("share of the machine's limits: left out")
            return
        matrices, head, attention = work(self.shape)
        step = self.median("onnxruntime-cpu", "cached", lambda a: statistics.fmean(a["token_ms"][1:]))
        prefill = self.median("onnxruntime-cpu", "prefill", iteration_ms)
        gb_s = 4 * (matrices + head) / step / 1e6 if step else None
        flop = 2 * matrices * PROMPT_TOKENS + attention + 2 * head
        gflop_s = flop / prefill / 1e6 if prefill else None
        for what, mode, reached, limit, bound in (
            ("onnxruntime-cpu, share of read bandwidth", "cached", gb_s, read, MIN_SHARE_OF_BANDWIDTH),
            ("onnxruntime-cpu, share of peak FLOP/s", "prefill", gflop_s, peak, MIN_SHARE_OF_PEAK),
        ):
            few = self.few(("onnxruntime-cpu", mode), ("limits", "limits"))
            show(what, mode, reached and reached / limit, ">=", bound, few)
        if gb_s and gflop_s:
            print(f"  limits {read:.1f} GB/s and {peak:.0f} GFLOP/s; reached {gb_s:.1f} GB/s in steps of {step:.2f} ms")
            print(f"  after the first, and {gflop_s:.0f} GFLOP/s")


def iteration_ms(answer: dict[str, Any]) -> float:
    return (answer["end_ns"] - answer["start_ns"]) / answer["iterations"] / 1e6


def work(shape: dict[str, int]) -> tuple[int, int, int]:
    """Weights of all matrices but the head, of the head, and FLOPs of attention over the prompt: scores and weighted
    values of all pairs, since engines compute the masked ones too."""
    hidden, heads = shape["hidden_size"], shape["num_attention_heads"]
    shared = hidden // heads * shape["num_key_value_heads"]
    layer = 2 * hidden * hidden + 2 * hidden * shared + 3 * hidden * shape["intermediate_size"]
    attention = 2 * 2 * PROMPT_TOKENS**2 * hidden
    layers = shape["num_hidden_layers"]
    return layers * layer, hidden * shape["vocab_size"], layers * attention


def show(what: str, mode: str, value: float | None, sign: str, bound: float | None, few: bool) -> None:
    target = "-" if bound is None else f"{sign} {bound:.2f}"
    if value is None:
        print(f"{what:52} {mode:10} {'-':>8}  {target:>7}   left out")
        return
    met = bound is None or (value <= bound if sign == "<=" else value >= bound)
    verdict = "" if bound is None else "met" if met else "missed"
    print(f"{what:52} {mode:10} {value:8.3f}  {target:>7}   {verdict}{' (too few clean samples)' if few else ''}")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Times the engines of collect beside their peers.")
    arguments.add_argument("--quick", action="store_true", help="two rounds, without waiting for a quiet machine")
    arguments.add_argument("--minutes", type=float, default=60, help="then no more samples are taken (default: 60)")
    arguments.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    options = arguments.parse_args()
    os.chdir(ROOT)
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    print(f"{cpu[1] if cpu else 'unknown processor'}, {os.cpu_count()} processors; prompt {PROMPT_TOKENS} tokens, "
          f"{NEW_TOKENS} new, batch 1, last logits{'; --quick: noisy' if options.quick else ''}")  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options.quick, options.minutes, pathlib.Path(scratch))
        try:
            bench.load(options.engine or list(ENGINES))
            bench.rounds()
        except KeyboardInterrupt:
            print("interrupted, what there is:")
        finally:
            for worker in bench.workers.values():
                worker.end()
        bench.report()


if __name__ == "__main__":
    main()
