"""A night of samples in the journal of `collect`: time and peak memory of making its tables.

    python3 tests/bench/journal/bench.py BIN [--samples N] [--most-mb MB]

BIN: folder with the binaries. A short session is measured with a worker that computes nothing; its journal is filled up with as many samples as
eight GPUs give in eight hours when each is read in three ways at 20 Hz, and `collect run` makes the tables again. Exit status 1 above the bound.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/attack"))
import matrix  # noqa: E402

POWER = """
[[collect.power]]
source = "cpu-model"
idle_w = 10.0
full_w = 65.0
sample_hz = 100.0
"""


def collect(given, folder):
    """Exit status, seconds and peak memory in MiB of the process alone."""
    command = [given.bin / "collect", "run", "--config", folder / "pipeline.toml", "--cache", ROOT / "data/cache", "--journal", folder / "journal"]
    command += ["--write", *(folder / f"{table}.parquet" for table in matrix.TABLES)]
    started = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], cwd=ROOT, stderr=subprocess.PIPE)
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(said)
    return time.monotonic() - started, usage.ru_maxrss / 1024


def fill(path, samples):
    """Sealed lines, sensor after sensor at each instant, as sampling threads write them."""
    session = json.loads(path.read_text().splitlines()[0])["session_id"]
    kinds = [("counter", "energy_j"), ("instant", "power_w"), ("average", "power_w")]
    series = [(gpu, kind, column) for gpu in range(8) for kind, column in kinds]
    with open(path, "wb") as out:
        for at in range(-(-samples // len(series))):
            lines = []
            for gpu, kind, column in series:
                value = at * 17.5 + gpu if column == "energy_j" else 350 + (at * 7 + gpu) % 300 / 8
                t = 1_795_776_500_000_000_000 + at * 50_000_000 + gpu * 1000
                line = (
                    f'{{"session_id":"{session}","device_id":"nvml:GPU-6c2b3f0e-9f5d-4a3e-8a50-{gpu:012d}","kind":"{kind}","scope":"gpu",'
                    f'"t_ns":{t},"{column}":{value},"temperature_c":61.0,"memory_mb":40536.0,"utilisation_pct":98.0,"clock_mhz":1980.0,'
                    f'"power_limit_w":700.0,"throttled":false'
                ).encode()
                lines.append(line + b',"crc":"%08x"}\n' % zlib.crc32(line))
            out.write(b"".join(lines))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--samples", type=int, default=14_000_000)
    parser.add_argument("--most-mb", type=float, default=300)
    given = parser.parse_args()
    given.bin = given.bin.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-journal-", dir=ROOT / "data/run" if (ROOT / "data/run").is_dir() else None))
    try:
        good = {"good": ["python3", "tests/workers/fake.py", "good"]}
        (folder / "pipeline.toml").write_text(matrix.config(good, 2, POWER))
        collect(given, folder)
        path = next(folder.glob("journal/*/samples.jsonl"))
        fill(path, given.samples)
        seconds, peak = collect(given, folder)
        size = path.stat().st_size / 2**30
        table = (folder / "power_sample.parquet").stat().st_size / 2**20
        print(
            f"{given.samples} samples, {size:.2f} GiB of journal: tables in {seconds:.0f} s, peak {peak:.0f} MiB (bound {given.most_mb:.0f}), "
            f"power_sample {table:.0f} MiB"
        )
        return 0 if peak <= given.most_mb else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
