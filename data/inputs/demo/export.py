"""Writes a measured run as the CSV files of the demonstration: export.py QUERY RUN FOLDER. `make demo-data` calls it."""

import csv
import json
import pathlib
import subprocess
import sys

TABLES = ("session", "run", "power_sample", "sensor")


def text(value):
    """A cell of a contract's CSV: lists have semicolons between their items."""
    if isinstance(value, list):
        return ";".join(map(text, value))
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


query, run, folder = sys.argv[1:]
for table in TABLES:
    said = subprocess.run([query, "--run", run, "--format", "json", f"select * from {table}"], check=True, capture_output=True)
    rows = json.loads(said.stdout)
    columns = list(dict.fromkeys(c for row in rows for c in row))
    with (pathlib.Path(folder) / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([text(row.get(c)) for c in columns] for row in rows)
