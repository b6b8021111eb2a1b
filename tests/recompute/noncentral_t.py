"""The noncentral t distribution: of (Z + delta) / s with Z normal and df s^2 chi-squared. SciPy's has no value at some places needed."""

import math
from functools import lru_cache

import numpy
from scipy.optimize import brentq
from scipy.special import gammaln, ndtr

# The larger delta is, the narrower is the step of P(Z <= t s - delta) over log s.
STEPS, LARGE, MORE = 6000, 40.0, 10


@lru_cache(maxsize=256)
def scaled_chi(df, steps):
    """s and weights: the trapezoid rule over log s, whose integrand falls off at both ends, is as exact as doubles are."""
    low, high = -45 / df - 1, 0.5 * math.log1p(120 / df) + 0.5
    x = numpy.linspace(low, high, steps)
    log_density = math.log(2) + df / 2 * math.log(df / 2) - gammaln(df / 2) + df * x - df / 2 * numpy.exp(2 * x)
    # They add up to 1 as the density does, whatever `gammaln` rounds.
    weights = numpy.exp(log_density)
    return numpy.exp(x), weights / weights.sum()


def steps(delta):
    return STEPS * MORE if abs(delta) > LARGE else STEPS


def below(t, df, delta):
    """P(T <= t)."""
    s, weights = scaled_chi(df, steps(delta))
    return float(numpy.dot(ndtr(t * s - delta), weights))


def above(t, df, delta):
    s, weights = scaled_chi(df, steps(delta))
    return float(numpy.dot(ndtr(delta - t * s), weights))


def root(of, low, high):
    return brentq(of, low, high, xtol=1e-13, rtol=1e-14)


def noncentrality(t, df, level):
    """Both limits of the delta of which t was seen (Cumming, Finch 2001)."""
    width = 10 + 10 * abs(t)
    limit = lambda p: root(lambda delta: below(t, df, delta) - p, t - width, t + width)
    return limit((1 + level) / 2), limit((1 - level) / 2)


def detectable(critical, df, power):
    """The delta that a two-sided test with this critical t finds with this power."""
    found = lambda delta: above(critical, df, delta) + below(-critical, df, delta) - power
    high = 1.0
    while found(high) < 0:
        high *= 2
    return root(found, 0.0, high)
