"""Times `energy_join` beside a bare decoder, DuckDB and Polars, in one run, and holds the ratios against targets.

    python tests/bench/join/bench.py [--scale S|M|L|MX]... [--rounds N] [--every-query]

README.md beside this file says what is measured and how. A missed target is printed, and the exit status is 0 all the same.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import importlib.metadata
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from processes import MAX_OTHER, busy_and_all_s
from scales import ENCODINGS, SCALES, runs_of, samples_of

ROOT = pathlib.Path(__file__).resolve().parents[3]
BENCH = pathlib.Path("tests/bench/join")  # relative to ROOT, as all that follow
DATA = pathlib.Path("data/cache/bench-join")
QUERY, DECODE = "target/release/query", "target/release/examples/decode"
THREADS, SEED = "2", 11
OURS, BARE = "energy_join", "decode"
# Queries that compute the same, by engine.
QUERIES = {
    OURS: [OURS],
    "DuckDB": ["DuckDB pairs", "DuckDB blocks"],
    "Polars": ["Polars pairs", "Polars blocks"],
}
PEERS = ("DuckDB", "Polars")


# What is timed without --every-query, and how often.
TIMED = {
    "S": (BARE, OURS),
    "M": (BARE, OURS, *QUERIES["DuckDB"], *QUERIES["Polars"]),
    "L": (BARE, OURS, "DuckDB pairs", "Polars pairs"),
    "MX": (BARE, OURS, "DuckDB blocks", "Polars blocks"),
}
ROUNDS = {"S": 5, "M": 5, "L": 3, "MX": 5}
MAX_DIFFERENCE = 1e-9
MAX_OVER_DECODE = {"M": 1.25, "L": 1.25}
MIN_PEER_OVER_OURS = {"M": 5.0, "L": 5.0, "MX": 15.0}
MAX_GROWTH = 1.10
MAX_PEAK_MB = {"L": 400.0}


class Failed(Exception):
    """A process that did not end well; the message says how."""


@dataclasses.dataclass(frozen=True)
class Sample:
    cpu_s: float
    wall_s: float
    peak_mb: float
    others: float  # share of the processors that other processes used meanwhile


Cell = tuple[str, str, str]  # scale, encoding, query


class Bench:
    def __init__(self, scratch: pathlib.Path, rounds: int | None, every_query: bool) -> None:
        self.scratch, self.asked_rounds, self.every_query = scratch, rounds, every_query
        self.samples: dict[Cell, list[Sample]] = collections.defaultdict(list)
        self.random = random.Random(SEED)
        (scratch / "empty").mkdir()
        # Copies: a build meanwhile would change what is timed.
        self.query, self.decode = (shutil.copy2(program, scratch) for program in (QUERY, DECODE))

    def command(self, cell: Cell) -> list[str]:
        scale, encoding, query = cell
        samples, runs = str(samples_of(DATA, scale, encoding)), str(runs_of(DATA, scale))
        output = str(self.output(cell))
        if query == BARE:
            return [self.decode, samples, THREADS]
        if query == OURS:
            tables = ["--run", str(self.scratch / "empty"), "--table", f"samples={samples}", "--table", f"runs={runs}"]
            written = ["--threads", THREADS, "--format", "parquet", "--output", output]
            return [self.query, *tables, *written, "--file", str(BENCH / "ours.sql")]
        engine, how = query.split()
        program = [str(BENCH / f"{engine.lower()}_peer.py")]
        program.append(str(BENCH / f"duckdb_{how}.sql") if engine == "DuckDB" else how)
        return [sys.executable, "-B", *program, samples, runs, output]

    def output(self, cell: Cell) -> pathlib.Path:
        return self.scratch / f"{'-'.join(cell)}.parquet".replace(" ", "-")

    def queries(self, scale: str) -> list[str]:
        every = [BARE, *(query for queries in QUERIES.values() for query in queries)]
        return every if self.every_query else list(TIMED[scale])

    # Answers

    def check(self) -> None:
        """Every query on S against the exact answers."""
        exact = self.scratch / "exact.parquet"
        python("reference.py", str(samples_of(DATA, "S", "zstd")), str(runs_of(DATA, "S")), str(exact))
        print(f"\n{'answers on S beside the exact ones':34} {'encoding':8}  largest relative difference")
        for query in (query for queries in QUERIES.values() for query in queries):
            for encoding in ENCODINGS:
                cell = ("S", encoding, query)
                try:
                    run(self.command(cell))
                    difference = compare(self.output(cell), exact)
                except Failed as error:
                    print(f"{query:34} {encoding:8}  wrong: {error}")
                    continue
                verdict = "met" if difference <= MAX_DIFFERENCE else "missed"
                print(f"{query:34} {encoding:8}  {difference:.1e}   <= {MAX_DIFFERENCE:.0e}   {verdict}")

    def agree(self, scale: str) -> None:
        """What was timed, beside what `energy_join` answered."""
        ours = self.output((scale, ENCODINGS[0], OURS))
        differences = []
        for cell in self.samples:
            if cell[0] == scale and cell[2] not in (BARE, OURS):
                try:
                    differences.append(compare(self.output(cell), ours))
                except Failed as error:
                    print(f"{scale}: {cell[2]} answers otherwise on {cell[1]}: {error}")
        if differences:
            print(f"{scale}: peers and energy_join differ by at most {max(differences):.1e}")

    # Samples

    def rounds(self, scale: str) -> None:
        """Every query on every encoding once a round, in another order each time."""
        cells = [(scale, encoding, query) for encoding in ENCODINGS for query in self.queries(scale)]
        for encoding in ENCODINGS:
            run(self.command((scale, encoding, BARE)))  # the files are in memory from here on
        for number in range(self.asked_rounds or ROUNDS[scale]):
            self.random.shuffle(cells)
            for cell in list(cells):
                try:
                    self.samples[cell].append(run(self.command(cell)))
                except Failed as error:
                    print(f"{scale} {cell[2]} left out: {error}")
                    cells.remove(cell)
            print(f"{scale}: round {number + 1}", file=sys.stderr, flush=True)

    # Results

    def median(self, cell: Cell, what: str) -> float | None:
        values = [getattr(sample, what) for sample in self.samples.get(cell, [])]
        return statistics.median(values) if values else None

    def cpu_s(self, scale: str, encoding: str, engine: str) -> tuple[float | None, str]:
        """Of the fastest query of an engine that was timed, and which that is."""
        medians = {query: self.median((scale, encoding, query), "cpu_s") for query in QUERIES.get(engine, [engine])}
        known = {query: median for query, median in medians.items() if median}
        fastest = min(known, key=known.__getitem__, default=engine)
        return known.get(fastest), fastest

    def report(self) -> None:
        self.report_times()
        print(f"\n{'ratio of median CPU seconds':44} {'scale':7} {'files':5} {'value':>9}   {'target':8}  verdict")
        for encoding in ENCODINGS:
            for scale in SCALES:
                self.report_ratio(scale, encoding)
            for small in ("S", "M"):
                self.report_growth(small, encoding)
            for scale, bound in MAX_PEAK_MB.items():
                peak = self.median((scale, encoding, OURS), "peak_mb")
                show(f"{OURS}, peak memory in MB", scale, encoding, peak, "<=", bound, "")

    def report_times(self) -> None:
        print(f"\nscale  files  {'query':14} samples   CPU s  quartiles        ns/reading  wall s  peak MB  others")
        for (scale, encoding, query), samples in sorted(self.samples.items(), key=lambda item: place(item[0])):
            cpu = [sample.cpu_s for sample in samples]
            low, middle, high = statistics.quantiles(cpu, method="inclusive") if len(cpu) > 1 else cpu * 3
            cell = (scale, encoding, query)
            wall, peak, others = (self.median(cell, what) for what in ("wall_s", "peak_mb", "others"))
            spread = f"{low:.2f} to {high:.2f}"
            print(f"{scale:5}  {encoding:5}  {query:14} {len(cpu):7}  {middle:6.2f}  {spread:15}  "
                  f"{middle / SCALES[scale].samples * 1e9:10.1f}  {wall:6.2f}  {peak:7.0f}  {others:6.0%}")  # fmt: skip

    def note(self, *cells: Cell) -> str:
        disturbed = any((self.median(cell, "others") or 0) > MAX_OTHER for cell in cells)
        return " (disturbed)" if disturbed else ""

    def report_ratio(self, scale: str, encoding: str) -> None:
        ours, _ = self.cpu_s(scale, encoding, OURS)
        if ours is None:
            return
        bare, _ = self.cpu_s(scale, encoding, BARE)
        note = self.note((scale, encoding, OURS), (scale, encoding, BARE))
        bound = MAX_OVER_DECODE.get(scale)
        show(f"{OURS} / {BARE}", scale, encoding, bare and ours / bare, "<=", bound, note)
        for peer in PEERS:
            theirs, query = self.cpu_s(scale, encoding, peer)
            if theirs is not None:
                note = self.note((scale, encoding, OURS), (scale, encoding, query))
                bound = MIN_PEER_OVER_OURS.get(scale)
                show(f"{query} / {OURS}", scale, encoding, theirs / ours, ">=", bound, note)

    def report_growth(self, small: str, encoding: str) -> None:
        (large_s, _), (small_s, _) = self.cpu_s("L", encoding, OURS), self.cpu_s(small, encoding, OURS)
        if large_s and small_s:
            note = self.note(("L", encoding, OURS), (small, encoding, OURS))
            growth = large_s / SCALES["L"].samples / (small_s / SCALES[small].samples)
            show(f"{OURS}, CPU per reading", f"L / {small}", encoding, growth, "<=", MAX_GROWTH, note)


def place(cell: Cell) -> tuple[int, int, int]:
    queries = [BARE, *(query for queries in QUERIES.values() for query in queries)]
    return list(SCALES).index(cell[0]), ENCODINGS.index(cell[1]), queries.index(cell[2])


def run(command: list[str]) -> Sample:
    """A process from start to end. This one stays small: a child's peak counts from the memory of whoever started it."""
    environment = os.environ | {"POLARS_MAX_THREADS": THREADS}
    (busy, everything), own, started = busy_and_all_s(), time.process_time(), time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        try:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        except OSError as error:
            raise Failed(f"{command[0]}: cannot start, {error.strerror}") from error
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s, cpu_s = time.monotonic() - started, used.ru_utime + used.ru_stime
        if process.returncode:
            errors.seek(0)
            raise Failed((errors.read().strip().splitlines() or [f"status {process.returncode}"])[-1])
    busy_after, everything_after = busy_and_all_s()
    others = busy_after - busy - cpu_s - (time.process_time() - own)
    share = min(1.0, max(0.0, others / max(everything_after - everything, 1e-9)))
    return Sample(cpu_s, wall_s, used.ru_maxrss * 1024 / 1e6, share)


def python(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-B", str(BENCH / program), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Failed((done.stdout + done.stderr).strip().splitlines()[-1])
    return done.stdout.strip()


def compare(answer: pathlib.Path, exact: pathlib.Path) -> float:
    return float(python("compare.py", str(answer), str(exact)))


def show(what: str, scale: str, encoding: str, value: float | None, sign: str, bound: float | None, note: str) -> None:
    if value is None:
        return
    target = "-" if bound is None else f"{sign} {bound:g}"
    met = bound is None or (value <= bound if sign == "<=" else value >= bound)
    verdict = "" if bound is None else "met" if met else "missed"
    print(f"{what:44} {scale:7} {encoding:5} {value:9.2f}   {target:8}  {verdict}{note}")


def introduce() -> None:
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    locked = pathlib.Path("Cargo.lock").read_text(encoding="utf-8")
    crates = (re.search(rf'name = "{name}"\nversion = "(.*)"', locked) for name in ("datafusion", "parquet"))
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    versions = [f"{crate[0].split(chr(34))[1]} {crate[1]}" for crate in crates if crate]
    versions += [f"{peer} {importlib.metadata.version(peer.lower())}" for peer in PEERS]
    print(f"{cpu[1] if cpu else 'unknown processor'}, {os.cpu_count()} processors, {THREADS} threads an engine; "
          f"tallywatt {commit}, {', '.join(versions)}")  # fmt: skip


def introduce_files(scales: list[str]) -> None:
    for scale in dict.fromkeys(SCALES[scale].readings_of or scale for scale in scales):
        said = []
        for encoding in ENCODINGS:
            size = sum(file.stat().st_size for file in samples_of(DATA, scale, encoding).iterdir())
            said.append(f"{encoding} {size / 1e6:.1f} MB ({size / SCALES[scale].samples:.2f} B a reading)")
        print(f"{scale}: {SCALES[scale].samples:,} readings, {', '.join(said)}")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Times energy_join beside its peers.")
    arguments.add_argument("--scale", action="append", choices=SCALES, help="only this one; may be repeated")
    arguments.add_argument("--rounds", type=int, help="instead of 5, and 3 at L")
    arguments.add_argument("--every-query", action="store_true", help="time also what is known to be slower at a scale")
    options = arguments.parse_args()
    os.chdir(ROOT)
    scales = [scale for scale in SCALES if not options.scale or scale in options.scale]
    introduce()
    python("data.py", str(DATA), *dict.fromkeys(["S", *scales]))
    introduce_files(scales)
    with tempfile.TemporaryDirectory(dir=DATA) as scratch:
        bench = Bench(pathlib.Path(scratch), options.rounds, options.every_query)
        try:
            bench.check()
            for scale in scales:
                bench.rounds(scale)
                bench.agree(scale)
        except KeyboardInterrupt:
            print("interrupted, what there is:")
        bench.report()


if __name__ == "__main__":
    main()
