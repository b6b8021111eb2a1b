"""`estimate`: cells and modes. docs/statistics.md, "Intervals"."""

import math
from statistics import median

from scipy.special import ndtri

from facts import cell_id
from formulas import Z95, mean, student, variance
from means import log_over, log_variance, mean_with_error, satterthwaite
from metrics import ALL, mean_over
from tables import NAN, is_absent

NOT_POSITIVE = " (not all are positive)"


def of_cell(cell, level):
    """Estimate, standard error, both ends, method."""
    centre, widened = mean(cell.runs), ", widened for dependent runs" if cell.widening > 1 else ""
    if cell.n < 2:
        return centre, NAN, NAN, NAN, "single run, no interval"
    t = student(level, cell.n - 1)
    if cell.logs:
        error = math.sqrt(log_variance(cell))
        method = f"arithmetic mean of runs, t interval on its log (Cox){widened}"
        return centre, centre * error, centre * math.exp(-t * error), centre * math.exp(t * error), method
    error = math.sqrt(cell.widening * variance(cell.runs) / cell.n)
    return centre, error, centre - t * error, centre + t * error, f"arithmetic mean of runs, t interval{NOT_POSITIVE}{widened}"


def over_scenarios(cells, over, level):
    """The same over the scenarios of a mode; None where a geometric mean has no log."""
    if over == "arithmetic" and not all(c.logs for c in cells):
        return linear(cells, level)
    log = log_over(cells, over)
    if log is None:
        return None
    centre, error = math.exp(log), mean_with_error(cells, over)
    if error is None:
        return centre, NAN, NAN, NAN, f"{over} mean of scenarios, single runs, no interval"
    half = student(level, error.df) * math.sqrt(error.variance)
    log_of = "its log" if over == "arithmetic" else "logs"
    method = f"{over} mean of scenarios, t interval on {log_of} from runs within scenarios"
    return centre, centre * math.sqrt(error.variance), centre * math.exp(-half), centre * math.exp(half), method


def linear(cells, level):
    """Of runs that are not all positive: variances of the scenarios' means add; the widest dependence counts for all."""
    centre, k = mean(mean(c.runs) for c in cells), len(cells)
    if any(c.n < 2 for c in cells):
        return centre, NAN, NAN, NAN, "arithmetic mean of scenarios, single runs, no interval"
    parts = [variance(c.runs) / c.n for c in cells]
    error = math.sqrt(max(c.widening for c in cells) * math.fsum(parts)) / k
    half = student(level, satterthwaite(parts, [c.n - 1 for c in cells])) * error
    return centre, error, centre - half, centre + half, f"arithmetic mean of scenarios, t interval from runs within scenarios{NOT_POSITIVE}"


def with_sensor_error(found, half_95, level):
    """Wider by what the sensors themselves may be off by: logs of both ends, in quadrature."""
    centre, error, low, high, method = found
    if not half_95 > 0 or not centre > 0:
        return found
    own = half_95 / Z95 * float(ndtri((1 + level) / 2)) / centre
    if low > 0:
        low = centre * math.exp(-math.hypot(math.log(centre / low), own))
    if not is_absent(high):
        high = centre * math.exp(math.hypot(math.log(high / centre), own))
    return centre, error, low, high, method


def own_errors(groups, group):
    """Half widths by scenario that the sensors give a metric with energy."""
    errors = groups.get((ALL[group.metric].error, *group.key))
    return {s: mean(c.runs) for s, c in errors.cells.items()} if errors else {}


def of_mode(errors, cells):
    return mean(errors.values()) if len(errors) == len(cells) else NAN


def estimates(groups, config):
    level, rows = config["ci_level"], []
    for group in (g for g in groups.values() if g.metric in ALL and ALL[g.metric].is_estimated):
        of_error = own_errors(groups, group)
        cells = list(group.cells.values())
        found = [("cell", s, of_cell(c, level), median(c.runs), of_error.get(s, NAN), c.n) for s, c in group.cells.items()]
        whole = over_scenarios(cells, mean_over(group.metric), level)
        if whole:
            shared = of_mode(of_error, cells)
            found.append(("backend_mode", "*", whole, median(mean(c.runs) for c in cells), shared, sum(c.n for c in cells)))
        for of, scenario, estimate, middle, half_95, n in found:
            centre, error, low, high, method = with_sensor_error(estimate, half_95, level)
            rows.append({
                **{c: getattr(group, c) for c in ("metric", "backend", "device", "model", "dtype", "mode", "kv_cache")},
                "cell_id": cell_id((*group.key, scenario)) if of == "cell" else None,
                "level": of, "scenario": scenario, "estimate": centre, "median": middle, "std_error": error, "ci_low": low,
                "ci_high": high, "ci_level": level, "n": n, "method": method, "evidence": group.evidence,
            })
    return rows
