"""Makes the data of the join bench: readings of power sensors at 10 Hz, and runs that ask for their energy.

    python data.py FOLDER SCALE...

Everything follows from the seed. Readings are written twice, in two encodings; what is there already stays.
"""

from __future__ import annotations

import math
import pathlib
import shutil
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scales import ENCODINGS, SCALES, Scale, runs_of, samples_of

SEED = 4_091_977
SECOND = 1_000_000_000
EPOCH_NS = 1_750_000_000 * SECOND
PERIOD_NS = SECOND // 10
ROW_GROUP = 131_072
OUTAGE_NS = 30 * SECOND
DICTIONARIES = ["device_id", "temp_c", "mem_mb"]
# `lz4` is what `collect` writes. `zstd` is what one gets who cares for size and does not know of delta encoding.
PROPERTIES: dict[str, dict[str, Any]] = {
    "zstd": {"compression": "zstd", "compression_level": 3},
    "lz4": {"compression": "lz4", "column_encoding": {"t_ns": "DELTA_BINARY_PACKED"}, "data_page_version": "2.0"},
}


def instants(device: int, count: int) -> np.ndarray:
    """Jitter of 5 %, in 0.2 % of cases up to 19 readings lost, and one outage of 30 s in 100,000 readings."""
    random = np.random.default_rng([SEED, 1, device])
    steps = random.integers(PERIOD_NS * 95 // 100, PERIOD_NS * 105 // 100, count, endpoint=True)
    fate = random.random(count)
    steps[fate < 0.002] *= random.integers(2, 20, np.count_nonzero(fate < 0.002), endpoint=True)
    steps[fate >= 1 - 1e-5] = OUTAGE_NS
    return EPOCH_NS + 17_000_000 * device + np.cumsum(steps)


def plateaus(random: np.random.Generator, levels: np.ndarray, shortest: int, longest: int, count: int) -> np.ndarray:
    lengths = random.integers(shortest, longest, count // shortest + 1, endpoint=True)
    enough = int(np.searchsorted(np.cumsum(lengths), count)) + 1
    return np.repeat(random.choice(levels, enough), lengths[:enough])[:count]


def readings(device: int, count: int) -> pa.Table:
    """Power in whole milliwatts and temperature follow the load; memory stays for a while where it is."""
    random = np.random.default_rng([SEED, 2, device])
    load_w = plateaus(random, np.array([62.0, 140.0, 230.0, 305.0]), 20, 2000, count)
    power_w = np.round(np.maximum(load_w + random.normal(0, 8, count), 20), 3)
    temp_c = np.round(34 + (load_w - 60) / 5.5 + random.normal(0, 0.6, count))
    mem_mb = plateaus(random, np.arange(400.0, 80_000.0, 2.0), 1000, 1000, count)
    name = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), [f"gpu-{device:03}"])
    return pa.table(
        {
            "device_id": name,
            "t_ns": instants(device, count),
            "power_w": power_w,
            "temp_c": temp_c.astype(np.float32),
            "mem_mb": mem_mb.astype(np.float32),
        }
    )


def write_readings(scale: Scale, folders: dict[str, pathlib.Path]) -> None:
    """Sorted by device and time. A row group may hold two devices; text is stored as text, not as Arrow's dictionary."""
    devices = np.array_split(np.arange(scale.devices), scale.files)
    for number, group in enumerate(devices):
        table = pa.concat_tables(readings(int(d), scale.samples // scale.devices) for d in group).unify_dictionaries()
        for encoding, folder in folders.items():
            pq.write_table(
                table,
                folder / f"part-{number:03}.parquet",
                row_group_size=ROW_GROUP,
                use_dictionary=DICTIONARIES,
                store_schema=False,
                sorting_columns=[pq.SortingColumn(0), pq.SortingColumn(1)],
                **PROPERTIES[encoding],
            )


def write_runs(name: str, scale: Scale, file: pathlib.Path) -> None:
    """Lengths log-uniform, beginnings uniform from 30 s before a device's first reading to 30 s after its last. 1 % begin and 1 %
    end exactly on a reading, 0.1 % are on a device without any."""
    random = np.random.default_rng([SEED, 3, *name.encode()])
    times = [instants(device, scale.samples // scale.devices) for device in range(scale.devices)]
    device = random.integers(0, scale.devices, scale.runs)
    shortest, longest = map(math.log, scale.run_s)
    length = np.exp(random.uniform(shortest, longest, scale.runs)) * SECOND
    length = length.astype(np.int64)
    first, last = (np.array([t[i] for t in times]) for i in (0, -1))
    begin = random.integers(first[device] - 30 * SECOND, last[device] + 30 * SECOND)
    kind = random.random(scale.runs)
    for row in np.flatnonzero(kind < 0.02):
        on = random.choice(times[device[row]])
        begin[row] = on if kind[row] < 0.01 else on - length[row]
    device[(kind >= 0.5) & (kind < 0.501)] = scale.devices
    names = np.array([f"gpu-{d:03}" for d in range(scale.devices)] + ["gpu-unknown"])
    runs = {"run_id": np.arange(scale.runs), "device_id": names[device], "start_ns": begin, "end_ns": begin + length}
    pq.write_table(pa.table(runs), file, compression="zstd", store_schema=False)


def make(folder: pathlib.Path, name: str) -> None:
    scale = SCALES[name]
    wanted = {encoding: samples_of(folder, name, encoding) for encoding in ENCODINGS}
    if not all(path.exists() for path in wanted.values()):
        unfinished = {encoding: path.with_name(f"{encoding}.unfinished") for encoding, path in wanted.items()}
        for path in unfinished.values():
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        write_readings(scale, unfinished)
        for encoding, path in wanted.items():
            shutil.rmtree(path, ignore_errors=True)
            unfinished[encoding].rename(path)
    file = runs_of(folder, name)
    if not file.exists():
        unfinished_file = file.with_suffix(".unfinished")
        write_runs(name, scale, unfinished_file)
        unfinished_file.rename(file)


if __name__ == "__main__":
    for wanted_scale in sys.argv[2:]:
        make(pathlib.Path(sys.argv[1]), wanted_scale)
