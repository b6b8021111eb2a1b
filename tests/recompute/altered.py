"""Copies of tables of which each column is wrong in one cell, to see that the recomputation finds them."""

import polars

from compare import growth, size
from tables import is_absent, read

BY = 1e-6


def alter(folder, into, contracts):
    """Writes the copies; altered cells as `(key, column)` by table. Each column is altered in a row of its own, where there are enough."""
    changed = {}
    for contract in contracts:
        path = folder / f"{contract.name}.parquet"
        if not path.exists():
            continue
        rows, frame, cells = read(folder, contract), polars.read_parquet(path), set()
        columns = [c for c in contract.columns if c not in contract.key]
        for place, column in enumerate(columns):
            known = [i for i, row in enumerate(rows) if not is_absent(row[column]) and row[column] != 0]
            at = known[place % len(known)] if known else place % len(rows) if rows else None
            if at is not None:
                frame = with_cell(frame, at, column, wrong(rows[at], column, contract, frame.schema[column]))
                cells.add((tuple(rows[at][k] for k in contract.key), column))
        frame.write_parquet(into / path.name)
        changed[contract.name] = cells
    return changed


def with_cell(frame, at, column, value):
    values = frame[column].to_list()
    values[at] = value
    return frame.with_columns(polars.Series(column, values, dtype=frame.schema[column], strict=False))


def wrong(row, column, contract, kind):
    """A number off by 1e-6 of its size; another count, text, flag or list; something where there was nothing."""
    value = row[column]
    if isinstance(kind, polars.List):
        return [*(value or []), "altered"]
    if kind == polars.Boolean:
        return not value
    if kind.is_integer():
        return 1 if is_absent(value) else int(value) + 1
    if kind.is_float():
        if is_absent(value):
            return BY
        return value + BY * growth(contract.name, column, value) * (size(contract.name, column, row) or 1)
    return f"{value or ''}altered"


def judge(changed, found):
    """Exit status 0 when exactly the altered cells were found."""
    missed = 0
    for seen in found:
        name = seen.contract.name
        off, wanted = {(key, column) for key, column, *_ in seen.off}, changed[name]
        for what, cells in (("not found", wanted - off), ("found, and not altered", off - wanted)):
            for key, column in sorted(cells, key=str):
                print(f"{name}: {' '.join(map(str, key))}: {column}: {what}")
        missed += len(wanted ^ off)
        print(f"{name}: {len(wanted)} cells altered, {len(wanted & off)} found")
    print(f"{sum(map(len, changed.values()))} cells altered, {missed} missed")
    return int(missed > 0)
