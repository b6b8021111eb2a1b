"""What the sections on kills, signals, twins and disks share: a small finished run, each stage as a command on it, and a `collect run` to
interrupt. A command is of one of two configurations, `old` and `new`, whose outputs differ in every file.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time

import matrix
import render

POWER = '\n[[collect.power]]\nsource = "cpu-model"\nidle_w = 10.0\nfull_w = 65.0\nsample_hz = 200.0\n'
METER = '\n[[collect.power]]\nsource = "external"\nname = "meter"\ncommand = COMMAND\nsample_hz = 20.0\nrequired = false\n'
# What differs between the two configurations: a key of each stage's table, and its values.
CHANGES = {"min_updates": ("2", "3"), "utilisation": ("0.9", "0.8"), "resamples": ("900", "800"), "title": ('"Old"', '"New"')}
QUERIES = {"old": "select * from power_sample order by device_id, t_ns",
           "new": "select r.run_id, p.t_ns, p.power_w from run r, power_sample p order by run_id, t_ns, power_w"}
SECONDS = 60
# A worker and a meter that would outlive `collect`: neither minds that nobody listens any more.
STUBBORN = """import json, signal, sys, time
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
class Patient:
    def __iter__(self):
        for line in sys.__stdin__:
            yield line
            if json.loads(line)["op"] == "exit":
                return
        time.sleep(600)
sys.stdin = Patient()
sys.argv = ["fake.py", "good"]
try:
    exec(compile(open(FAKE).read(), FAKE, "exec"), {"__name__": "__main__"})
except OSError:
    time.sleep(600)
"""
PRINTS = """import sys, time
while True:
    try:
        print(f"{time.time_ns()},20.0", flush=True)
    except OSError:
        time.sleep(600)
    time.sleep(0.02)
"""


def told(context, results):
    """`results`: (trial, what went wrong)."""
    results = list(results)
    failures = [f"{name}: {what}" for name, what in results if what]
    for failure in failures:
        context.note(failure)
    return len(results), len(failures)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def start(words, cwd, limits=()):
    """A process in a session of its own, that ignores no signal; `limits`: (resource, value)."""
    return subprocess.Popen([str(word) for word in words], cwd=cwd, start_new_session=True, preexec_fn=lambda: heed(limits),
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def heed(limits):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    for what, value in limits:
        resource.setrlimit(what, (value, value))


def said(process, seconds=SECONDS):
    """Exit status, or `hang`; and what it said."""
    try:
        text = process.communicate(timeout=seconds)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        ended(process)
        return "hang", ""
    return process.returncode, text


def status(pid):
    """Fields of /proc/PID/stat behind the name: state, parent, group, session; None of what is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields


def lives(pid):
    return status(pid) is not None


def members(session):
    """Living processes of a session: pid -> command."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        fields = status(entry.name)
        if fields and int(fields[3]) == session:
            with contextlib.suppress(OSError):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:90]
    return found


def ended(process, seconds=2.0):
    """Kills a process; what of its session lives on for so long is killed too, and told."""
    process.kill()
    process.wait()
    return gone(process, seconds)


def gone(process, seconds=2.0):
    until = time.monotonic() + seconds
    while (left := members(process.pid)) and time.monotonic() < until:
        time.sleep(0.01)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return list(left.values())


class Base:
    """`folder` has the tables that stages read; `whole` what an undisturbed run of a stage writes, and `seconds` how long it takes."""

    STAGES = ["join-telemetry", "derive-costs", "analyze", "import", "query", "render"]

    def __init__(self, context, stages=STAGES):
        self.context, self.folder, self.stages = context, context.scratch / "base", stages
        self.folder.mkdir()
        (context.scratch / "quick.py").write_text(render.QUICK)
        rest = (context.root / "tests/fixtures/every-key.toml").read_text()
        rest = rest[rest.index("[join-telemetry]") :]
        for i, which in enumerate(("old", "new")):
            text = rest
            for key, values in CHANGES.items():
                text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {values[i]}", text)
                assert count, key
            backends = {"good": matrix.good(context), "good-2": matrix.good(context)}
            self.config(which).write_text(matrix.config(backends, 3, POWER + text))
        shutil.copy(self.config("new"), self.folder / "pipeline.toml")
        code, text = matrix.collect(context, self.folder)
        assert code == 0, text
        self.whole, self.seconds = {}, {}
        for stage in self.STAGES:
            for which in ("old", "new"):
                into = context.scratch / f"whole-{which}"
                into.mkdir(exist_ok=True)
                before = time.monotonic()
                code, text = self.ran(stage, which, into)
                assert code == 0, text
                self.seconds[stage] = time.monotonic() - before
                self.whole[stage, which] = self.state(stage, into)
            same = [name for name, value in self.whole[stage, "old"].items() if value == self.whole[stage, "new"][name]]
            assert same == (["charts", "csv"] if stage == "render" else []), f"{stage}: old and new are the same, {same}"
            if stage in ("join-telemetry", "derive-costs", "analyze"):
                for name in self.outputs(stage):
                    shutil.copy(into / name, self.folder)

    def config(self, which):
        return self.context.scratch / f"{which}.toml"

    def outputs(self, stage):
        tables = {"join-telemetry": render.ENERGY, "derive-costs": render.PRICED, "analyze": render.ANALYZED, "import": ["session", "run"]}
        if stage == "render":
            return ["report.html", "report.md", "report.json", "charts", "csv"]
        return [f"{name}.parquet" for name in tables[stage]] if stage in tables else ["result.csv"]

    def command(self, stage, which, into):
        context, read = self.context, lambda names: [self.folder / f"{name}.parquet" for name in names]
        program = context.bin / stage
        write = ["--write", *(into / name for name in self.outputs(stage))]
        inputs, config = context.root / "data/inputs", ["--config", self.config(which), "--read"]
        prices = [inputs / "prices" / f"{name}.csv" for name in ("own", "lambda", "runpod")]
        case = context.root / "tests/fixtures/cases/08-vllm-bench-serve-json-with-power/input.json"
        every = read(matrix.TABLES + render.ENERGY + render.PRICED)
        words = {
            "join-telemetry": [*config, *read(matrix.TABLES), *write],
            "derive-costs": [*config, *read(["session", "run", "cell", "run_fact"]), "--prices", *prices, "--grid", inputs / "grid", *write],
            "analyze": [*config, *every, *write],
            "import": ["runs", case, "--into", into, "--tz", "UTC", "--dtype", which, "--cpu", which],
            "query": ["--run", self.folder, "--format", "csv", "--output", into / "result.csv", QUERIES[which]],
            "render": [*config, *every, *read(render.ANALYZED), "--python", context.root / ".venv/bin/python", "--into", into,
                       "--draw", context.scratch / "quick.py", "--bundle", context.root / "data/cache/vega-embed.js"],
        }
        return [str(word) for word in [program, *words[stage]]]

    def ran(self, stage, which, into, **more):
        return said(start(self.command(stage, which, into), self.context.root, **more))

    def state(self, stage, into):
        """Each output's bytes, or None."""
        return render.shown(into) if stage == "render" else {name: digest(into / name) for name in self.outputs(stage)}

    def place(self, into, stage, before):
        """An empty folder, or one with the old outputs of a stage."""
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        if before == "old" and stage == "render":
            shutil.copytree(self.context.scratch / "whole-old", into, symlinks=True, dirs_exist_ok=True)
        elif before == "old":
            for name in self.outputs(stage):
                shutil.copy(self.context.scratch / "whole-old" / name, into)

    def broken(self, stage, into, before, must_be_new=False):
        """Outputs that are neither what was there nor what an undisturbed run writes, whole."""
        new, now = self.whole[stage, "new"], self.state(stage, into)
        earlier = new if must_be_new else self.whole[stage, "old"] if before == "old" else self.state(stage, into / "nowhere")
        part = sorted(name for name in now if now[name] not in (earlier[name], new[name]))
        return part if part or stage != "render" or now in (earlier, new) else ["parts of two reports"]

    def repaired(self, stage, into):
        """Runs it again: outputs as of an undisturbed run, and nothing else left. Gives what is not so."""
        code, text = self.ran(stage, "new", into)
        wrong, left = self.broken(stage, into, "old", must_be_new=True), render.litter(into)
        return f"again: exit {code}, {text.strip()[-200:]!r}, others {wrong}, left {left}" if code != 0 or wrong or left else ""


class Measuring:
    """`collect run` with a worker and a meter that end only when they are killed."""

    def __init__(self, context, folder, repetitions=8, idle_s=0.1):
        self.context, self.folder, self.finished = context, folder, {}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        worker, meter = context.scratch / "stubborn.py", context.scratch / "meter.py"
        worker.write_text(STUBBORN.replace("FAKE", json.dumps(str(context.root / "tests/workers/fake.py"))))
        meter.write_text(PRINTS)
        power = POWER + METER.replace("COMMAND", json.dumps(["python3", str(meter)]))
        text = matrix.config({"stubborn": ["python3", worker]}, repetitions, power)
        (folder / "pipeline.toml").write_text(text.replace("idle_s = 0.1", f"idle_s = {idle_s}"))
        self.runs = repetitions

    def start(self, *before):
        return start([*before, *matrix.command(self.context, self.folder)], self.context.root)

    def look(self):
        """Keeps the finished runs of the journal in mind; gives what is not as it was."""
        now = []
        for path in self.folder.glob("journal/*/runs.jsonl"):
            now += [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        ids = [row["run_id"] for row in now]
        wrong = [row["run_id"] for row in now if self.finished.setdefault(row["run_id"], row) != row]
        lost, doubled = sorted(set(self.finished) - set(ids)), len(ids) - len(set(ids))
        return f"changed {wrong}, lost {lost}, {doubled} doubled" if wrong or lost or doubled else ""

    def last(self):
        """Goes on to the end; gives what was lost, changed or doubled."""
        process = self.start()
        code, text = said(process)
        left, what = gone(process), self.look()
        rows = {row["run_id"]: row for row in matrix.rows(self.context, self.folder, "select * from run")}
        other = [run_id for run_id, row in self.finished.items() if rows.get(run_id, {}).get("start_ns") != row["start_ns"]]
        bad = code != 0 or left or what or other or len(rows) != self.runs or matrix.PANIC.search(text) or render.litter(self.folder)
        return f"again: exit {code}, {text.strip()[-200:]!r}, {what}, other {other}, {len(rows)} runs, alive {left}" if bad else ""
