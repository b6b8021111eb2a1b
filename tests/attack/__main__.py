"""Attacks the binaries, counts every trial and prints what went wrong.

    python3 -B tests/attack BIN [--seed N] [--trials N] SECTION...

A section is a module here with `run(context) -> (trials, failures)`. It starts hostile processes, which it ends, and writes below a scratch folder.
"""

import argparse
import importlib
import pathlib
import random
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))


class Context:
    """`bin`: folder of the binaries; `root`: the repository; `scratch`: a folder; `random`: seeded; `trials`: how many random ones."""

    def __init__(self, given, section):
        self.bin, self.root = given.bin.resolve(), pathlib.Path(__file__).resolve().parents[2]
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"attack-{section}-"))
        self.random, self.trials, self.section = random.Random(given.seed), given.trials, section

    def note(self, what):
        print(f"{self.section}: {what}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("sections", nargs="+")
    given = parser.parse_args()
    worst = 0
    for section in given.sections:
        context = Context(given, section)
        try:
            trials, failures = importlib.import_module(section).run(context)
        finally:
            shutil.rmtree(context.scratch, ignore_errors=True)
        context.note(f"{trials} trials, {failures} failures (seed {given.seed})")
        worst = max(worst, int(failures > 0 or trials == 0))
    return worst


if __name__ == "__main__":
    sys.exit(main())
