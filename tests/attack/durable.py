"""Power loss below fsync, as far as system calls show it (Pillai et al. 2014, "All File Systems Are Not Created Equal", OSDI): what is renamed
into place was synced before, with all that is in it, and the folder of each new name is synced after it. And file systems without locks, such
as an NFS without its daemon: stages work, and `collect` refuses a journal that it cannot lock. Needs strace.
"""

import pathlib
import re
import shutil

import base

TRACED = "trace=openat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,fsync,fdatasync"
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += 0|^\d+ +(openat)\((.*)\) += \d+")
UNFINISHED = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')


def run(context):
    if not shutil.which("strace"):
        context.note("not tried, strace is not installed")
        return 0, 0
    small, trials, failures = base.Base(context), 0, 0
    for stage in [*small.stages, "collect"]:
        for before in ("new", "old"):
            what = judged(context, small, stage, before)
            trials += 1
            if what:
                failures += 1
                context.note(f"{stage}, outputs {before}: {'; '.join(what[:5])}")
        what = without_locks(context, small, stage)
        trials += 1
        if what:
            failures += 1
            context.note(f"{stage}, no locks: {what}")
    return trials, failures


def without_locks(context, small, stage):
    into = context.scratch / "unlocked"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    words = ["strace", "-f", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]
    if stage == "collect":
        code, text = base.said(base.Measuring(context, into, repetitions=2).start(*words))
        return "" if code == 1 and "cannot be locked" in text and str(into) in text else f"exit {code}, {text.strip()[-300:]}"
    code, text = base.said(base.start([*words, *small.command(stage, "new", into)], context.root))
    return "" if code == 0 and not small.broken(stage, into, "new", must_be_new=True) else f"exit {code}, {text.strip()[-300:]}"


def judged(context, small, stage, before):
    into, trace = context.scratch / "into" / "deep", context.scratch / "trace"
    shutil.rmtree(into.parent, ignore_errors=True)
    words = ["strace", "-f", "-y", "-s", "4096", "-e", TRACED, "-o", trace]
    if stage == "collect":
        measuring = base.Measuring(context, into, repetitions=2)
        code, text = base.said(measuring.start(*words))
    else:
        if before == "old":
            small.place(into, stage, before)
        else:
            into.parent.mkdir()
        code, text = base.said(base.start([*words, *small.command(stage, "new", into)], context.root))
    if code != 0:
        return [f"exit {code}, {text.strip()[-300:]}"]
    return unsynced(calls(trace), into.parent)


def calls(trace):
    """Name and arguments of each call that succeeded, in the order in which they ended."""
    begun = {}
    for line in trace.read_text(errors="replace").splitlines():
        if cut := UNFINISHED.match(line):
            begun[cut[1]] = line[: -len(" <unfinished ...>")]
            continue
        if rest := RESUMED.match(line):
            line = begun.pop(rest[1], "") + rest[2]
        if call := CALL.match(line):
            yield call[1] or call[3], call[2] or call[4]


def unsynced(done, below):
    """`below`: only names under it count."""
    synced, made, names, wrong = set(), set(), {}, []
    for call, arguments in done:
        paths = [pathlib.Path(text) for text in PATH.findall(arguments)]
        if call in ("fsync", "fdatasync"):
            path = pathlib.Path(arguments.partition("<")[2].rpartition(">")[0])
            synced.add(path)
            names = {name: how for name, how in names.items() if name.parent != path}
        elif below not in paths[-1].parents:
            continue
        elif call == "openat" and "O_CREAT" in arguments:
            made.add(paths[0])
        elif call.startswith("unlink"):
            made.discard(paths[-1])
        elif call.startswith("mkdir"):
            made.add(paths[0])
            names[paths[0]] = "a folder"
        elif call.startswith("rename"):
            source, target = paths
            inside = {path for path in made if path == source or source in path.parents}
            wrong += [f"{path.name} is renamed to {target.name} before it is synced" for path in sorted(inside - synced)]
            names = {name: how for name, how in names.items() if name not in inside}
            names[target] = "a renamed file or folder"
    return wrong + [f"{name}: {how}, whose folder is not synced" for name, how in names.items() if name.exists()]
