"""`verdict`. docs/statistics.md, "May a cell be used"."""

import math
from statistics import median

from scipy import stats
from scipy.special import ndtr, ndtri, stdtr

from facts import cell_id
from formulas import mean, run_length, student, variance
from means import log_variance
from observed import CELL, GROUP, more_than_rounding
from tables import NAN, grouped, is_absent, is_finished

OUTLIER = 3.5
NOT_FINISHED = ("run_failed", "run_skipped")


def sensor_checks(energies):
    """What is to be checked of each run's sensors."""
    found = {}
    for key, rows in grouped(energies, ("session_id", "run_id")):
        totals, sensors = [r for r in rows if r["device_id"] == "total"], [r for r in rows if r["device_id"] != "total"]
        gaps = [abs(r["energy_integral_j"] / r["energy_counter_j"] - 1) * 100 for r in sensors if r["energy_counter_j"] > 0]
        found[key] = {
            "energy_estimated": any(r["evidence"] == "estimated" for r in totals),
            "energy_net_negative": any(r["energy_net_j"] < 0 for r in totals), "energy_unknown": any(not r["valid"] for r in totals),
            "throttled": largest(r["throttled_pct"] for r in sensors), "gap": largest(gaps),
        }
    return found


def largest(values):
    return max((v for v in values if not is_absent(v)), default=NAN)


def placed(runs):
    """A run that did not start has no device; it counts with the runs of its backend that did."""
    same = ("backend", "model", "mode", "kv_cache", "scenario")
    for _, of in grouped(runs, same):
        known = {c: max((r[c] for r in of if r[c] != "unknown"), default="unknown") for c in ("device", "dtype")}
        yield from ({**r, **{c: known[c] if r[c] == "unknown" else r[c] for c in known}} for r in of)


def run_codes(runs, checks, config):
    """Checks of single runs that found something in a cell."""
    seen = [checks.get((r["session_id"], r["run_id"]), {}) for r in runs]
    finished = [r for r in runs if is_finished(r)]
    over = lambda value, limit: value > limit
    shortened = lambda r: r["tokens_generated"] < r["new_tokens_asked"] * r["batch"]
    clock = min((w for r in finished if not is_absent(w := (r["end_ns"] - r["start_ns"]) / 1e6)), default=NAN)
    found = {
        "contention": over(largest(r["other_cpu_pct"] for r in runs), config["max_other_cpu_pct"]),
        "counter_against_integral": over(largest(s.get("gap", NAN) for s in seen), config["max_counter_gap_pct"]),
        **{c: any(s.get(c, False) for s in seen) for c in ("energy_estimated", "energy_net_negative", "energy_unknown")},
        "output_shortened": any(shortened(r) for r in finished), "run_degraded": any(r["status"] == "degraded" for r in runs),
        "run_failed": any(r["status"] == "failed" for r in runs), "run_skipped": any(r["status"] == "skipped" for r in runs),
        "threads_exceeded": over(largest(r["cores_busy"] - r["threads"] for r in runs), 0.5),
        "throttled": over(largest(s.get("throttled", NAN) for s in seen), config["max_throttled_pct"]),
        "warmup_unsteady": over(largest(r["warmup_cv_pct"] for r in runs), config["max_cv_pct"]),
        "window_short": clock < config["min_window_ms"],
    }
    return [code for code, is_found in found.items() if is_found]


def grubbs(x):
    """p of the value farthest from the mean."""
    n = len(x)
    if n < 3 or not more_than_rounding(variance(x), x):
        return NAN
    g2 = max((v - mean(x)) ** 2 for v in x) / variance(x)
    rest = (n - 1) ** 2 - n * g2
    if rest <= 1e-12 * (n - 1) ** 2:
        return 0.0
    return min(n * 2 * float(stdtr(n - 2, -math.sqrt(n * (n - 2) * g2 / rest))), 1.0)


def first_above(x):
    """One-sided p that the first is no larger than the others."""
    others = x[1:]
    if len(x) < 3 or not more_than_rounding(variance(others), x):
        return NAN
    n = len(others)
    return float(stdtr(n - 1, -(x[0] - mean(others)) / math.sqrt(variance(others) * (1 + 1 / n))))


def outliers(x):
    """Values whose modified z-score is over 3.5 (Iglewicz, Hoaglin 1993)."""
    if len(x) < 3:
        return 0
    away = [abs(v - median(x)) for v in x]
    scale = median(away) / float(ndtri(0.75)) or mean(away) * math.sqrt(math.pi / 2)
    return sum(a / scale > OUTLIER for a in away) if scale else 0


def runs_needed(spread, wanted, level):
    n = 2
    while student(level, n - 1) * spread / math.sqrt(n) > wanted:
        n += 1
    return n


def independence(n, d):
    if d is None or n == 0:
        return f"not checkable with {n} runs of a cell"
    if d.is_known():
        return f"checked in its own {n} runs" if d.cells == 1 else f"checked in {d.cells} cells of its session together"
    many = "" if d.cells == 1 else f" in each of {d.cells} cells"
    return f"not checkable with {n} runs{many}, {d.runs_wanted()} would do"


def row(key, runs, cell, checks, config):
    level, wanted = config["ci_level"], math.log1p(config["wanted_interval_pct"] / 100)
    x, d = (cell.runs, cell.dependence) if cell else ([], None)
    n, logs = len(x), (cell.logs or []) if cell else []
    cv = 100 * math.sqrt(variance(x)) / mean(x) if n > 1 else NAN
    spread = math.sqrt(variance(logs)) if n > 1 else NAN
    half = student(level, n - 1) * math.sqrt(log_variance(cell)) if spread > 0 else NAN
    needed = runs_needed(spread * math.sqrt(cell.widening), wanted, level) if spread > 0 else NAN
    known = d is not None and d.is_known()
    codes = run_codes(runs, checks, config)
    codes += ["spread"] * (cv > config["max_cv_pct"]) + ["interval_wide"] * (half > wanted)
    return {
        "cell_id": cell_id(key), **dict(zip(CELL, key)), "codes": codes, "runs": len(runs), "usable": sum(map(is_finished, runs)),
        "degraded": sum(r["status"] == "degraded" for r in runs), "cv_pct": cv,
        "first_run_above_pct": 100 * (x[0] / mean(x[1:]) - 1) if n > 2 else NAN, "first_run_p": first_above(logs),
        "half_width_pct": 100 * math.expm1(half), "runs_needed": needed,
        "normality_p": float(stats.shapiro(logs).pvalue) if n > 2 and more_than_rounding(variance(logs), logs) else NAN,
        "independence": independence(n, d), "serial_correlation": d.rho if known else NAN,
        "independence_p": float(ndtr(-d.rho / d.standard_error)) if known else NAN,
        "effective_runs": n / run_length(d.bounded(), n) if known and n else NAN, "outliers": outliers(logs), "outlier_p": grubbs(logs),
    }


def benjamini_hochberg(p):
    order = sorted((i for i in range(len(p)) if not is_absent(p[i])), key=lambda i: p[i], reverse=True)
    adjusted, smallest = list(p), 1.0
    for done, i in enumerate(order):
        smallest = min(smallest, len(order) / (len(order) - done) * p[i])
        adjusted[i] = smallest
    return adjusted


def verdicts(tables, groups, config):
    checks = sensor_checks(tables["run_energy"])
    rows = []
    for key, runs in grouped(list(placed(tables["run"])), CELL):
        group = groups.get(("latency_ms", *key[: len(GROUP)]))
        rows.append(row(key, runs, group.cells.get(key[-1]) if group else None, checks, config))
    called = {
        "not_normal": ("normality_p", "min_normality_p"), "runs_dependent": ("independence_p", "min_independence_p"),
        "outliers": ("outlier_p", "min_outlier_p"), "first_run_cold": ("first_run_p", "min_first_run_p"),
    }
    for code, (p, limit) in called.items():
        for r, adjusted in zip(rows, benjamini_hochberg([r[p] for r in rows])):
            small = code == "first_run_cold" and not r["first_run_above_pct"] > config["max_first_run_pct"]
            if adjusted < config[limit] and not small:
                r["codes"].append(code)
    for r in rows:
        conclude(r, config)
    return rows


def conclude(r, config):
    share = lambda count: 100 * count / max(r["runs"], 1)
    missing = share(r["runs"] - r["usable"]) > config["max_failed_pct"]
    hard = lambda code: code in NOT_FINISHED and missing
    codes = [c for c in r["codes"] if c != "run_degraded" or share(r["degraded"]) > config["max_degraded_pct"]]
    r["codes"] = sorted(codes, key=lambda code: (not hard(code), code))
    r["verdict"] = "pass" if not codes else "fail" if hard(r["codes"][0]) else "warn"
