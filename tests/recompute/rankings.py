"""`omnibus` and `ranking`. docs/statistics.md."""

import math

from scipy import stats
from scipy.special import fdtrc

from comparisons import label
from estimates import of_mode, over_scenarios, own_errors, with_sensor_error
from formulas import mean, variance, weakest
from metrics import ALL, mean_over
from observed import more_than_rounding
from tables import NAN, is_absent


def omnibus(found, config):
    rows = []
    for family, backends in found.items():
        shared = [s for s in next(iter(backends.values())).cells if all(s in g.cells for g in backends.values())]
        if len(backends) < 2 or len(shared) < 2:
            continue
        cells = [[g.cells[s] for s in shared] for g in backends.values()]
        if config["scale"] == "log" and not all(c.logs for of in cells for c in of):
            continue
        means = [[mean(c.logs if config["scale"] == "log" else c.runs) for c in of] for of in cells]
        evidence = weakest(*(g.evidence for g in backends.values()))
        for test, result in tests(means):
            statistic, df, df_error, p, eta = result
            rows.append({
                **dict(zip(("metric", "model", "mode", "kv_cache"), family)), "test": test, "scale": config["scale"],
                "statistic": statistic, "df": df, "df_error": df_error, "p": p, "eta_squared": eta, "backends": len(means),
                "blocks": len(shared), "evidence": evidence,
            })
    return rows


def tests(means):
    """Statistic, degrees of freedom, those of the error, p, eta squared of each test that these means have."""
    k, b = len(means), len(means[0])
    everything = [v for of in means for v in of]
    grand, rows = mean(everything), [mean(of) for of in means]
    columns = [mean(of[j] for of in means) for j in range(b)]
    between = b * math.fsum((m - grand) ** 2 for m in rows)
    within = math.fsum((v - m) ** 2 for of, m in zip(means, rows) for v in of)
    rest = math.fsum((v - m - c + grand) ** 2 for of, m in zip(means, rows) for v, c in zip(of, columns))
    for name, error, df in (("one_way_anova", within, k * b - k), ("blocked_anova", rest, (k - 1) * (b - 1))):
        if more_than_rounding(error / df, everything):
            statistic = between / (k - 1) / (error / df)
            yield name, (statistic, k - 1, df, float(fdtrc(k - 1, df, statistic)), between / (between + error))
    if all(more_than_rounding(variance(of), of) for of in means):
        yield "welch_anova", welch(means)
    if len(set(everything)) > 1:
        h = stats.kruskal(*means)
        yield "kruskal_wallis", (float(h.statistic), k - 1, NAN, float(h.pvalue), NAN)
    if k > 2 and any(len({of[j] for of in means}) > 1 for j in range(b)):
        chi = stats.friedmanchisquare(*means)
        yield "friedman", (float(chi.statistic), k - 1, NAN, float(chi.pvalue), NAN)


def welch(means):
    """Welch 1951."""
    k = len(means)
    weights = [len(of) / variance(of) for of in means]
    centre = math.fsum(w * mean(of) for w, of in zip(weights, means)) / math.fsum(weights)
    between = math.fsum(w * (mean(of) - centre) ** 2 for w, of in zip(weights, means)) / (k - 1)
    lost = math.fsum((1 - w / math.fsum(weights)) ** 2 / (len(of) - 1) for w, of in zip(weights, means))
    statistic, df = between / (1 + 2 * (k - 2) * lost / (k**2 - 1)), (k**2 - 1) / (3 * lost)
    return statistic, k - 1, df, float(fdtrc(k - 1, df, statistic)), NAN


def ranking(found, groups, compared, prices, config):
    rows = []
    for family, backends in found.items():
        metric = family[0]
        pairs = [c for c in compared if (c["metric"], c["model"], c["mode"], c["kv_cache"]) == family]
        for name, group in backends.items():
            estimate = over_scenarios(list(group.cells.values()), mean_over(metric), config["ci_level"])
            if estimate is None:
                continue
            shared = of_mode(own_errors(groups, group), group.cells)
            estimate = with_sensor_error(estimate, shared, config["ci_level"])
            extrapolated = lambda g: g.evidence == "extrapolated"
            peers = [g for g in backends.values() if extrapolated(g) == extrapolated(group)]
            mine = [c for c in pairs if name in (c["a"], c["b"]) and c["apart"] != "extrapolated"]
            told = [c for c in mine if c["p_adjusted"] < c["alpha"]]
            other = lambda c: c["b"] if c["a"] == name else c["a"]
            alone = len(peers) < len(backends) and extrapolated(group)
            tested = len(mine) + 1 == len(peers) and not any(is_absent(c["p_adjusted"]) for c in mine)
            ranked = tested and not alone and not any(g.is_model for g in peers)
            rows.append({
                **dict(zip(("metric", "model", "mode", "kv_cache"), family)), "backend": name,
                "place": 1 + sum(is_beaten(c, name, metric) for c in told) if ranked else NAN,
                "tied_with": [other(c) for c in mine if c not in told], "mean": mean_over(metric), "estimate": estimate[0],
                "ci_low": estimate[2], "ci_high": estimate[3], "ci_level": config["ci_level"],
                "price": prices.get((group.model, name)) if metric == "total_usd_per_mtok" else None,
                "n": sum(c.n for c in group.cells.values()), "blocks": len(group.cells), "evidence": group.evidence,
            })
    return rows


def is_beaten(comparison, name, metric):
    other_over_mine = comparison["ratio"] if comparison["a"] == name else 1 / comparison["ratio"]
    return (other_over_mine > 1) == ALL[metric].more_is_better


def chosen_prices(chosen, groups):
    """The price of each model and backend that dollars are reckoned with."""
    backend = lambda row: (row["backend"], row["device"], row["model"], row["dtype"])
    by_backend = {backend(c): c["price"] for c in chosen}
    keys = {(g.model, label(g, groups)): (g.backend, g.device, g.model, g.dtype) for g in groups.values()}
    return {name: by_backend[key] for name, key in keys.items() if key in by_backend}
