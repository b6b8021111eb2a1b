"""`comparison`, and the level of each family. docs/statistics.md, "Two backends" and "How often a report errs"."""

import math
from itertools import combinations

from scipy.special import stdtr

from formulas import mean, student, variance, weakest
from noncentral_t import detectable, noncentrality
from means import contrast, log_over, mean_with_error, paired, paired_ratio, student_test, welch_test
from metrics import ALL, mean_over
from observed import more_than_rounding
from tables import NAN, is_absent

POWER = 0.8


def label(group, groups):
    """Name of a backend, with device and dtype where the name alone stands for several."""
    twin = any(g.backend == group.backend and (g.device, g.dtype) != (group.device, group.dtype) for g in groups.values())
    return f"{group.backend} ({group.device}, {group.dtype})" if twin else group.backend


def families(groups):
    """Backends by name of each metric, model, mode and cache."""
    found = {}
    for group in (g for g in groups.values() if g.metric in ALL and ALL[g.metric].is_compared):
        found.setdefault((group.metric, group.model, group.mode, group.kv_cache), {})[label(group, groups)] = group
    return {family: dict(sorted(found[family].items())) for family in sorted(found)}


def holm(p):
    """Adjusted p-values by place; absent ones do not count."""
    order = sorted((i for i in range(len(p)) if not is_absent(p[i])), key=lambda i: p[i])
    adjusted, largest = list(p), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min((len(order) - rank) * p[i], 1.0))
        adjusted[i] = largest
    return adjusted


def family_level(p, alpha):
    """alpha R / m with R of m families selected by Benjamini and Hochberg (Benjamini, Bogomolov 2014)."""
    order = sorted(v for v in p if not is_absent(v))
    selected = max((rank for rank, v in enumerate(order, 1) if v <= alpha * rank / len(order)), default=1)
    return alpha * selected / max(len(order), 1)


def compared_over(metric, config):
    if config["scale"] == "linear":
        return "arithmetic"
    return mean_over(metric) if config["test"] in ("blocked", "paired") else "geometric"


def effect(t, df, root, level):
    low, high = noncentrality(t, df, level)
    return t * root, low * root, high * root


def d_within(a, b, level):
    """Cohen's d of runs within scenarios, their standard deviation pooled over scenarios and backends; `a`, `b`: runs by scenario."""
    df = sum(len(runs) - 1 for runs in (*a, *b))
    pooled = math.fsum((len(runs) - 1) * variance(runs) for runs in (*a, *b)) / df
    centres = [mean(mean(runs) for runs in side) for side in (a, b)]
    if not more_than_rounding(pooled, centres):
        return NAN, NAN, NAN
    root = math.sqrt(math.fsum(1 / len(runs) for runs in (*a, *b))) / len(a)
    return effect((centres[1] - centres[0]) / (math.sqrt(pooled) * root), df, root, level)


def d_of(t, root, level):
    return (NAN, NAN, NAN) if t is None else effect(t.statistic, t.df, root, level)


def of_scenarios(a, b, test, level):
    """Test of one value a scenario: name, t test, name of the effect, effect."""
    if test == "student":
        t, root = student_test(a, b, level), math.sqrt(1 / len(a) + 1 / len(b))
        return "Student's t of scenario means", t, "d of scenario means", d_of(t, root, level)
    if test == "welch":
        t, root = welch_test(a, b, level), math.sqrt(1 / len(a) + 1 / len(b))
        return "Welch's t of scenario means", t, "d of scenario means", d_of(student_test(a, b, level), root, level)
    t = paired(a, b, level)
    d = d_of(t, 1 / math.sqrt(len(a)), level) if len(a) > 2 else (NAN, NAN, NAN)
    return "paired t of scenario means", t, "d_z of scenario means", d


def tested(a, b, over, config):
    """The configured test of b against a, cells of the same scenarios."""
    level, test, is_log = config["ci_level"], config["test"], config["scale"] == "log"
    single = any(c.n < 2 for c in (*a, *b))
    log_means = [[mean(c.logs) for c in side] for side in (a, b)]
    plain_means = [[mean(c.runs) for c in side] for side in (a, b)]
    if test == "blocked" and not single and is_log:
        t = contrast(mean_with_error(a, over), mean_with_error(b, over), level)
        d = d_within([c.logs for c in a], [c.logs for c in b], level)
        return "t of runs within scenarios", t, "d of runs within scenarios", d
    if test in ("blocked", "paired") and is_log:
        name, t, of, d = of_scenarios(*log_means, "paired", level)
        return name, like(a, b, over, level), of, d
    if test == "blocked" and not single:
        raise SystemExit("recompute: test \"blocked\" on the linear scale is not recomputed, use another configuration")
    if test not in ("blocked", "paired", "student", "welch"):
        raise SystemExit(f"recompute: test \"{test}\" is not recomputed, use blocked, paired, student or welch")
    return of_scenarios(*(log_means if is_log else plain_means), test, level)


def like(a, b, over, level):
    """Log ratio with the scenarios as replicates."""
    if over == "geometric":
        return paired([mean(c.logs) for c in a], [mean(c.logs) for c in b], level)
    return paired_ratio([mean(c.runs) for c in a], [mean(c.runs) for c in b], over, level)


def ends(t):
    return t.ends if t else (NAN, NAN)


def row(family, names, sides, config):
    a_group, b_group = sides
    shared = [s for s in a_group.cells if s in b_group.cells]
    a, b = [a_group.cells[s] for s in shared], [b_group.cells[s] for s in shared]
    if not shared or not all(c.logs for c in (*a, *b)):
        return None
    over, is_log = compared_over(family[0], config), config["scale"] == "log"
    test, t, effect_name, d = tested(a, b, over, config)
    bound = math.log1p(config["practical_pct"] / 100)
    ratio = tuple(map(math.exp, ends(t))) if is_log else (NAN, NAN)
    difference, likely = (NAN, NAN) if is_log else ends(t), like(a, b, over, config["ci_level"])
    return {
        **dict(zip(("metric", "model", "mode", "kv_cache"), family)), "a": names[0], "b": names[1], "test": test, "scale": config["scale"],
        "mean": over, "statistic": t.statistic if t else NAN, "df": t.df if t else NAN, "p": t.p if t else NAN,
        "difference": mean(mean(c.runs) for c in b) - mean(mean(c.runs) for c in a), "difference_low": difference[0],
        "difference_high": difference[1], "ratio": math.exp(log_over(b, over) - log_over(a, over)), "ratio_low": ratio[0],
        "ratio_high": ratio[1], "ratio_like_low": math.exp(ends(likely)[0]), "ratio_like_high": math.exp(ends(likely)[1]),
        "ci_level": config["ci_level"], "effect": effect_name, "effect_size": d[0], "effect_low": d[1], "effect_high": d[2],
        "practical_pct": config["practical_pct"], "p_equivalent": equivalent(t, bound) if is_log and t else NAN,
        "n": sum(c.n for c in (*a, *b)), "blocks": len(shared), "evidence": weakest(a_group.evidence, b_group.evidence),
        "apart": apart(a_group, b_group),
        "error": t.error if is_log and t else NAN, "size": mean(mean(c.runs) for c in a),
    }


def apart(a, b):
    """Why two are not compared, if they are not."""
    if a.is_model or b.is_model:
        return "estimated"
    return "extrapolated" if (a.evidence == "extrapolated") != (b.evidence == "extrapolated") else None


def equivalent(t, bound):
    """The larger of two one-sided p: that the difference is at most -bound, that it is at least bound."""
    return float(max(stdtr(t.df, -(t.difference + bound) / t.error), stdtr(t.df, -(bound - t.difference) / t.error)))


def detectable_pct(r, alpha):
    """Smallest difference that a t test of this error and level finds in four of five experiments."""
    if is_absent(r["error"]) or r["error"] <= 0:
        return NAN
    return 100 * math.expm1(r["error"] * detectable(student(1 - alpha, r["df"]), r["df"], POWER))


def comparisons(found, config):
    rows = []
    for family, backends in found.items():
        of_family = [row(family, pair, [backends[n] for n in pair], config) for pair in combinations(backends, 2)]
        of_family = [r for r in of_family if r]
        for p, adjusted in (("p", "p_adjusted"), ("p_equivalent", "p_equivalent_adjusted")):
            for r, value in zip(of_family, holm([r[p] for r in of_family])):
                r[adjusted] = value
        if of_family:
            rows.append(of_family)
    for model in {r["model"] for (r, *_) in rows}:
        conclude([of for of in rows if of[0]["model"] == model], 1 - config["ci_level"])
    return [r for of_family in rows for r in of_family]


def conclude(of_model, alpha):
    """Levels of the families of one model, and what each pair says at them. What is not compared takes no share."""
    least = lambda of, p: min((r[p] for r in of if r["apart"] is None and not is_absent(r[p])), default=NAN)
    level = {p: family_level([least(of, p) for of in of_model], alpha) for p in ("p_adjusted", "p_equivalent_adjusted")}
    for of in of_model:
        pairs = max(sum(not is_absent(r["p"]) for r in of), 1)
        for r in of:
            r["alpha"] = NAN if is_absent(r["p"]) else level["p_adjusted"]
            r["alpha_equivalent"] = NAN if is_absent(r["p_equivalent"]) else level["p_equivalent_adjusted"]
            r["detectable_pct"] = detectable_pct(r, level["p_adjusted"] / pairs)
            if r["apart"]:
                r["conclusion"] = r["apart"]
            elif r["p_equivalent_adjusted"] < r["alpha_equivalent"]:
                r["conclusion"] = "equivalent"
            else:
                r["conclusion"] = "different" if r["p_adjusted"] < r["alpha"] else "unclear"
