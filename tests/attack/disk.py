"""Stages, `render`, imports, `query --output` and `collect run` on a full or read-only disk, with few bytes a file, few open files and
little memory: it succeeds, or exits with 1 and names the file and the cause; earlier outputs stay, and nothing is half-written.
"""

import collections
import contextlib
import os
import resource
import shutil
import signal
import subprocess

import base as bases
import matrix
import render

SIZE_KIB = 65536
NOFILE, MEMORY_MIB = [4, 5, 6, 7, 8, 10, 16], [100, 150, 200, 300, 400, 600]


def run(context):
    base, results, ends = bases.Base(context), [], collections.Counter()
    at = context.scratch / "disk"
    at.mkdir()
    with contextlib.ExitStack() as mounted:
        if mount("-t", "tmpfs", "-o", f"size={SIZE_KIB}k", "tmpfs", at):
            mounted.callback(subprocess.run, ["umount", "-l", str(at)], check=True)
            for stage in base.STAGES:
                results += [full(context, base, stage, at, ends) for _ in range(max(context.trials // 12, 2))]
                results += [read_only(base, stage, at, before) for before in ("nothing", "old")]
            results += [*measured(context, at)]
        else:
            context.note("full and read-only disks: mount is not permitted, not tried")
    for stage in base.STAGES:
        results += [limited(context, base, stage, ends) for _ in range(max(context.trials // 12, 3))]
        results += [little_memory(context, base, stage, ends) for _ in range(max(context.trials // 25, 2))]
    context.note("ends: " + ", ".join(f"{limit} exit {code}: {count}" for (limit, code), count in sorted(ends.items(), key=str)))
    return bases.told(context, results)


def mount(*words):
    return subprocess.run(["mount", *map(str, words)], capture_output=True).returncode == 0


def fill(at, spare_kib):
    """Leaves so many KiB."""
    with open(at / "filler", "wb") as file:
        disk = os.statvfs(at)
        os.posix_fallocate(file.fileno(), 0, max(disk.f_bavail * disk.f_frsize - spare_kib * 1024, 1))


@contextlib.contextmanager
def frozen(at):
    assert mount("-o", "remount,ro", at)
    try:
        yield
    finally:
        assert mount("-o", "remount,rw", at)


def judged(base, stage, into, before, code, text, words):
    """`words`: what a refusal has, one of them."""
    broken, left = base.broken(stage, into, before, must_be_new=code == 0), render.litter(into) if into.exists() else []
    bad = [f"neither old nor new: {broken}"] if broken else []
    bad += [f"left: {left}"] if left else []
    bad += ["panic"] if matrix.PANIC.search(text) else []
    bad += [f"exit {code}"] if code not in (0, 1) else []
    bad += ["the remedy is to delete a file"] if code and "delete" in text else []
    is_named = any(str(name) in text for name in (into, base.folder, base.context.root))
    bad += ["no file is named"] if code == 1 and words and not is_named and "second process" not in text else []
    bad += [f"none of {words} is said"] if code == 1 and words and not any(word in text for word in words) else []
    return f"{', '.join(bad)}, {text.strip()[-300:]!r}" if bad else ""


def full(context, base, stage, at, ends):
    into, before = at / "run", context.random.choice(("nothing", "old"))
    base.place(into, stage, before)
    most = sum(path.stat().st_size for path in (context.scratch / "whole-new").rglob("*") if path.is_file()) // 1024 + 300
    spare = context.random.choice((0, 4, context.random.randint(0, 40), context.random.randint(0, most)))
    fill(at, spare)
    code, text = base.ran(stage, "new", into)
    (at / "filler").unlink()
    ends["full disk", code] += 1
    what = judged(base, stage, into, before, code, text, ["No space left on device (os error 28)"])
    return f"{stage} over {before}, {spare} KiB to spare", what or base.repaired(stage, into)


def read_only(base, stage, at, before):
    into = at / "run"
    base.place(into, stage, before)
    with frozen(at):
        code, text = base.ran(stage, "new", into)
    what = judged(base, stage, into, before, code, text, ["Read-only file system (os error 30)"])
    return f"{stage} over {before}, read-only", what or ("it succeeds" if code == 0 else "") or base.repaired(stage, into)


def limited(context, base, stage, ends):
    into, before = context.scratch / "run", context.random.choice(("nothing", "old"))
    base.place(into, stage, before)
    size = context.random.choice((0, context.random.randint(0, 4096), context.random.randint(0, 100_000)))
    kind, value, words = context.random.choice([
        (resource.RLIMIT_FSIZE, size, ["(os error 27)"]),
        (resource.RLIMIT_NOFILE, context.random.choice(NOFILE), ["(os error 24)"]),
    ])
    code, text = base.ran(stage, "new", into, limits=[(kind, value)])
    name = {resource.RLIMIT_FSIZE: "bytes a file", resource.RLIMIT_NOFILE: "open files"}[kind]
    ends[name, code] += 1
    return f"{stage} over {before}, {value} {name}", judged(base, stage, into, before, code, text, words) or base.repaired(stage, into)


def little_memory(context, base, stage, ends):
    """A stage without memory may be aborted (docs/reliability.md): its outputs are whole all the same."""
    into, before, mib = context.scratch / "run", context.random.choice(("nothing", "old")), context.random.choice(MEMORY_MIB)
    base.place(into, stage, before)
    code, text = base.ran(stage, "new", into, limits=[(resource.RLIMIT_AS, mib << 20)])
    ends["memory", code] += 1
    broken = base.broken(stage, into, before, must_be_new=code == 0)
    is_silent = code not in (0, -signal.SIGSEGV) and not text.strip()
    what = f"exit {code}, neither old nor new {broken}, {text.strip()[-200:]!r}" if code == "hang" or broken or is_silent else ""
    return f"{stage} over {before}, {mib} MiB of memory", what or base.repaired(stage, into)


def measured(context, at):
    """`collect run`: tables on a full disk, a journal on one, and a journal that can only be read."""
    trial = bases.Measuring(context, at / "measured")
    fill(at, 40)
    code, text = bases.said(trial.start())
    (at / "filler").unlink()
    named = str(at) in text and "cannot write" in text and "delete" not in text
    what = "" if code == 1 and named else f"exit {code}, {text.strip()[-300:]!r}"
    yield "collect run on a full disk", trial.look() or what or trial.last()
    tables, first = context.scratch / "tables", trial.folder
    with frozen(at):
        trial.folder = tables
        tables.mkdir()
        (tables / "journal").symlink_to(first / "journal")
        shutil.copy(first / "pipeline.toml", tables)
        yield "tables of a finished journal on a read-only disk", trial.last()
    trial = bases.Measuring(context, at / "measured")
    process = trial.start()
    while not trial.finished:
        trial.look()
    bases.ended(process)
    with frozen(at):
        code, text = bases.said(trial.start())
    good = code == 1 and "cannot write the journal, Read-only file system (os error 30)" in text and "runs are still to be measured" in text
    what = "" if good else f"exit {code}, {text.strip()[-300:]!r}"
    yield "collect run on a journal on a read-only disk", what or trial.look() or trial.last()
