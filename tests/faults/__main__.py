"""Changes valid files in one way each, imports them, and counts what became of the answer.

    python3 -B tests/faults BIN [--seed N] [--places N] [--short] [--reader NAME] [--mutation NAME] [--keep DIR] [--csv FILE]

`docs/imports/faults.md` says how the table is read. Exit status 1: a silent change that unseen.toml does not list, a harmless change that
changes the answer or is refused, a crash, a reader without a sample, or a line of unseen.toml that no trial needs.
"""

import argparse
import collections
import csv
import multiprocessing
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import trials
from mutations import REGISTRY

KINDS = ("runs", "power", "prices", "grid")


def readers(binary):
    """What `import --help` names: kind and format."""
    for kind in KINDS:
        text = subprocess.run([binary, kind, "--help"], capture_output=True, text=True, check=True).stdout
        for line in text.split("Formats, described in", 1)[1].splitlines()[1:]:
            if line.strip():
                yield kind, line.split()[0]


def unlisted(found, complete):
    """Failures that unseen.toml does not list, and its entries that no failure needs."""
    path = pathlib.Path(__file__).with_name("unseen.toml")
    entries = tomllib.loads(path.read_text()).get("unseen", [])
    used, failures = set(), []
    for trial in found:
        if trial.outcome in trials.FAILURES:
            fit = [number for number, entry in enumerate(entries) if trial.outcome == "SILENT" and lists(entry, trial)]
            used.update(fit)
            failures += [] if fit else [trial]
    stale = [entry for number, entry in enumerate(entries) if number not in used] if complete else []
    return failures, stale, len([trial for trial in found if trial.outcome == "SILENT"]) - len([f for f in failures if f.outcome == "SILENT"])


def lists(entry, trial):
    """Whether an entry is about a trial: whole names of readers and mutations, and a pattern of where."""
    reader = f"{trial.kind}/{trial.reader}"
    return reader in entry["readers"] and trial.mutation in entry["mutations"] and re.search(entry.get("where", ""), trial.where)


def print_matrix(kind, found):
    """Mutations by readers: how many trials had which outcome."""
    names = list(dict.fromkeys(trial.reader for trial in found if trial.kind == kind))
    cells = collections.Counter((t.mutation, t.reader, t.outcome) for t in found if t.kind == kind)
    print(f"\n## {kind}\n\n| mutation | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for mutation in REGISTRY:
        row = [" ".join(f"{word} {cells[mutation, name, word]}" for word in trials.OUTCOMES if cells[mutation, name, word]) for name in names]
        if any(row):
            print(f"| {mutation} | {' | '.join(row)} |")


def print_sums(found):
    counts = collections.Counter((f"{t.kind}/{t.reader}", t.outcome) for t in found)
    print(f"\n## Outcomes by reader\n\n| reader | trials | {' | '.join(trials.OUTCOMES)} |\n|---|{'---|' * (len(trials.OUTCOMES) + 1)}")
    for reader in [*dict.fromkeys(f"{t.kind}/{t.reader}" for t in found), "all"]:
        row = [sum(n for (name, word), n in counts.items() if reader in (name, "all") and word == wanted) for wanted in trials.OUTCOMES]
        print(f"| {reader} | {sum(row)} | {' | '.join(map(str, row))} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--places", type=int, default=3, help="places in the file at which each mutation is tried")
    parser.add_argument("--short", action="store_true", help="one place, and every 20th mutation of each sample")
    parser.add_argument("--reader", action="append", default=[], help="KIND/NAME or NAME; may be given again")
    parser.add_argument("--mutation", action="append", default=[], help="part of the name; may be given again")
    parser.add_argument("--expects", choices=["same", "seen"], help="only mutations that must not change the answer, or must be seen")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the files of failures")
    parser.add_argument("--csv", type=pathlib.Path, help="file for all trials")
    given = parser.parse_args()
    given.places = 1 if given.short else given.places
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        return study(given, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def study(given, scratch):
    work = trials.Work(given, scratch)
    known = set(readers(given.bin.resolve() / "import"))
    lost = known - {(sample.kind, sample.reader) for sample in work.samples}
    named = lambda sample: not given.reader or {sample.reader, f"{sample.kind}/{sample.reader}"} & set(given.reader)
    wanted = lambda sample: (sample.kind, sample.reader) in known and named(sample)
    chosen = [number for number, sample in enumerate(work.samples) if wanted(sample)]
    bad = [(work.samples[number], base) for number in chosen if (base := work.base(number)).code or not base.rows or trials.unknown(base)]
    for sample, base in bad:
        print(f"faults: {sample.kind}/{sample.reader}, {sample.name}: the unharmed file gives no answer, {'; '.join(base.said)}", file=sys.stderr)
    for kind, reader in sorted(lost):
        print(f"faults: {kind}/{reader}: no sample, add one to tests/faults/samples.py", file=sys.stderr)
    names = [name for name in REGISTRY if not given.mutation or any(part in name for part in given.mutation)]
    names = [name for name in names if given.expects in (None, REGISTRY[name][1])]
    tasks = [(number, name) for number in chosen for name in names if work.samples[number].kind in REGISTRY[name][2]]
    if given.short:
        tasks = [task for place, task in enumerate(tasks) if (place + given.seed) % 20 == 0]
    # Forked processes would inherit the locks of Polars' threads.
    with multiprocessing.get_context("spawn").Pool(2, trials.begin, (given, scratch)) as pool:
        found = [trial for some in pool.imap(trials.do, tasks, chunksize=4) for trial in some]
    for kind in KINDS:
        if any(trial.kind == kind for trial in found) and not given.short:
            print_matrix(kind, found)
    print_sums(found)
    if given.csv:
        with given.csv.open("w", newline="") as file:
            csv.writer(file).writerows([trials.Trial._fields, *found])
    complete = not (given.short or given.reader or given.mutation or given.expects)
    failures, stale, listed = unlisted(found, complete)
    print()
    for trial in failures:
        print(f"{trial.outcome} {trial.kind}/{trial.reader} ({trial.sample}): {trial.mutation}, {trial.where}: {trial.detail} [seed {given.seed}]")
    for entry in stale:
        print(f"unseen.toml: no trial needs it any more: {entry['readers']}, {entry['mutations']}, {entry['reason']}")
    print(f"faults: {len(found)} trials of {len(tasks)} mutations, {listed} listed as unseen, {len(failures)} failures (seed {given.seed})")
    return int(bool(failures or stale or bad or lost or not found))


if __name__ == "__main__":
    sys.exit(main())
