"""Reads an nvidia-smi log with pandas or Polars; with `write`, also sorts it by GPU and time and writes it as Parquet.

    python tests/bench/import/peer.py pandas|polars read|write LOG PARQUET

Prints the seconds that it took, imports of the library not counted, and the energy over the log in J.
"""

from __future__ import annotations

import sys
import time

TIME, GPU, POWER = "timestamp", "index", "power.draw [W]"


def with_pandas(log: str, out: str | None) -> float:
    import pandas

    began = time.perf_counter()
    rows = pandas.read_csv(log, skipinitialspace=True, engine="c")
    rows[TIME] = pandas.to_datetime(rows[TIME], format="%Y/%m/%d %H:%M:%S.%f")
    rows[POWER] = rows[POWER].str.removesuffix(" W").astype("float64")
    if out:
        rows = rows.sort_values([GPU, TIME])
        rows.to_parquet(out, compression="lz4")
    took = time.perf_counter() - began
    rows = rows.sort_values([GPU, TIME])
    seconds = rows.groupby(GPU)[TIME].diff().dt.total_seconds()
    means = (rows[POWER] + rows.groupby(GPU)[POWER].shift()) / 2
    print(took, (seconds * means).sum())


def with_polars(log: str, out: str | None) -> float:
    import polars

    began = time.perf_counter()
    rows = polars.scan_csv(log).rename(str.strip)
    watt = polars.col(POWER).str.strip_chars_start(" ").str.strip_suffix(" W").cast(polars.Float64)
    instant = polars.col(TIME).str.to_datetime("%Y/%m/%d %H:%M:%S%.3f", time_unit="ns")
    gpu = polars.col(GPU) if rows.collect_schema()[GPU] != polars.String else polars.col(GPU).str.strip_chars().cast(polars.Int64)
    rows = rows.select(instant, gpu, watt)
    if out:
        rows = rows.sort(GPU, TIME).collect()
        rows.write_parquet(out, compression="lz4", row_group_size=131_072)
    else:
        rows = rows.collect()
    took = time.perf_counter() - began
    rows = rows.sort(GPU, TIME)
    seconds = polars.col(TIME).diff().over(GPU).dt.total_nanoseconds() / 1e9
    means = (polars.col(POWER) + polars.col(POWER).shift().over(GPU)) / 2
    print(took, rows.select((seconds * means).sum()).item())


if __name__ == "__main__":
    peer, task, log, out = sys.argv[1:]
    {"pandas": with_pandas, "polars": with_polars}[peer](log, out if task == "write" else None)
