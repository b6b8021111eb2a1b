"""The sizes of the join bench, and where its data lie. Needs the standard library only: bench.py has to stay small."""

from __future__ import annotations

import dataclasses
import pathlib

RECIPE = 1  # counts up when data.py makes other data
ENCODINGS = ("lz4", "zstd")


@dataclasses.dataclass(frozen=True)
class Scale:
    samples: int
    runs: int
    devices: int
    files: int
    run_s: tuple[float, float] = (0.002, 60.0)  # shortest and longest
    readings_of: str | None = None  # another scale, whose readings are asked for other runs


SCALES = {
    "S": Scale(1_000_000, 10_000, 4, 1),
    "M": Scale(20_000_000, 200_000, 16, 4),
    "L": Scale(100_000_000, 1_000_000, 64, 16),
    "MX": Scale(20_000_000, 200_000, 16, 4, run_s=(10.0, 3600.0), readings_of="M"),
}


def samples_of(folder: pathlib.Path, scale: str, encoding: str) -> pathlib.Path:
    return folder / f"v{RECIPE}" / (SCALES[scale].readings_of or scale) / encoding


def runs_of(folder: pathlib.Path, scale: str) -> pathlib.Path:
    return folder / f"v{RECIPE}" / f"runs-{scale}.parquet"
