"""Tables in and out: contracts of SCHEMA.md, Parquet and CSV as lists of dicts.

An absent number is NaN, so that it makes every result absent that it enters; an absent text, list or flag is None.
"""

import csv
import math
import re
from datetime import datetime
from itertools import groupby
from pathlib import Path

import polars

NAN = math.nan
NUMBERS = ("int64", "float64")


class Contract:
    """Columns with their types, and the key, of one table of SCHEMA.md."""

    def __init__(self, name, columns, key):
        self.name, self.columns, self.key = name, columns, key


def contracts(schema):
    """All tables of SCHEMA.md by name."""
    found = {}
    for section in re.split(r"\n## ", schema.read_text(encoding="utf-8"))[1:]:
        name = section.split("\n", 1)[0].strip()
        key = re.search(r"Key: `([^`]+)`", section)[1].split(", ")
        rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, re.MULTILINE)
        found[name] = Contract(name, {column: kind.split(" (")[0].strip() for column, kind in rows}, key)
    return found


def absent(kind):
    return NAN if kind in NUMBERS else None


def is_absent(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def read(folder, contract):
    """Rows of a Parquet file of a run folder."""
    frame = polars.read_parquet(folder / f"{contract.name}.parquet")
    missing = set(contract.columns) ^ set(frame.columns)
    if missing:
        raise SystemExit(f"recompute: {folder}/{contract.name}.parquet: columns are not those of SCHEMA.md, {sorted(missing)}")
    rows = frame.to_dicts()
    for row in rows:
        for column, kind in contract.columns.items():
            if row[column] is None:
                row[column] = absent(kind)
    return rows


def instant(text):
    """Nanoseconds since 1970 of `2023-01-01T00:00:00Z`."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * 1_000_000_000


def cell(text, column, kind):
    if text is None or text == "":
        return absent(kind)
    if kind == "float64":
        return float(text)
    if kind == "int64":
        return instant(text) if column.endswith("_ns") and "T" in text else int(float(text))
    return text == "true" if kind == "bool" else text


def read_csv(files, contract):
    """Rows of several CSV files together. Times may stand as ISO 8601 in a column without its unit; other columns are ignored."""
    rows = []
    for file in files:
        with Path(file).open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                row = {}
                for column, kind in contract.columns.items():
                    text = line.get(column, line.get(column.removesuffix("_ns")) if column.endswith("_ns") else None)
                    row[column] = cell(text, column, kind)
                rows.append(row)
    return rows


def grouped(rows, columns):
    """Groups of rows in the order of their columns."""
    by = lambda row: tuple(row[c] for c in columns)
    return [(key, list(group)) for key, group in groupby(sorted(rows, key=by), key=by)]


def is_finished(run):
    return run["status"] in ("ok", "degraded")
