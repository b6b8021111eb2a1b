"""Means over runs and scenarios with their errors, and t tests. docs/statistics.md, "Intervals" and "Two backends"."""

import math
from typing import NamedTuple

from scipy.special import stdtr

from formulas import log_mean_variance, mean, student, variance, welch_satterthwaite
from observed import more_than_rounding
from tables import NAN


class Mean(NamedTuple):
    """Log of a mean over scenarios, variance and degrees of freedom."""

    log: float
    variance: float
    df: float


class TTest(NamedTuple):
    difference: float
    error: float
    df: float
    level: float

    @property
    def statistic(self):
        return self.difference / self.error

    @property
    def p(self):
        return float(2 * stdtr(self.df, -abs(self.statistic)))

    @property
    def ends(self):
        half = student(self.level, self.df) * self.error
        return self.difference - half, self.difference + half


def t_test(difference, variance_, df, level, values):
    """None where what varies is rounding alone."""
    return TTest(difference, math.sqrt(variance_), df, level) if more_than_rounding(variance_, values) else None


def log_variance(cell):
    """Of the log of a cell's mean."""
    return cell.widening * log_mean_variance(variance(cell.logs), cell.n) if cell.n > 1 and cell.logs else NAN


def log_over(cells, over):
    """Log of the mean over scenarios; None where it has none."""
    if over == "geometric":
        return mean(mean(c.logs) for c in cells) if cells and all(c.logs for c in cells) else None
    centre = mean(mean(c.runs) for c in cells) if cells else 0
    return math.log(centre) if centre > 0 else None


def mean_with_error(cells, over):
    """None with a single run somewhere."""
    centre, k = log_over(cells, over), len(cells)
    if centre is None or any(c.n < 2 or not c.logs for c in cells):
        return None
    if over == "arithmetic":
        parts = [(mean(c.runs) / (k * math.exp(centre))) ** 2 * log_variance(c) for c in cells]
    else:
        parts = [c.widening * variance(c.logs) / c.n / k**2 for c in cells]
    return Mean(centre, math.fsum(parts), satterthwaite(parts, [c.n - 1 for c in cells]))


def satterthwaite(parts, degrees):
    df = welch_satterthwaite(parts, degrees)
    return math.fsum(degrees) if math.isnan(df) else df


def contrast(a, b, level):
    """b - a of two means, each with its error."""
    total = a.variance + b.variance
    if not more_than_rounding(total, (a.log, b.log)):
        return None
    return TTest(b.log - a.log, math.sqrt(total), welch_satterthwaite((a.variance, b.variance), (a.df, b.df)), level)


def paired(a, b, level):
    """t test of pairs."""
    if len(a) < 2:
        return None
    differences = [y - x for x, y in zip(a, b)]
    n, spread = len(a), variance(differences)
    return TTest(mean(differences), math.sqrt(spread / n), n - 1, level) if more_than_rounding(spread, (*a, *b)) else None


def paired_ratio(a, b, over, level):
    """Log of the ratio of means over the same scenarios, which are the replicates; `a`, `b`: one value a scenario."""
    if over == "geometric":
        return paired([math.log(x) for x in a], [math.log(y) for y in b], level)
    if len(a) < 2:
        return None
    x, y = mean(a), mean(b)
    spread = variance([v / y - u / x for u, v in zip(a, b)])
    largest = max(u / x for u in a)
    return TTest(math.log(y / x), math.sqrt(spread / len(a)), len(a) - 1, level) if more_than_rounding(spread, (largest,)) else None


def student_test(a, b, level):
    """Unpaired, equal variances supposed."""
    if min(len(a), len(b)) < 2:
        return None
    df = len(a) + len(b) - 2
    pooled = ((len(a) - 1) * variance(a) + (len(b) - 1) * variance(b)) / df
    if not more_than_rounding(pooled, (mean(a), mean(b))):
        return None
    return TTest(mean(b) - mean(a), math.sqrt(pooled * (1 / len(a) + 1 / len(b))), df, level)


def welch_test(a, b, level):
    if min(len(a), len(b)) < 2:
        return None
    x, y = variance(a) / len(a), variance(b) / len(b)
    if not more_than_rounding(x + y, (mean(a), mean(b))):
        return None
    return TTest(mean(b) - mean(a), math.sqrt(x + y), welch_satterthwaite((x, y), (len(a) - 1, len(b) - 1)), level)
