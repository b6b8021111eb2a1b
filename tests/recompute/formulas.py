"""What several tables share: the order of evidence, variances of means, dependent runs, intervals. docs/costs.md, docs/statistics.md."""

import math
from functools import lru_cache

from scipy.special import ndtri, stdtrit

from tables import NAN, is_absent

# docs/evidence.md: from the firmest to the weakest.
EVIDENCE = ["measured", "measured_counter", "measured_integral", "derived", "imported", "estimated", "extrapolated", "unknown"]
# A half width of 95 % over this is a standard uncertainty.
Z95 = float(ndtri(0.975))
# Above this standard error a correlation is not used, above this many runs a cell has its own, and above this it is a trend.
MOST_STANDARD_ERROR, OWN_RUNS, MOST_RHO = 0.4, 25, 0.8


def weakest(*evidence):
    return max(evidence, key=EVIDENCE.index)


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values) if values else NAN


def variance(values):
    """Of a sample; absent for a single value."""
    return covariance(values, values)


def covariance(left, right):
    if len(left) < 2:
        return NAN
    x, y = mean(left), mean(right)
    return math.fsum((a - x) * (b - y) for a, b in zip(left, right)) / (len(left) - 1)


def log_mean_variance(s2, n):
    """Of the log of a log-normal mean (Cox): s^2 / n + s^4 / (2 (n - 1)), s^2 of the runs' logs."""
    return s2 / n + s2 * s2 / (2 * (n - 1)) if n > 1 else NAN


def welch_satterthwaite(variances, degrees):
    """Degrees of freedom of a sum of variances."""
    below = math.fsum(v * v / d for v, d in zip(variances, degrees))
    return math.fsum(variances) ** 2 / below if below > 0 else NAN


class Dependence:
    """How far runs resemble those before them, from a pool of cells. docs/statistics.md, "Dependent runs"."""

    def __init__(self, cells, varies):
        """`cells`: logs of each cell's runs in the order of execution; `varies(size, logs)`: whether they are more than rounding."""
        self.rho, self.standard_error, self.cells = NAN, NAN, 0
        above, squares, cubic, spread = 0.0, 0.0, 0.0, 0.0
        for logs in cells:
            n, from_mean = len(logs), [log - mean(logs) for log in logs]
            size = math.fsum(d * d for d in from_mean)
            if n < 3 or not varies(size, logs):
                continue
            slope = pool_slope(n)
            found = math.fsum(a * b for a, b in zip(from_mean, from_mean[1:])) / size
            above += n * slope * (found + 1 / n)
            squares += n * slope**2
            cubic += 1.15 * slope**2
            spread += (n * slope) ** 2 * (n - 1) / (n * (n + 2))
            self.cells += 1
        if self.cells:
            self.standard_error = math.sqrt(spread) / squares
            self.rho = (squares - math.sqrt(max(squares**2 - 4 * cubic * above, 0))) / (2 * cubic)

    def is_known(self):
        return self.standard_error <= MOST_STANDARD_ERROR

    def bounded(self):
        return min(max(self.rho, 0.0), MOST_RHO) if self.is_known() else NAN

    def runs_wanted(self):
        """The fewest runs of as many cells that tell rho."""
        error = lambda n: math.sqrt((n - 1) / (n * (n + 2)) / self.cells) / pool_slope(n)
        return next((n for n in range(3, 1000) if error(n) <= MOST_STANDARD_ERROR), 1000)


def pool_slope(n):
    return (n - 2) * (n - 1.5) / (n * (n + 1))


def run_length(rho, n):
    """tau: n runs are worth n / tau independent ones."""
    return (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**n) / (n * (1 - rho) ** 2)


def widening(rho, n):
    """w: by how much the variance of a mean grows; 1 where the correlation is not known."""
    if n < 2:
        return NAN
    if is_absent(rho):
        return 1.0
    tau = run_length(rho, n)
    return max(tau * (n - 1) / (n - tau), 1.0)


@lru_cache(maxsize=None)
def student(level, df):
    """Quantile of a two-sided interval."""
    return float(stdtrit(df, (1 + level) / 2))


def interval(value, spread, df, common, level, below=0.0, above=0.0):
    """docs/costs.md, "Intervals": of a value whose standard deviation over runs is `spread`."""
    if any(map(is_absent, (value, spread, df, common, below, above))) or df <= 0:
        return NAN, NAN
    t, z = student(level, df), float(ndtri((1 + level) / 2))
    middle = value + (above - below) / 2
    if value <= 0 or below > value:
        half = math.sqrt((t * spread) ** 2 + z**2 * (common**2 + (below + above) ** 2 / 12))
        return middle - half, middle + half
    relative = math.hypot(t * spread, z * common) / value
    price = level * (below + above) / 2
    low = middle * math.exp(-math.hypot(relative, math.log1p(-price / middle)))
    high = middle * math.exp(math.hypot(relative, math.log1p(price / middle)))
    return min(low, value), max(high, value)
