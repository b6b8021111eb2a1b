"""Kills -9 of stages, `query --output`, imports, `collect run` and make, at random instants and as a system call is entered. Each output is
absent, the old or the new one, whole. A second run gives the bytes of an undisturbed one. No measured run is lost, changed or
doubled, and no child lives on.
"""

import collections
import os
import re
import shutil
import signal
import subprocess
import time

import base as bases
import render

STAGES = ["join-telemetry", "derive-costs", "analyze", "query", "import"]
CALLS = {"rename": "rename,renameat,renameat2", "fsync": "fsync,fdatasync", "mkdir": "mkdir,mkdirat", "openat": "openat",
         "write": "write,pwrite64"}
# Most calls of a kind that `collect run` makes here.
MOST = {"rename": 4, "fsync": 30, "mkdir": 4, "openat": 60, "write": 60}
# A worker whose own child sleeps: in its group, in a group of its own, in a session of its own.
PARENT = """import subprocess, sys
ways = {"group": {}, "own group": {"process_group": 0}, "own session": {"start_new_session": True}}
nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
child = subprocess.Popen(["sleep", "77"], **nowhere, **ways[sys.argv[1]])
open(sys.argv[2], "a").write(f"{child.pid}\\n")
"""


def run(context):
    base = bases.Base(context)
    results = [*at_random(context, base), *measuring(context), *made(context, base)]
    if shutil.which("strace"):
        results += [*at_calls(context, base), *measuring_at_calls(context)]
    else:
        context.note("kills at system calls: no strace, not tried")
    grandchildren(context)
    return bases.told(context, results)


def judged(base, stage, into, before, alive):
    """What is wrong after a kill, and after it was run again."""
    broken = base.broken(stage, into, before)
    return f"neither old nor new: {broken}" if broken else f"alive: {alive}" if alive else base.repaired(stage, into)


def at_random(context, base):
    into, hit = context.scratch / "run", 0
    for i in range(context.trials):
        stage, before = STAGES[i % len(STAGES)], ("nothing", "old")[i // len(STAGES) % 2]
        base.place(into, stage, before)
        process = bases.start(base.command(stage, "new", into), context.root)
        at = context.random.uniform(0, base.seconds[stage])
        time.sleep(at)
        hit += process.poll() is None
        alive = bases.ended(process)
        yield f"{stage} over {before}, killed after {at:.3f} s", judged(base, stage, into, before, alive)
    context.note(f"{hit} of {context.trials} kills at random instants met a living stage")


def at_calls(context, base):
    """Killed as it enters the k-th call of a kind: the first, the last and some between."""
    into, hit, tried = context.scratch / "run", 0, 0
    for stage in STAGES:
        for kind in CALLS:
            base.place(into, stage, "nothing")
            most = counted(context, base.command(stage, "new", into), CALLS[kind])
            picks = {1, most, *(context.random.randint(1, most) for _ in range(context.trials // 50))} if most else ()
            for when in sorted(picks)[: max(1, context.trials // 50)]:
                before = context.random.choice(("nothing", "old"))
                base.place(into, stage, before)
                process = bases.start(["strace", "-f", *killing(CALLS[kind], when), *base.command(stage, "new", into)], context.root)
                code, _ = bases.said(process)
                hit, tried = hit + (code != 0), tried + 1
                yield f"{stage} over {before}, killed at {kind} {when} of {most}", judged(base, stage, into, before, bases.gone(process))
    context.note(f"{hit} of {tried} kills at system calls met one")


def killing(calls, when):
    return ["-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={when}"]


def counted(context, words, calls):
    """Calls of the thread that makes most of them: strace counts each thread by itself."""
    log = context.scratch / "calls"
    tracing = ["strace", "-f", "-qq", "-o", log, "-e", f"trace={calls}", "-e", "signal=none"]
    subprocess.run([*tracing, *words], cwd=context.root, check=True, capture_output=True)
    callers = collections.Counter(re.findall(r"(?m)^(\d+) +\w+\(", log.read_text(errors="replace")))
    return max(callers.values(), default=0)


def measuring(context):
    """`collect run` killed again and again until it ends."""
    for i in range(max(context.trials // 10, 3)):
        trial, kills, what = bases.Measuring(context, context.scratch / "measured"), 0, ""
        while not what and kills < 6:
            process = trial.start()
            time.sleep(context.random.uniform(0.05, 1.5))
            done, kills = process.poll() == 0, kills + 1
            alive = bases.ended(process)
            what = f"alive: {alive}" if alive else trial.look()
            if done:
                break
        yield f"collect run {i}, killed {kills} times", what or trial.last()


def measuring_at_calls(context):
    """Only `collect`'s first thread is traced: it writes the journal of runs and the tables."""
    for kind in CALLS:
        trial = bases.Measuring(context, context.scratch / "measured")
        for when in sorted(context.random.randint(1, MOST[kind]) for _ in range(max(context.trials // 50, 1))):
            process = trial.start("strace", *killing(CALLS[kind], when))
            code, _ = bases.said(process)
            alive = bases.gone(process)
            yield f"collect run, killed at {kind} {when} (exit {code})", f"alive: {alive}" if alive else trial.look()
        yield f"collect run after kills at {kind}", trial.last()


def made(context, base):
    """make and whatever it started, killed as a group; make again."""
    into, python = context.scratch / "made", context.scratch / "python"
    python.write_text(f'#!/bin/sh\nshift\nexec python3 {context.scratch / "quick.py"} "$@"\n')
    python.chmod(0o755)
    whole = {}
    into.mkdir()
    for name in bases.matrix.TABLES:
        shutil.copy(base.folder / f"{name}.parquet", into)
    for which in ("old", "new"):
        subprocess.run(command(context, base, which, into, python), cwd=context.root, check=True, capture_output=True)
        whole[which] = everything(into)
        shutil.copytree(into, context.scratch / f"made-{which}", symlinks=True)
    seconds = sum(base.seconds[stage] for stage in ("join-telemetry", "derive-costs", "analyze", "render"))
    for i in range(max(context.trials // 20, 2)):
        shutil.rmtree(into)
        shutil.copytree(context.scratch / "made-old", into, symlinks=True)
        process = bases.start(command(context, base, "new", into, python), context.root)
        at = context.random.uniform(0, seconds)
        time.sleep(at)
        os.killpg(process.pid, signal.SIGKILL)
        alive = bases.ended(process)
        now = everything(into)
        torn = [name for name in now if name.endswith(".parquet") and now[name] not in (whole["old"][name], whole["new"][name])]
        again = subprocess.run(command(context, base, "new", into, python), cwd=context.root, capture_output=True, text=True)
        other, left = sorted(name for name, value in everything(into).items() if value != whole["new"][name]), render.litter(into)
        bad = torn or alive or again.returncode or other or left
        what = f"torn {torn}, alive {alive}, again {again.stderr[-200:]!r}, others {other}, left {left}" if bad else ""
        yield f"make killed after {at:.3f} s", what


def command(context, base, which, into, python):
    inputs = context.root / "data/inputs"
    built = [str(context.bin / name) for name in ("join-telemetry", "derive-costs", "analyze", "render", "query", "collect", "worker", "own-config")]
    words = ["make", f"RUN={into}", f"PIPELINE={base.config(which)}", f"BIN={context.bin}", f"PYTHON={python}", "MEASURE=no",
             f"PRICES={inputs / 'prices/own.csv'}", f"GRID={inputs / 'grid'}", "TARIFFS=", "EMBODIED=", "RETIRED="]
    return words + [f"-o{name}" for name in [*built, ".venv/.ready", "data/cache/vega-embed.js", "stages/render/draw.py"]]


def everything(into):
    return {**{path.name: bases.digest(path) for path in into.glob("*.parquet")}, **render.shown(into)}


def grandchildren(context):
    """What a worker started itself: its parent's death signal does not reach it. Told, and no failure (docs/reliability.md)."""
    for kind in ("group", "own group", "own session"):
        trial, started = bases.Measuring(context, context.scratch / "measured"), context.scratch / f"started in {kind}"
        script, config = context.scratch / "stubborn.py", trial.folder / "pipeline.toml"
        script.write_text(PARENT + script.read_text())
        config.write_text(config.read_text().replace('stubborn.py"]', f'stubborn.py", "{kind}", "{started}"]'))
        process, until = trial.start(), time.monotonic() + 10
        while not trial.finished and time.monotonic() < until:
            trial.look()
        process.kill()
        process.wait()
        time.sleep(2)
        left = [int(pid) for pid in started.read_text().split() if bases.lives(int(pid))]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        bases.gone(process)
        context.note(f"a worker's own child in its {kind} {'survives' if left else 'ends with'} a kill -9 of collect")
