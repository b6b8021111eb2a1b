"""One query on DuckDB, as a process of its own.

    python duckdb_peer.py SQL_FILE SAMPLES RUNS OUTPUT [THREADS]
"""

from __future__ import annotations

import pathlib
import sys

import duckdb

sql, samples, runs, output = sys.argv[1:5]
threads = int(sys.argv[5]) if len(sys.argv) > 5 else 2
# Without the order of insertion `lead() over ()` would not see the order of the files.
config = {"threads": threads, "preserve_insertion_order": True}
with duckdb.connect(config=config) as connection:
    connection.execute("set variable samples = $1", [f"{samples}/*.parquet"])
    connection.execute("set variable runs = $1", [runs])
    query = pathlib.Path(sql).read_text(encoding="utf-8")
    connection.sql(query).write_parquet(output, compression="zstd")
