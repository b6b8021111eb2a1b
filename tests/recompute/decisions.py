"""`decision`. docs/statistics.md, "Which backend"."""

import math

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from comparisons import equivalent, family_level, holm
from contenders import OBJECTIVES, contenders
from formulas import student, weakest
from means import contrast, paired_ratio
from tables import NAN, is_absent
from units import lengths

# Above this statistic having been selected means nothing.
FAR = 30


class Contest:
    """Backends of one objective and place, best first, each other one tested against the best."""

    def __init__(self, objective, place, entered, times, config):
        scenarios = {s for c in entered.values() for s in c.logs}
        why = {name: exclusion(c, times.get(name), len(scenarios), config) for name, c in entered.items()}
        unknown = [name for name in times if name not in entered]
        self.objective, self.place, self.scenarios, self.unknown = objective, place, len(scenarios), len(unknown)
        if not all(c.is_extrapolated for n, c in entered.items() if not why[n]):
            why |= {n: "extrapolated, and others are not" for n, c in entered.items() if not why[n] and c.is_extrapolated}
        self.left = sorted(((n, c) for n, c in entered.items() if not why[n]), key=lambda nc: nc[1].centre)
        self.excluded = [f"{n}: {w}" for n, w in why.items() if w] + [f"{n}: not known" for n in unknown]
        self.tests = [margin(self.left[0][1], c, config["ci_level"]) for _, c in self.left[1:]]
        self.adjusted = holm([t.p if t else NAN for t in self.tests])
        self.evidence = weakest("measured", *(c.evidence for _, c in self.left))
        self.is_model = any(c.is_model for _, c in self.left)

    @property
    def p(self):
        """Of the claim that the best is better than every other."""
        if not self.adjusted or any(map(is_absent, self.adjusted)) or self.is_model:
            return NAN
        return max(self.adjusted)


def exclusion(contender, time, scenarios, config):
    most = config["decision"].get("max_latency_ms")
    if most is not None:
        request = time and not time.logs
        ms = NAN if time is None else math.exp(time.centre) * 1e3 if request else max(map(math.exp, time.logs.values()))
        if is_absent(ms):
            return f"latency not known, more than {most:g} ms"
        if ms > most:
            return f"{ms:.0f} ms in {'a request' if request else 'its slowest scenario'}, more than {most:g} ms"
    known = len(contender.logs)
    return f"known in {known} of {scenarios} scenarios" if known < scenarios else None


def margin(best, other, level):
    """Log of other over best, with its error from runs or else from scenarios."""
    if best.error and other.error:
        return contrast(best.error, other.error, level)
    shared = [s for s in best.logs if s in other.logs]
    values = [[math.exp(c.logs[s]) for s in shared] for c in (best, other)]
    return paired_ratio(*values, best.over, level)


def selected_ends(t, alpha, level):
    """Limits of a difference that was named because its p is below alpha (Zhong, Prentice 2008); None unless it was."""
    if t.difference <= 0 or t.p >= alpha:
        return None
    if t.statistic > FAR:
        return t.ends
    unit = t.error * student(level, t.df) / float(ndtri((1 + level) / 2))
    seen, least = t.difference / unit, student(1 - alpha, t.df) * t.error / unit
    share = lambda delta: float(ndtr(delta - seen) / ndtr(delta - least))
    at = lambda p: brentq(lambda delta: share(delta) - p, least - 30, seen + 8, xtol=1e-13, rtol=1e-14)
    lowest = (1 - level) / 2
    low = max(at(lowest), 0.0) if share(least - 30) < lowest else 0.0
    return low * unit, at((1 + level) / 2) * unit


def flips(objective, a, b, utilisation):
    """Rate, tariff, utilisation, intensity at which the best two change places."""
    positive = lambda v: v if v > 0 and math.isfinite(v) else NAN
    over = lambda x, y: positive(x / y) if y else NAN
    more = lambda column: b.needs[column] - a.needs[column]
    if objective == "least_carbon":
        return NAN, NAN, NAN, over(more("made"), -more("kwh"))
    if objective != "cheapest" or "hour" not in a.needs:
        return NAN, NAN, NAN, NAN
    kwh_an_hour = over(more("kwh"), -more("hours"))
    used = positive(a.needs["tariff"] * kwh_an_hour)
    share = positive(a.needs["hour"] * utilisation) / used
    return used * utilisation, positive(a.needs["hour"] / kwh_an_hour), share if share <= 1 else NAN, NAN


def untold(contest, compared, alpha):
    """Backends that the configured test of `comparison` cannot tell from the best."""
    objective, (model, mode, kv_cache, workload) = contest.objective, contest.place
    if workload != "*" or objective not in OBJECTIVES or not contest.left:
        return set()
    family, best = (OBJECTIVES[objective][0], model, mode, kv_cache), contest.left[0][0]
    mine = [c for c in compared if (c["metric"], c["model"], c["mode"], c["kv_cache"]) == family and best in (c["a"], c["b"])]
    return {c["b"] if c["a"] == best else c["a"] for c in mine if not c["p_adjusted"] < alpha}


def decisions(groups, chosen, compared, tables, config):
    works = {r["workload"]: r for r in tables["request_cost"]}
    utilisation = max((t["utilisation"] for t in tables["tco"]), default=1.0)
    entered = contenders(groups, chosen, [works[w] for w in sorted(works)], config["decision"]["weights"], lengths(tables["run"]))
    contests = [
        Contest(objective, place, of, entered.get(("fastest", *place), {}), config) for (objective, *place), of in entered.items()
    ]
    alpha = 1 - config["ci_level"]
    levels = {m: family_level([c.p for c in contests if c.place[0] == m], alpha) for m in {c.place[0] for c in contests}}
    return [row(c, levels[c.place[0]], compared, config, utilisation) for c in contests]


def row(contest, alpha, compared, config, utilisation):
    left, tests, level = contest.left, contest.tests, config["ci_level"]
    best, second = (left + [(None, None)] * 2)[:2]
    not_told = untold(contest, compared, alpha)
    others = [name for name, _ in left[1:]]
    tied = [name for name, p in zip(others, contest.adjusted) if not p < alpha or name in not_told]
    told = bool(others) and not tied and not contest.is_model
    closest = tests[0] if tests else None
    selected = selected_ends(closest, alpha, level) if closest and told else None
    ends = selected or (closest.ends if closest else (NAN, NAN))
    method = "given that it was large enough to be named" if selected else "t interval of the closest two"
    is_request = contest.place[3] != "*"
    flip = flips(contest.objective, best[1], second[1], utilisation) if second[1] else (NAN,) * 4
    p = contest.adjusted[0] if contest.adjusted else NAN
    metric = OBJECTIVES[contest.objective][is_request] if contest.objective in OBJECTIVES else "weighted relative value"
    won = sum(all(best[1].logs[s] <= c.logs[s] for _, c in left) for s in best[1].logs) if best[1] and not is_request else NAN
    return {
        "objective": contest.objective, **dict(zip(("model", "mode", "kv_cache", "workload"), contest.place)),
        "stated": config["decision"]["objective"].replace("-", "_") == contest.objective, "metric": metric,
        "backend": best[0] if told or not others else None, "price": best[1].price if best[1] else None,
        "mean": best[1].over if best[1] else "geometric", "estimate": math.exp(best[1].centre) if best[1] else NAN,
        "runner_up": second[0], "margin_ratio": math.exp(second[1].centre - best[1].centre) if second[1] else NAN,
        "margin_low": math.exp(ends[0]), "margin_high": math.exp(ends[1]), "margin_method": method if closest else None,
        "p_adjusted": p, "alpha": NAN if is_absent(p) else alpha, "ci_level": level, "scenarios": contest.scenarios,
        "scenarios_won": won, "tied": tied, "excluded": contest.excluded, "flip_usd_per_hour": flip[0], "flip_usd_per_kwh": flip[1],
        "flip_utilisation": flip[2], "flip_gco2e_per_kwh": flip[3], "reason": reason(contest, tied, alpha, config, is_request),
        "evidence": contest.evidence if left else "unknown",
    }


def reason(contest, tied, alpha, config, is_request):
    """Why there is no recommendation, or what it rests on."""
    return told_reason(contest, tied, alpha, config, is_request) + {
        0: "", 1: "; of one backend the numbers are not known"
    }.get(contest.unknown, f"; of {contest.unknown} backends the numbers are not known")


def told_reason(contest, tied, alpha, config, is_request):
    if not contest.left:
        return "no backend is left: none has the numbers, or constraints exclude all"
    if not contest.tests:
        return "the only backend that has the numbers"
    if contest.is_model:
        return "can't tell: the energy is an estimate from utilisation, which does not rank backends"
    small = f"the difference is under {config['practical_pct']:g} %"
    closest = contest.tests[0]
    trivial = closest is not None and equivalent(closest, math.log1p(config["practical_pct"] / 100)) < alpha
    if not tied:
        scope = "this workload" if is_request else f"{contest.scenarios} scenarios"
        return f"better than every other in {scope}" + (f", though {small}" if trivial else "")
    told = f"can't tell {contest.left[0][0]} from {', '.join(tied)}"
    if any(t is None for t in contest.tests):
        return f"{told}: too few runs or scenarios give an error"
    return f"{told}: {small}" if trivial else told
