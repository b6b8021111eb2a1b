"""Recomputed rows against a table's, cell by cell."""

import math

from tables import is_absent

TOLERANCE = 1e-9
# Columns that are differences, with those whose size they are measured by.
ENDS = ("ci_low", "ci_high", "estimate")
DIFFERENCES = {
    ("run_energy", "energy_net_j"): ("energy_gross_j", "idle_j"), ("run_fact", "energy_net_j"): ("energy_gross_j", "idle_j"),
    ("comparison", "difference"): ("size",), ("comparison", "difference_low"): ("size",), ("comparison", "difference_high"): ("size",),
    # Of a net energy that is nothing but rounding, and of runs that do not vary.
    ("estimate", "estimate"): ENDS, ("estimate", "median"): ENDS, ("estimate", "std_error"): ENDS,
}
# Per cents that are 100 (exp(x) - 1) of an x that is found by iteration: an error of x grows with x.
EXPONENTIALS = {("comparison", "detectable_pct")}


class Comparison:
    """What was compared of one table: cells, those that are off, columns that were not recomputed."""

    def __init__(self, contract, tolerance):
        self.contract, self.tolerance = contract, tolerance
        self.rows, self.cells, self.off, self.skipped = 0, 0, [], set()

    def compare(self, ours, theirs, excused):
        """`excused`: columns that need not be recomputed."""
        ours, theirs = self.by_key(ours), self.by_key(theirs)
        self.rows = len(theirs)
        for key in ours.keys() ^ theirs.keys():
            self.off.append((key, "row", "recomputed" if key in ours else "absent", "absent" if key in ours else "in the table"))
        for key in ours.keys() & theirs.keys():
            for column in self.contract.columns.keys() - set(self.contract.key):
                if column in ours[key]:
                    self.cells += 1
                    if not self.same(column, ours[key], theirs[key]):
                        self.off.append((key, column, ours[key][column], theirs[key][column]))
                elif column not in excused:
                    self.skipped.add(column)
        return self

    def by_key(self, rows):
        found = {tuple(row[k] for k in self.contract.key): row for row in rows}
        if len(found) != len(rows):
            raise SystemExit(f"recompute: {self.contract.name}: {len(rows)} rows have {len(found)} keys")
        return found

    def same(self, column, ours, theirs):
        a, b, kind = ours[column], theirs[column], self.contract.columns[column]
        if is_absent(a) or is_absent(b):
            return is_absent(a) and is_absent(b)
        if kind != "float64":
            return a == b
        place = (self.contract.name, column)
        limit = self.tolerance.get(place, TOLERANCE)
        limit *= growth(*place, b)
        return a == b or abs(a - b) <= limit * max(abs(b), size(self.contract.name, column, ours))


def growth(table, column, value):
    """How many times as large the relative error of a number may be as that of what it is computed from."""
    return max(1.0, math.log1p(abs(value) / 100)) if (table, column) in EXPONENTIALS else 1.0


def size(table, column, row):
    """Of a number; a difference is as exact as what it is the difference of."""
    of = (column, *DIFFERENCES.get((table, column), ()))
    return max((abs(row[c]) for c in of if not is_absent(row.get(c))), default=0.0)
