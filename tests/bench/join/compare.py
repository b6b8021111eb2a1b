"""How far an answer of the join bench is from another.

    python compare.py ANSWER EXACT

Prints the largest relative difference of energy, mean power and mean temperature. Everything else has to be equal, nulls too: the
columns that are not are named, and the exit status is 1.
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CLOSE = ("energy_j", "mean_power_w", "mean_temp_c")
EQUAL = ("run_id", "n_samples", "max_gap_ns", "max_mem_mb", "bracketed")


def column(table: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values, 0 where there is none, and where there is one."""
    values = table[name].combine_chunks()
    present = values.is_valid().to_numpy(zero_copy_only=False)
    return values.cast(pa.float64() if name in CLOSE else pa.int64()).fill_null(0).to_numpy(), present


def main() -> int:
    answer, exact = (pq.read_table(file).sort_by("run_id") for file in sys.argv[1:3])
    if answer.num_rows != exact.num_rows:
        print(f"{answer.num_rows} rows, not {exact.num_rows}")
        return 1
    unequal, largest = [], 0.0
    for name in (*EQUAL, *CLOSE):
        (values, present), (wanted, wanted_present) = column(answer, name), column(exact, name)
        differ = (present != wanted_present).any() or (name in EQUAL and (values != wanted).any())
        unequal += [name] if differ else []
        if name in CLOSE:
            difference = np.abs(values - wanted) / np.maximum(np.abs(wanted), np.finfo(float).tiny)
            largest = max(largest, float(difference.max(initial=0)))
    print(f"not equal: {', '.join(unequal)}" if unequal else largest)
    return 1 if unequal else 0


if __name__ == "__main__":
    sys.exit(main())
