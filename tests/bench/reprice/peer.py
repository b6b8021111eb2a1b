"""The factored query on a peer, as a process of its own.

    python peer.py duckdb|polars RUNS PRICES OUTPUT
"""

from __future__ import annotations

import pathlib
import sys


def duckdb(runs: str, prices: str, output: str) -> None:
    import duckdb

    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"create view runs as from read_parquet('{runs}')")
        connection.execute(f"create view prices as from read_parquet('{prices}')")
        query = (pathlib.Path(__file__).parent / "factored.sql").read_text(encoding="utf-8")
        connection.sql(query).write_parquet(output, compression="zstd")


def polars(runs: str, prices: str, output: str) -> None:
    import polars as pl
    from polars import col

    hours, kwh, rent, tariff = col("hours"), col("kwh"), col("usd_per_hour"), col("usd_per_kwh")
    cell = (
        pl.scan_parquet(runs)
        .select(
            "backend",
            "mode",
            hours=col("duration_s") / 3600 / col("tokens") * 1e6,
            kwh=col("energy_j") / 3.6e6 / col("tokens") * 1e6,
        )
        .group_by("backend", "mode")
        .agg(
            n=pl.len(),
            hours=hours.mean(),
            kwh=kwh.mean(),
            var_hours=hours.var() / pl.len(),
            var_kwh=kwh.var() / pl.len(),
            covar=pl.cov("hours", "kwh") / pl.len(),
        )
    )
    usd = hours * rent + kwh * tariff
    variance = rent * rent * col("var_hours") + tariff * tariff * col("var_kwh") + 2 * rent * tariff * col("covar")
    half = 1.959963984540054 * variance.sqrt()
    priced = cell.join(pl.scan_parquet(prices), how="cross").select(
        "backend",
        "mode",
        "price_id",
        "n",
        usd=usd,
        low_usd=usd - half,
        high_usd=usd + half,
        gco2e=kwh * col("gco2e_per_kwh"),
    )
    priced.sink_parquet(output, compression="zstd", engine="streaming")


if __name__ == "__main__":
    {"duckdb": duckdb, "polars": polars}[sys.argv[1]](*sys.argv[2:5])
