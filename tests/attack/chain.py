"""Stages over the tables of a folder, and how a command ended: what the sections share that attack names, files and values."""

import dataclasses
import os
import signal
import subprocess
import time

import matrix
import render

TABLES = render.MEASURED + render.ENERGY + render.PRICED + render.ANALYZED
READ = {
    "join-telemetry": render.MEASURED,
    "derive-costs": ["session", "run", "cell", "run_fact"],
    "analyze": render.MEASURED + render.ENERGY + render.PRICED,
    "render": TABLES,
}
WRITTEN = {"join-telemetry": render.ENERGY, "derive-costs": render.PRICED, "analyze": render.ANALYZED}


@dataclasses.dataclass
class Ended:
    """`code`: exit status, `hang` or `panic`; `peak_mb`: memory of the largest process."""

    code: object
    out: str
    err: str
    peak_mb: float
    seconds: float

    def last(self):
        return (self.err.strip().splitlines() or [""])[-1][:300]


def run(context, words, seconds=60, **more):
    """Output goes to files, as a hostile command may print more than memory holds; the first MiB of it is returned."""
    with open(context.scratch / ".out", "w+b") as out, open(context.scratch / ".err", "w+b") as err:
        started = time.monotonic()
        options = {"cwd": context.root, "stdin": subprocess.DEVNULL, "start_new_session": True, **more}
        process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=err, **options)
        pid, late = 0, False
        while not pid:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid and not late and time.monotonic() - started > seconds:
                late = True
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0 if pid else 0.005)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = [file.seek(0) or file.read(1 << 20).decode(errors="replace") for file in (out, err)]
    code = process.returncode if process.returncode in (0, 1, 2) and not matrix.PANIC.search(texts[1]) else "panic"
    return Ended("hang" if late else code, *texts, usage.ru_maxrss / 1024, time.monotonic() - started)


def tables(folder, names):
    return [folder / f"{name}.parquet" for name in names]


def command(context, stage, folder, config, inputs=None, draw=None):
    """`inputs`: a folder with price.csv and grid.csv. `query` counts the rows of all tables."""
    binary = context.bin / stage
    if stage == "query":
        return [binary, "--run", folder, "select count(*) from run"]
    words = [binary, "--config", config, "--read", *tables(folder, READ[stage])]
    if stage == "derive-costs":
        inputs = inputs or context.root / "data/inputs/tr119"
        words += ["--prices", inputs / "price.csv", "--grid", inputs / "grid.csv"]
    if stage == "render":
        draw = draw or context.root / "stages/render/draw.py"
        return words + ["--python", context.root / ".venv/bin/python", "--draw", draw,
                        "--bundle", context.root / "data/cache/vega-embed.js", "--into", folder]
    return words + ["--write", *tables(folder, WRITTEN[stage])]


def failed(context, found):
    """(name, what) of each trial, `what` empty where it holds -> (trials, failures)."""
    trials = failures = 0
    for name, what in found:
        trials += 1
        if what:
            failures += 1
            context.note(f"{name}: {what}")
    return trials, failures
