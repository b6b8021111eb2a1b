"""Readings of one sensor in one way of reading it, and what a window gets from them. docs/energy.md, "Readings" and "Error"."""

import math
from bisect import bisect_left, bisect_right

from formulas import Z95, student
from tables import NAN, is_absent

KINDS = {"instant": "linear", "average": "linear", "interval_mean": "held", "model": "held", "counter": "counter"}
# Residuals of neighbours share readings: n of them are worth n / 1.94. Above 200 degrees of freedom t is the normal's quantile.
SHARED, MOST_DF = 1.94, 200


class Cut:
    """Where a window begins or ends: power there, width of the pair, share of the pair that lies in the window."""

    def __init__(self, power=NAN, width=0, share=1.0):
        self.power, self.width, self.share = power, width, share


class Series:
    """Readings in order of time; one without a value is none."""

    def __init__(self, rows):
        value = "energy_j" if rows[0]["kind"] == "counter" else "power_w"
        self.rows = sorted((r for r in rows if not is_absent(r[value])), key=lambda r: r["t_ns"])
        self.kind = rows[0]["kind"]
        self.meaning = KINDS[self.kind]
        self.t, self.v = [r["t_ns"] for r in self.rows], [r[value] for r in self.rows]
        self.range = next((r["energy_range_j"] for r in reversed(self.rows) if not is_absent(r["energy_range_j"])), NAN)

    def rise(self, at):
        """What a counter counted in a pair: a fall is a wrap that goes at most half around, else a reset."""
        rise = self.v[at + 1] - self.v[at]
        wrapped = rise + self.range
        return rise if rise >= 0 else wrapped if 0 <= wrapped <= self.range / 2 else NAN

    def along(self, at, t):
        return self.v[at] + (self.v[at + 1] - self.v[at]) * (t - self.t[at]) / (self.t[at + 1] - self.t[at])

    def power(self, at, t):
        """In W, at an instant within a pair."""
        if self.meaning == "linear":
            return self.along(at, t)
        return self.v[at + 1] if self.meaning == "held" else self.rise(at) / (self.t[at + 1] - self.t[at]) * 1e9

    def part(self, at, a, z):
        """Energy of a..z within a pair, and what cutting it may have changed; J."""
        width, length = self.t[at + 1] - self.t[at], z - a
        if width == 0:
            return (self.rise(at) if self.meaning == "counter" else 0.0), 0.0
        cut, share = length < width, length / width
        one_side = max(share, 1 - share) if cut else 0.0
        if self.meaning == "held":
            return self.v[at + 1] * length / 1e9, abs(self.v[at + 1]) * width / 1e9 * one_side
        if self.meaning == "counter":
            return self.rise(at) * share, self.rise(at) * one_side
        middle = ((a - self.t[at]) + (z - self.t[at])) / 2 / width
        step = abs(self.v[at + 1] - self.v[at])
        edge = step * length / 1e9 * max(middle, 1 - middle) if cut else 0.0
        power = self.v[at] + (self.v[at + 1] - self.v[at]) * middle
        return power * length / 1e9, edge

    def window(self, start, end):
        return Window(self, start, end)


class Window:
    """What a series says of [start, end)."""

    def __init__(self, series, start, end):
        self.series, self.start, self.end = series, start, end
        t = series.t
        self.inside = range(bisect_left(t, start), bisect_right(t, end)) if end > start else range(0)
        first, last = max(bisect_right(t, start) - 1, 0), bisect_right(t, end)
        last = last - 1 if last and t[last - 1] == end else min(last, len(t) - 1)
        self.pairs = range(first, last) if end > start else range(0)
        self.bounds = [(max(start, t[at]), min(end, t[at + 1])) for at in self.pairs]
        self.covered = self.bounds[-1][1] - self.bounds[0][0] if self.pairs else 0
        parts = [series.part(at, a, z) for at, (a, z) in zip(self.pairs, self.bounds)]
        total = math.fsum(p[0] for p in parts) if not any(math.isnan(p[0]) for p in parts) else NAN
        self.was_reset = is_absent(total)
        known = end > start and self.covered == end - start and not self.was_reset
        self.energy = total if known else NAN
        self.edge = math.fsum(p[1] for p in parts) if known else NAN
        self.max_gap = max((t[at + 1] - t[at] for at in self.pairs), default=0) or NAN
        self.extremes()
        self.sampling(known)
        self.begin, self.finish = (self.cuts() if known else (Cut(), Cut()))

    def extremes(self):
        series = self.series
        powers = [series.v[i] for i in self.inside]
        if series.meaning == "counter":
            whole = [at for at, ends in zip(self.pairs, self.bounds) if ends == (series.t[at], series.t[at + 1]) and ends[1] > ends[0]]
            powers = [p for at in whole if not is_absent(p := series.power(at, series.t[at]))]
        self.least, self.most = min(powers, default=NAN), max(powers, default=NAN)

    def sampling(self, known):
        """From the distance of each reading to the line through its neighbours, all three strictly inside."""
        t, v = self.series.t, self.series.v
        within = [i for i in self.inside if self.start < t[i] < self.end] if self.series.meaning == "linear" else []
        self.residuals = max(len(within) - 2, 0) if known else 0
        self.df, self.se = NAN, NAN
        if self.residuals:
            squares = math.fsum(residual(*(t[i + k] for k in (-1, 0, 1)), *(v[i + k] for k in (-1, 0, 1))) for i in within[1:-1])
            self.df = max(math.floor(self.residuals / SHARED), 1)
            self.se = math.sqrt(squares * (self.residuals + 2) / self.residuals) / 1e9
            self.sampling_error = self.se * (student(0.95, self.df) if self.df <= MOST_DF else Z95)
        elif known and self.series.meaning == "linear" and self.most > self.least:
            self.sampling_error = (self.most - self.least) / 2 * self.covered / 1e9
        else:
            self.sampling_error = 0.0 if known else NAN

    def cuts(self):
        t, last = self.series.t, self.pairs[-1]
        at, (a, z) = self.pairs[0], self.bounds[0]
        begin = Cut(self.series.power(at, a), t[at + 1] - t[at], (z - a) / (t[at + 1] - t[at]))
        if t[last] == t[last + 1]:
            # Several readings at the very end: the pair that leads up to them.
            last = bisect_left(t, self.end) - 1
            return begin, Cut(self.series.power(last, t[last + 1]), t[last + 1] - t[last], 1.0)
        a, z = self.bounds[-1]
        share = (z - a) / (t[last + 1] - t[last])
        if a == self.start and share < 1:
            share = 1.0  # A window within one pair has it once, at its start.
        return begin, Cut(self.series.power(last, z), t[last + 1] - t[last], share)

    def of(self, column):
        return [r[column] for r in (self.series.rows[i] for i in self.inside) if not is_absent(r[column])]


def residual(t0, t1, t2, v0, v1, v2):
    """Squared, in units of one reading's variance, times the squared time that the reading stands for."""
    before, after = t1 - t0, t2 - t1
    both = before + after
    if both == 0:
        return 0.0
    distance = (after * v0 + before * v2) / both - v1
    scale = 1 + (before / both) ** 2 + (after / both) ** 2
    return distance**2 / scale * (both / 2) ** 2
