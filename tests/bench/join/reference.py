"""Exact answers of the join bench, run by run: sums are rounded once (`math.fsum`), positions found by bisection.

    python reference.py SAMPLES RUNS OUTPUT

Power is linear between readings. Of a run from s to e:

    bracketed      there is a reading at or before s, and one at or after e
    energy_j       integral of the power from s to e; null, as all below but n_samples, where not bracketed
    mean_power_w   energy_j over e - s
    n_samples      readings from s to e, both ends counted
    max_gap_ns     longest distance of successive readings of which a part lies in the run
    mean_temp_c, max_mem_mb   of the readings from s to e; null if there is none
"""

from __future__ import annotations

import math
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ANSWER = pa.schema(
    {
        "run_id": pa.int64(),
        "energy_j": pa.float64(),
        "mean_power_w": pa.float64(),
        "n_samples": pa.int64(),
        "max_gap_ns": pa.int64(),
        "mean_temp_c": pa.float64(),
        "max_mem_mb": pa.float64(),
        "bracketed": pa.bool_(),
    }
)
Series = dict[str, np.ndarray]
Measures = dict[str, float | int | bool]


def series(samples: pa.Table) -> dict[str, Series]:
    """The readings of each device."""
    found = {}
    for device in pc.unique(samples["device_id"]).to_pylist():
        of_device = samples.filter(pc.equal(samples["device_id"], device)).drop_columns("device_id")
        found[device] = {name: of_device[name].to_numpy() for name in of_device.column_names}
    return found


def answer(readings: Series | None, start: int, end: int) -> Measures:
    if readings is None:
        return {"n_samples": 0, "bracketed": False}
    t, power = readings["t_ns"], readings["power_w"]
    inside = slice(int(np.searchsorted(t, start, "left")), int(np.searchsorted(t, end, "right")))
    count = inside.stop - inside.start
    before, after = int(np.searchsorted(t, start, "right")) - 1, int(np.searchsorted(t, end, "left"))
    if before < 0 or after == len(t):
        return {"n_samples": count, "bracketed": False}
    t, power = t[before : after + 1], power[before : after + 1]
    width = np.diff(t)
    # Offsets from the pair's first reading: instants since 1970 do not fit into a double.
    left, right = np.maximum(t[:-1], start) - t[:-1], np.minimum(t[1:], end) - t[:-1]
    slope = np.diff(power) / width
    doubled = (right - left) * (2 * power[:-1] + slope * (left + right))
    energy_j = math.fsum(doubled) / 2e9
    measures: Measures = {
        "energy_j": energy_j,
        "mean_power_w": energy_j / ((end - start) / 1e9),
        "n_samples": count,
        "max_gap_ns": int(width.max()),
        "bracketed": True,
    }
    if count:
        measures["mean_temp_c"] = math.fsum(readings["temp_c"][inside].tolist()) / count
        measures["max_mem_mb"] = float(readings["mem_mb"][inside].max())
    return measures


def answers(samples: str, runs: str) -> pa.Table:
    of_device = series(pq.read_table(samples))
    rows = []
    for run in pq.read_table(runs).to_pylist():
        measures = answer(of_device.get(run["device_id"]), run["start_ns"], run["end_ns"])
        rows.append({"run_id": run["run_id"]} | measures)
    return pa.Table.from_pylist(rows, schema=ANSWER)


if __name__ == "__main__":
    pq.write_table(answers(sys.argv[1], sys.argv[2]), sys.argv[3])
