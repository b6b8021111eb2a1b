"""What the binaries answer: exit code, what they say, and the rows by which one answer is told from another."""

import math
import os
import pathlib
import re
import shutil
import subprocess

import logs
from quantities import NS

os.environ["POLARS_MAX_THREADS"] = "1"
import polars  # noqa: E402  the number of threads is read when it is loaded

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 60
# Columns of a run, a price or an intensity that say where it comes from, not what it is.
TRACE = {"session_id", "run_id", "imported_from", "window_from", "tokens_from", "reason", "order", "repetition", "source"}
COUNT = re.compile(r": (\d+), first lines? .*$")


class Answer:
    """`rows`: name -> values; for power the run and scope -> (J, error in J)."""

    def __init__(self, code, said, rows=None, by="import"):
        self.code, self.said, self.rows, self.by = code, said, rows, by

    def notes(self):
        """Kind of each remark -> how often it was made."""
        found = {}
        for line in self.said:
            count = COUNT.search(line)
            kind = re.sub(r"\d+", "#", COUNT.sub("", line))
            found[kind] = max(found.get(kind, 0), int(count.group(1)) if count else 1)
        return found

    def new_notes(self, base):
        before = base.notes()
        return [kind for kind, count in self.notes().items() if count > before.get(kind, 0) and "read as " not in kind]


class Importer:
    """Imports files into a folder of its own."""

    def __init__(self, binaries, scratch):
        self.binaries, self.folder, self.joined = binaries, scratch / f"trial-{os.getpid()}", {}
        self.runs = scratch / f"runs-{os.getpid()}"

    def run(self, program, *arguments):
        command = [str(self.binaries / program), *map(str, arguments)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, cwd=self.folder)
        except subprocess.TimeoutExpired:
            return -1, ["hang"]
        text = done.stderr.decode(errors="replace").replace(str(self.folder) + "/", "")
        return done.returncode, [line for line in text.splitlines() if line.strip()]

    def answer(self, sample, files):
        """`files`: name -> bytes."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        kinds = {"power": self.power, "runs": self.results, "prices": self.list, "grid": self.list}
        return kinds[sample.kind](sample, list(files))

    def power(self, sample, names):
        into = self.folder / "run"
        if not self.runs.is_dir():
            self.make_runs()
        shutil.copytree(self.runs, into)
        code, said = self.run("import", "power", *names, "--into", into, *sample.options)
        if code:
            return Answer(code, said)
        readings, sensors = polars.read_parquet(into / "power_sample.parquet"), polars.read_parquet(into / "sensor.parquet")
        known = self.joined.get((sample.reader, sample.name))
        if known and readings.equals(known[0]) and sensors.equals(known[1]):
            return Answer(0, said + known[2].said, known[2].rows)  # the join sees the same tables
        tables = [into / f"{name}.parquet" for name in ("session", "run", "power_sample", "sensor")]
        out = into / "run_energy.parquet"
        code, more = self.run("join-telemetry", "--config", ROOT / "import.toml", "--write", out, "--read", *tables)
        if code:
            return Answer(code, said + more, by="join-telemetry")
        columns = ["run_id", "scope", "device_id", "energy_gross_j", "energy_error_j", "reasons"]
        frame = polars.read_parquet(out, columns=columns).filter(polars.col("device_id") == "total")
        rows = {(row[0], row[1]): row[3:5] for row in frame.rows()}
        reasons = sorted({row[5] for row in frame.rows() if row[5]})
        # The unharmed file comes first.
        self.joined.setdefault((sample.reader, sample.name), (readings, sensors, Answer(0, reasons, rows)))
        return Answer(0, said + reasons, rows)

    def make_runs(self):
        """The folder with the runs that every log is cut by."""
        text = "start,end,model,device,batch,scenario,tokens_generated\n"
        for number, (start, end) in enumerate(logs.RUNS):
            stamps = [logs.moment(logs.BEGIN + round(s * NS), "%Y-%m-%dT%H:%M:%S.%fZ") for s in (start, end)]
            text += f"{stamps[0]},{stamps[1]},mine,NVIDIA L4,1,load-{number},1000\n"
        (self.folder / "runs.csv").write_text(text)
        code, said = self.run("import", "runs", "runs.csv", "--into", self.runs)
        assert code == 0, said

    def results(self, sample, names):
        into = self.folder / "run"
        code, said = self.run("import", "runs", *names, "--into", into, *sample.options)
        if code:
            return Answer(code, said)
        rows = polars.read_parquet(into / "run.parquet").to_dicts()
        remarks = {row["reason"] for row in rows} | {f"tokens: {row['tokens_from']}" for row in rows if doubtful(row["tokens_from"])}
        rows = [{key: value for key, value in row.items() if key not in TRACE} for row in rows]
        return Answer(0, said + sorted(filter(None, remarks)), rows)

    def list(self, sample, names):
        out = self.folder / "list.parquet"
        code, said = self.run("import", sample.kind, *names, "--output", out, *sample.options)
        if code:
            return Answer(code, said)
        rows = polars.read_parquet(out).to_dicts()
        return Answer(0, said, [{key: value for key, value in row.items() if key not in TRACE} for row in rows])


def doubtful(tokens_from):
    return (tokens_from or "").startswith(("assumed", "approximate"))


def close(a, b, tolerance=1e-6):
    if isinstance(a, float) and isinstance(b, (int, float)) and not isinstance(b, bool):
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-9)
    return a == b


def compare(base, other):
    """`same`, `within` the stated errors, `unknown` where numbers are missing and the others are the same, or `changed`."""
    return energies(base.rows, other.rows) if isinstance(base.rows, dict) else listed(base.rows, other.rows)


def energies(base, other):
    result = "same"
    for key in base.keys() | other.keys():
        (joules, error), (new, new_error) = base.get(key, (None, None)), other.get(key, (None, None))
        if joules is not None and new is None:
            result = "unknown" if key in other or not other else "changed"
        elif joules is None and new is not None:
            return "changed"
        elif joules is not None and abs(new - joules) > 1e-6 * abs(joules):
            if abs(new - joules) > error + new_error:
                return "changed"
            result = "within" if result == "same" else result
        if result == "changed":
            return result
    return result


def row_close(a, b):
    return all(close(a[key], b.get(key)) for key in a)


def weaker(a, b):
    """Whether `b` is `a` with values that became unknown."""
    return all(close(a[key], b.get(key)) or b.get(key) in (None, "unknown") for key in a)


def listed(base, other):
    left, changed = list(base), []
    for row in other:
        at = next((i for i, known in enumerate(left) if row_close(known, row)), None)
        changed.append(row) if at is None else left.pop(at)
    lost, renamed = len(left), 0
    for row in changed:
        at = next((i for i, known in enumerate(left) if weaker(known, row)), None)
        if at is None:
            at = next((i for i, known in enumerate(left) if only_names(known, row)), None)
            renamed += 1
        if at is None:
            return "changed"
        left.pop(at)
    if renamed:
        return "named" if not left and cells(other) >= cells(base) else "changed"
    return "unknown" if lost else "same"


# Columns of a run that name load and software as the file has them, in words that a reader of the report sees.
NAMES = ("scenario", "backend", "model", "dtype", "library", "weights_bytes", "concurrency", "arrival", "offered_rate_per_s")


def only_names(a, b):
    """Whether `b` is another load by its name, with no number that differs but those that became unknown."""
    return "scenario" in a and all(key in NAMES or close(a[key], b.get(key)) or b.get(key) in (None, "unknown") for key in a)


def cells(rows):
    """How many loads are told apart."""
    return len({tuple(row.get(key) for key in ("backend", "device", "mode", "batch", *NAMES)) for row in rows})
