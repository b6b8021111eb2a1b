"""Who may be chosen: backends by what an objective makes small. docs/statistics.md, "Which backend"."""

import math
from typing import NamedTuple

from comparisons import label
from formulas import mean, weakest
from means import Mean, log_over, mean_with_error, satterthwaite
from metrics import mean_over
from observed import Cell
from tables import NAN
from units import BACKEND, length_evidence

# Metric of a million tokens, and of a request.
OBJECTIVES = {
    "cheapest": ("total_usd_per_mtok", "total_usd"), "least_energy": ("gross_kwh_per_mtok", "energy_kwh"),
    "least_carbon": ("gco2e_per_mtok", "carbon_gco2e"), "fastest": ("latency_ms", "request_s"),
}
WEIGHTS = {"cheapest": "usd", "least_energy": "kwh", "least_carbon": "gco2e", "fastest": "latency"}


class Contender(NamedTuple):
    """A backend by what an objective makes small: the log of it, its error, logs by scenario, and its hours, kWh and grams."""

    centre: float
    over: str
    error: Mean | None
    logs: dict
    evidence: str
    price: str | None = None
    needs: dict = {}
    is_model: bool = False

    @property
    def is_extrapolated(self):
        return self.evidence == "extrapolated"


def of_mode(group, over):
    cells = list(group.cells.values())
    centre = log_over(cells, over)
    if centre is None or not all(c.logs for c in cells):
        return None
    logs = {s: log_over([c], over) for s, c in group.cells.items()}
    return Contender(centre, over, mean_with_error(cells, over), logs, group.evidence, is_model=group.is_model)


def part_of(group, tokens, is_rate):
    """A request's tokens of one mode: mean over scenarios, its relative variance and degrees of freedom."""
    cells = []
    for c in group.cells.values():
        runs = [tokens / v if is_rate else v * tokens / 1e6 for v in c.runs]
        scaled = Cell(runs, c.session)
        scaled.dependence = c.dependence
        cells.append(scaled)
    log = log_over(cells, "arithmetic")
    return None if log is None else (math.exp(log), mean_with_error(cells, "arithmetic"), group.evidence, group.is_model)


def of_workload(prefill, generate, work, is_rate, length):
    p, g = part_of(prefill, work["prompt_tokens"], is_rate), part_of(generate, work["generated_tokens"], is_rate)
    if not p or not g:
        return None
    value, error = p[0] + g[0], None
    if p[1] and g[1]:
        parts = [(part[0] / value) ** 2 * part[1].variance for part in (p, g)]
        error = Mean(math.log(value), math.fsum(parts), satterthwaite(parts, [p[1].df, g[1].df]))
    return Contender(math.log(value), "arithmetic", error, {}, weakest(p[2], g[2], length), is_model=p[3] or g[3])


def needs(contender, objective, parts, chosen):
    """With the hours, kWh and grams of making the hardware that a million tokens, or a request, take."""
    of = [(mtok, [c for c in chosen if is_of(c, group)]) for mtok, group in parts]
    total = lambda column: math.fsum(mtok * mean(c[column] for c in cells) for mtok, cells in of)
    found = {"hours": total("hours_per_mtok"), "kwh": total("kwh_per_mtok"), "made": total("embodied_gco2e_per_mtok")}
    first = next((cells[0] for _, cells in of if cells), None)
    if objective != "cheapest" or first is None:
        return contender._replace(needs=found)
    kwh = first["kwh_per_mtok"]
    tariff = 0.0 if first["includes_power"] else first["energy_usd_per_mtok"] / kwh if kwh else NAN
    rates = {"hour": first["infra_usd_per_mtok"] / first["hours_per_mtok"], "tariff": tariff}
    return contender._replace(needs=found | rates, price=first["price"])


def is_of(cost, group):
    columns = ("backend", "device", "model", "dtype", "mode", "kv_cache")
    return all(cost[c] == getattr(group, c) for c in columns)


def token_metric(objective, mode):
    if objective == "fastest":
        return "input_tokens_per_s" if mode == "prefill" else "output_tokens_per_s"
    return OBJECTIVES[objective][0]


def contenders(groups, chosen, works, weights, measured):
    """Backends by objective and place (model, mode, cache, workload; `*`: a million tokens of the mode)."""
    found = {}
    for objective, (metric, _) in OBJECTIVES.items():
        for g in (g for g in groups.values() if g.metric == metric):
            if c := of_mode(g, mean_over(metric)):
                place = (objective, g.model, g.mode, g.kv_cache, "*")
                found.setdefault(place, {})[label(g, groups)] = needs(c, objective, [(1.0, g)], chosen)
        for work in works:
            for g in (g for g in groups.values() if g.mode == "generate" and g.metric == token_metric(objective, "generate")):
                p = groups.get((token_metric(objective, "prefill"), g.backend, g.device, g.model, g.dtype, "prefill", False))
                length = length_evidence(work, measured, tuple(getattr(g, c) for c in BACKEND))
                if p and (c := of_workload(p, g, work, objective == "fastest", length)):
                    parts = [(work["prompt_tokens"] / 1e6, p), (work["generated_tokens"] / 1e6, g)]
                    place = (objective, g.model, g.mode, g.kv_cache, work["workload"])
                    found.setdefault(place, {})[label(g, groups)] = needs(c, objective, parts, chosen)
    shares = {o: weights[w] for o, w in WEIGHTS.items() if weights[w] > 0}
    if shares:
        places = {place[1:] for place in found}
        found |= {("weighted", *place): weighted(found, place, shares) for place in places}
    return {key: dict(sorted(found[key].items())) for key in sorted(found)}


def weighted(found, place, shares):
    """Weighted sums of logs, of the backends that have all that weighs anything, relative to the mean of all backends."""
    total = math.fsum(shares.values())
    parts = [(share / total, found.get((o, *place))) for o, share in shares.items()]
    if any(of is None for _, of in parts):
        return {}
    names = set.intersection(*(set(of) for _, of in parts))
    sums = {name: weighted_sum([(w, of[name]) for w, of in parts]) for name in names}
    level = mean(c.centre for c in sums.values()) if sums else 0.0
    lower = lambda c: c._replace(centre=c.centre - level, logs={s: log - level for s, log in c.logs.items()},
                                 error=c.error and c.error._replace(log=c.error.log - level))
    return {name: lower(c) for name, c in sums.items()}


def weighted_sum(parts):
    centre, error = math.fsum(w * c.centre for w, c in parts), None
    if all(c.error for _, c in parts):
        spread = math.fsum(w * math.sqrt(c.error.variance) for w, c in parts)
        error = Mean(centre, spread**2, min(c.error.df for _, c in parts))
    scenarios = set.intersection(*(set(c.logs) for _, c in parts))
    logs = {s: math.fsum(w * c.logs[s] for w, c in parts) for s in scenarios}
    price = next((c.price for _, c in parts if c.price), None)
    return Contender(centre, "geometric", error, logs, weakest(*(c.evidence for _, c in parts)), price,
                     is_model=any(c.is_model for _, c in parts))
