"""One query on Polars' streaming engine, as a process of its own.

    POLARS_MAX_THREADS=2 python polars_peer.py pairs|blocks SAMPLES RUNS OUTPUT

Both trust that the files are sorted by device and time: a reading is the segment up to the next one, which `shift` finds, while a
window over devices would keep everything in memory.
"""

from __future__ import annotations

import sys

import polars as pl
from polars import col

SECOND = 1_000_000_000
SLICE_NS, FINE_NS, FINE_IN_COARSE = 10 * SECOND, 4 * SECOND, 32
DEVICE, RUN = "device_id", "run_id"
START, END, T0, T1, P0, P1 = map(col, ("start_ns", "end_ns", "t0", "t1", "p0", "p1"))
X0, X1 = col("x0"), col("x1")  # counted from t0: instants since 1970 do not fit into a double
MEASURES = {
    "n": col("n").sum(),
    "temp": col("temp").sum(),
    "mem": col("mem").max(),
    "doubled": col("doubled").sum(),
    "gap": col("gap").max(),
    "covered": col("covered").sum(),
}


def double(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64)


def segments(samples: str, slice_ns: int) -> pl.LazyFrame:
    """A device's last reading is a segment of no length."""
    follows = col(DEVICE).shift(-1) == col(DEVICE)
    return pl.scan_parquet(f"{samples}/*.parquet").select(
        DEVICE,
        "temp_c",
        "mem_mb",
        t0="t_ns",
        p0="power_w",
        t1=pl.when(follows).then(col("t_ns").shift(-1)).otherwise("t_ns"),
        p1=pl.when(follows).then(col("power_w").shift(-1)).otherwise("power_w"),
        slice=col("t_ns") // slice_ns,
    )


def over(frame: pl.LazyFrame, first: pl.Expr, after: pl.Expr) -> pl.LazyFrame:
    """Each row once for each slice from `first` to before `after`."""
    return frame.filter(after > first).with_columns(slice=pl.int_ranges(first, after)).explode("slice")


def clipped(cut: pl.LazyFrame) -> pl.LazyFrame:
    """What a reading and the part of its segment from x0 to x1 add to a run."""
    inside, width = col("inside"), double(X1 - X0)
    return cut.select(
        RUN,
        n=inside.cast(pl.Int64),
        temp=pl.when(inside).then(double(col("temp_c"))),
        mem=pl.when(inside).then("mem_mb"),
        doubled=pl.when(X1 != X0).then(width * (2 * P0 + (P1 - P0) * (double(X0 + X1) / double(T1 - T0)))),
        gap=pl.when(X1 > X0).then(T1 - T0),
        covered=X1 - X0,
    )


def pairs(samples: str, runs: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs of a run and a reading: an equi-join on device and slice of 10 s. A pair meets in the first that both touch."""
    segment = segments(samples, SLICE_NS).with_columns(first="slice")
    last = T1 // SLICE_NS
    sliced = pl.concat([segment, over(segment, col("slice") + 1, last + 1)])
    start_slice = START // SLICE_NS
    run_slice = over(runs.with_columns(start_slice=start_slice), start_slice, END // SLICE_NS + 1)
    met = sliced.join(run_slice, on=[DEVICE, "slice"]).filter(
        T0 <= END, T1 >= START, col("slice") == pl.max_horizontal("first", "start_slice")
    )
    cut = met.with_columns(inside=T0 >= START, x0=pl.max_horizontal(START - T0, 0), x1=pl.min_horizontal(END, T1) - T0)
    return clipped(cut)


def blocks(samples: str, runs: pl.LazyFrame) -> pl.LazyFrame:
    """Readings summed up to blocks of 4 s and these to blocks of 128 s: a run takes whole blocks where it can, and single readings
    only from the blocks of its ends."""
    segment = segments(samples, FINE_NS)
    whole = segment.select(
        DEVICE,
        "slice",
        n=pl.lit(1, pl.Int64),
        temp=double(col("temp_c")),
        mem="mem_mb",
        doubled=double(T1 - T0) * (P0 + P1),
        gap=T1 - T0,
        covered=T1 - T0,
    )
    fine = whole.group_by(DEVICE, "slice").agg(**MEASURES)
    coarse = fine.group_by(DEVICE, col("slice") // FINE_IN_COARSE).agg(**MEASURES)
    runs = runs.with_columns(first=START // FINE_NS, last=END // FINE_NS)
    first, last = col("first"), col("last")
    first_coarse, last_coarse = first // FINE_IN_COARSE, last // FINE_IN_COARSE
    run_coarse = over(runs, first_coarse + 1, last_coarse)
    run_fine = pl.concat(
        [
            over(runs, first + 1, pl.min_horizontal(last, (first_coarse + 1) * FINE_IN_COARSE)),
            over(
                runs.filter(last_coarse > first_coarse),
                pl.max_horizontal(first + 1, last_coarse * FINE_IN_COARSE),
                last,
            ),
        ]
    )
    run_edge = pl.concat([runs.with_columns(slice="first"), runs.filter(last > first).with_columns(slice="last")])
    at_start = col("slice") == first
    begins = segment.join(run_edge, on=[DEVICE, "slice"]).filter(T0 <= END, T1 >= START)
    begins = begins.with_columns(
        inside=T0.is_between(START, END), x0=pl.max_horizontal(START - T0, 0), x1=pl.min_horizontal(END, T1) - T0
    )
    # Of a segment from an earlier block: what lies over the start, or what was taken whole and is too much after the end.
    leaving = over(segment.with_columns(own="slice"), col("slice") + 1, T1 // FINE_NS + 1)
    enters = leaving.join(run_edge, on=[DEVICE, "slice"]).filter(
        pl.when(at_start).then(T1 > START).otherwise((T1 > END) & (col("own") > first))
    )
    enters = enters.with_columns(
        inside=pl.lit(False),
        x0=pl.when(at_start).then(START).otherwise(T1) - T0,
        x1=pl.when(at_start).then(pl.min_horizontal(END, T1)).otherwise(END) - T0,
    )
    wholes = (
        wanted.select(RUN, DEVICE, "slice").join(block, on=[DEVICE, "slice"]).select(RUN, *MEASURES)
        for wanted, block in ((run_coarse, coarse), (run_fine, fine))
    )
    return pl.concat([*wholes, clipped(begins), clipped(enters)])


def judged(runs: pl.LazyFrame, parts: pl.LazyFrame) -> pl.LazyFrame:
    of_run = parts.group_by(RUN).agg(**MEASURES)
    joined = runs.join(of_run, on=RUN, how="left").with_columns(
        bracketed=(col("covered") == END - START).fill_null(False), energy_j=col("doubled") / 2e9
    )
    measures = {
        "energy_j": col("energy_j"),
        "mean_power_w": col("energy_j") / (double(END - START) / 1e9),
        "max_gap_ns": col("gap"),
        "mean_temp_c": pl.when(col("n") > 0).then(col("temp") / col("n")),
        "max_mem_mb": col("mem"),
    }
    return joined.select(
        RUN,
        "bracketed",
        n_samples=col("n").fill_null(0),
        **{name: pl.when("bracketed").then(value) for name, value in measures.items()},
    )


if __name__ == "__main__":
    how, samples_folder, runs_file, output = sys.argv[1:5]
    all_runs = pl.scan_parquet(runs_file)
    found = {"pairs": pairs, "blocks": blocks}[how](samples_folder, all_runs)
    judged(all_runs, found).sink_parquet(output, compression="zstd", engine="streaming")
