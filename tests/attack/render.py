"""`render` killed at every rename, its drawing processes killed, and no room on the disk: the report is the old or the new one, whole.

A section of the attacks: `run(context)` gives (trials, failures). It uses `context.root` (the repository), `context.bin` (the folder of
the binaries), `context.scratch` (a folder to write in), `context.random` (seeded) and `context.note(text)`.
"""

import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

MEASURED = ["session", "run", "power_sample", "sensor"]
ENERGY = ["run_energy", "alignment", "cell", "run_fact"]
PRICED = ["price", "grid", "tariff", "embodied", "retirement", "retired_price", "price_match", "cost", "request_cost", "api_cost", "tco",
          "break_even", "utilisation_cost", "tier_saving", "region_carbon", "hourly_cost"]
ANALYZED = ["estimate", "comparison", "omnibus", "ranking", "verdict", "decision", "finding"]

# Stands for draw.py: a picture at once, so that kills fall on the files and not on the engine.
QUICK = """import pathlib, sys
for line in sys.stdin:
    spec = pathlib.Path(sys.argv[2]) / line.rstrip("\\n")
    stem = spec.name.removesuffix(".vl.json")
    spec.with_name(stem + ".svg").write_text("<svg/>")
    spec.with_name(stem + ".png").write_bytes(b"png")
"""


class Runs:
    """Tables of TR119, and `render` on them."""

    def __init__(self, context):
        self.context, self.root, self.scratch = context, pathlib.Path(context.root), pathlib.Path(context.scratch)
        self.study = self.root / "data/inputs/tr119"
        self.quick = self.scratch / "quick.py"
        self.quick.write_text(QUICK)
        self.base = self.scratch / "base"
        for title in ("old", "new"):
            text = (self.study / "pipeline.toml").read_text(encoding="utf-8")
            start = text.index("title = ")
            end = text.index("\n", start)
            (self.scratch / f"{title}.toml").write_text(text[:start] + f'title = "The {title} one"' + text[end:], encoding="utf-8")

    def stage(self, name, *words):
        subprocess.run([str(pathlib.Path(self.context.bin) / name), *map(str, words)], cwd=self.root, check=True, capture_output=True)

    def tables(self, folder, names):
        return [folder / f"{name}.parquet" for name in names]

    def prepare(self):
        config, at = self.scratch / "old.toml", lambda names: self.tables(self.base, names)
        self.stage("import", "tables", *[self.study / f"{t}.csv" for t in MEASURED[:3]], "--into", self.base)
        self.stage("join-telemetry", "--config", config, "--read", *at(MEASURED), "--write", *at(ENERGY))
        self.stage("derive-costs", "--config", config, "--read", *at(["session", "run", "cell", "run_fact"]), "--prices", self.study / "price.csv",
                   "--grid", self.study / "grid.csv", "--write", *at(PRICED))
        self.stage("analyze", "--config", config, "--read", *at(MEASURED + ENERGY + PRICED), "--write", *at(ANALYZED))

    def render(self, into, title, draw=None):
        python = self.root / ".venv/bin/python"
        return [str(pathlib.Path(self.context.bin) / "render"), "--config", str(self.scratch / f"{title}.toml"), "--read",
                *map(str, self.tables(self.base, MEASURED + ENERGY + PRICED + ANALYZED)), "--python", str(python), "--draw",
                str(draw or self.quick), "--bundle", str(self.root / "data/cache/vega-embed.js"), "--into", str(into)]


def shown(folder):
    """What a reader finds under the five names: hashes of all files."""
    found = {}
    for part in ("report.html", "report.md", "report.json"):
        path = folder / part
        found[part] = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
    for part in ("charts", "csv"):
        files = sorted((folder / part).iterdir()) if (folder / part).is_dir() else []
        found[part] = [(f.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files]
    return found


def litter(folder):
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".") and p.name != ".config")


def flattened(folder):
    """The folder as builds before this layout left it: plain files, no links."""
    report = folder / "report"
    for part in ("charts", "csv", "report.html", "report.md", "report.json"):
        (folder / part).unlink()
        os.rename(report / part, folder / part)
    report.rmdir()


def kills(runs, context, most):
    trials = failures = 0
    reference = {}
    for title in ("old", "new"):
        folder = runs.scratch / f"whole-{title}"
        subprocess.run(runs.render(folder, title), cwd=runs.root, check=True, capture_output=True)
        reference[title] = shown(folder)
    nothing = shown(runs.scratch / "nowhere")
    for before in ("nothing", "linked", "plain"):
        when, ended = 0, False
        steps = []
        while not ended and when < 400:
            when += 1
            # The first and the last renames always, those between by chance.
            steps.append(when)
            if 4 < when < 56 and context.random.random() > most:
                continue
            folder = runs.scratch / "run"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            if before != "nothing":
                shutil.copytree(runs.scratch / "whole-old", folder, symlinks=True, dirs_exist_ok=True)
            if before == "plain":
                flattened(folder)
            calls = "rename,renameat,renameat2"
            command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={when}"]
            ran = subprocess.run(command + runs.render(folder, "new"), cwd=runs.root, capture_output=True)
            ended = ran.returncode == 0
            trials += 1
            now = shown(folder)
            earlier = nothing if before == "nothing" else reference["old"]
            if now not in (earlier, reference["new"]) or (ended and now != reference["new"]):
                failures += 1
                context.note(f"render over {before}, killed at rename {when}: half a report")
                continue
            again = subprocess.run(runs.render(folder, "new"), cwd=runs.root, capture_output=True)
            if again.returncode != 0 or shown(folder) != reference["new"] or litter(folder):
                failures += 1
                context.note(f"render over {before}, after a kill at rename {when}: {again.stderr[-200:]} {litter(folder)}")
    return trials, failures


def drawers(runs, context):
    """The processes that draw are killed or stopped: render ends, with a reason, and leaves none behind."""
    trials = failures = 0
    folder = runs.scratch / "drawn"
    for which in ("first", "child", "all"):
        for _ in range(2):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            process = subprocess.Popen(runs.render(folder, "new", runs.root / "stages/render/draw.py"), cwd=runs.root, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(0.4 + context.random.random())
            first = children(process.pid)
            below = [p for parent in first for p in children(parent)]
            for pid in {"first": first, "child": below[:1], "all": first + below}[which]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            trials += 1
            try:
                _, said = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                failures += 1
                context.note(f"render hangs when its drawers are killed ({which})")
                continue
            time.sleep(0.3)
            left = [p for p in first + below if pathlib.Path(f"/proc/{p}/cmdline").exists() and pathlib.Path(f"/proc/{p}/cmdline").read_bytes()]
            told = process.returncode == 0 or (process.returncode == 1 and "charts not drawn, " in said)
            if left or not told or litter(folder):
                failures += 1
                context.note(f"drawers killed ({which}): left {left}, exit {process.returncode}, {said[-200:]!r}, {litter(folder)}")
    return trials, failures


def children(pid):
    try:
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def full_disks(runs, context):
    """A small file system: the earlier report stays, and the reason is the disk."""
    if os.geteuid() != 0:
        context.note("full disks: not root, skipped")
        return 0, 0
    trials = failures = 0
    at = runs.scratch / "disk"
    at.mkdir(exist_ok=True)
    whole = runs.scratch / "whole-old"
    size = sum(p.stat().st_size for p in whole.rglob("*") if p.is_file()) // 1024 + 1200
    for spare in range(0, size, max(1, size // 8)):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size + spare}k", "tmpfs", str(at)], check=True)
        try:
            folder = at / "run"
            shutil.copytree(whole, folder, symlinks=True)
            before = shown(folder)
            ran = subprocess.run(runs.render(folder, "new"), cwd=runs.root, capture_output=True, text=True)
            trials += 1
            is_whole = shown(folder) == before if ran.returncode else shown(folder) != before
            if not is_whole or litter(folder) or (ran.returncode and "space" not in ran.stderr) or "delete" in ran.stderr:
                failures += 1
                context.note(f"{spare} KiB to spare: exit {ran.returncode}, {ran.stderr[-300:]!r}, {litter(folder)}")
        finally:
            subprocess.run(["umount", "-l", str(at)], check=True)
    return trials, failures


def run(context):
    runs = Runs(context)
    runs.prepare()
    counts = []
    if shutil.which("strace"):
        counts.append(kills(runs, context, 0.12))
    else:
        context.note("kills at renames: no strace, skipped")
    counts += [drawers(runs, context), full_disks(runs, context)]
    return tuple(map(sum, zip(*counts)))


if __name__ == "__main__":
    sys.exit("a section of the attacks: call it through make")
