"""`tco`, `break_even` and `utilisation_cost`. docs/costs.md, "Owning and renting"."""

import math

from costs import spread_usd
from formulas import interval, weakest
from prices import PRICE
from tables import NAN, grouped, is_absent
from units import BACKEND

MONTH_HOURS = 730
WORK = (*BACKEND, "kv_cache", "workload")


def whole(machines):
    return NAN if is_absent(machines) else max(math.ceil(machines), 1)


def tco(request_costs, config):
    own, used = config["owned"], config["utilisation"]
    return [tco_row(r, own, used) for r in request_costs]


def tco_row(r, own, used):
    unit, offer, work = r["unit"], r["offer"], r["work"]
    requests, months = work["volume_mtok"] / unit["mtok"], work["months"]
    busy = requests * unit["hours"] / offer["speed"]
    machines = busy / used / MONTH_HOURS
    count, is_own = whole(machines), r["tier"] == "on_prem"
    waiting_kwh = (count * MONTH_HOURS - busy) * own["idle_w"] / 1000 if is_own else 0.0
    if is_own:
        stated = own["capex_usd"] == 0 and own["upkeep_usd_per_year"] == 0
        fixed = MONTH_HOURS * offer["usd_per_hour"] if stated else own["upkeep_usd_per_year"] / 12
        monthly = r["energy_usd"] * requests + waiting_kwh * offer["usd_per_kwh"] + count * fixed
        reserved, purchase = monthly, count * own["capex_usd"]
        lost = (own["capex_usd"] - own["residual_usd"]) * months / 12 / own["life_years"]
        left = count * max(own["residual_usd"], own["capex_usd"] - lost)
        idle_grams = waiting_kwh * offer["gco2e_per_kwh"]
    else:
        monthly = r["total_usd"] * requests
        reserved = count * MONTH_HOURS * offer["usd_per_hour"] + r["energy_usd"] * requests
        purchase = left = idle_grams = 0.0
    once = work["upfront_usd"] + purchase
    total = once - left + months * monthly
    return {
        **r, "volume_mtok": work["volume_mtok"], "months": months, "utilisation": used, "machines": machines, "upfront_usd": once,
        "value_left_usd": left, "monthly_usd": monthly, "reserved_monthly_usd": reserved, "total_usd": total,
        "ci_low_usd": total - (r["total_usd"] - r["ci_low_usd"]) * requests * months,
        "ci_high_usd": total + (r["ci_high_usd"] - r["total_usd"]) * requests * months,
        "reserved_total_usd": once - left + months * reserved, "total_usd_per_mtok": total / (work["volume_mtok"] * months),
        "carbon_kgco2e": (r["carbon_gco2e"] * requests + idle_grams) * months / 1000,
        "embodied_kgco2e": r["embodied_gco2e"] * requests * months / 1000,
    }


def own_month(request_costs, config):
    """Of each backend and workload on the own machine, the first by name: cost of a month and of a million tokens; capacity."""
    own, used, found = config["owned"], config["utilisation"], {}
    for key, rows in grouped([r for r in request_costs if r["tier"] == "on_prem"], WORK):
        r = min(rows, key=lambda r: [r[p] for p in PRICE])
        unit, offer = r["unit"], r["offer"]
        idle_hour = own["idle_w"] / 1000 * offer["usd_per_kwh"]
        upkeep = own["upkeep_usd_per_year"] / 12
        found[key] = {
            "net_capex": own["capex_usd"] - own["residual_usd"], "fixed": MONTH_HOURS * offer["usd_per_hour"],
            "running": upkeep + MONTH_HOURS * idle_hour, "added": (r["energy_usd"] - unit["hours"] * idle_hour) / unit["mtok"],
            "capacity": MONTH_HOURS * used / (unit["hours"] / unit["mtok"]), "evidence": r["usd_evidence"],
            "idle": MONTH_HOURS * idle_hour,
        }
    return found


def alternatives(tco_rows, api_rows, months, works):
    volumes = {w["name"]: w["volume_mtok"] for w in works}
    for t in (t for t in tco_rows if t["tier"] != "on_prem"):
        base = {c: t[c] for c in (*WORK, *PRICE, "match", "usd_evidence", "volume_mtok")}
        yield {**base, "rent_basis": "usage", "per_mtok": t["monthly_usd"] / t["volume_mtok"], "per_month": NAN}
        yield {**base, "rent_basis": "reservation", "per_mtok": NAN, "per_month": t["reserved_monthly_usd"] / whole(t["machines"])}
    for key in months:
        work = dict(zip(WORK, key))
        for a in (a for a in api_rows if a["workload"] == work["workload"]):
            yield {
                **work, **{p: a[p] for p in PRICE}, "match": "extrapolated", "usd_evidence": "extrapolated", "rent_basis": "usage",
                "per_mtok": a["usd_per_mtok"], "per_month": NAN, "volume_mtok": volumes[work["workload"]],
            }


def break_even(tco_rows, api_rows, request_costs, config, works):
    months = own_month(request_costs, config)
    own = config["owned"]
    nothing = dict.fromkeys(("fixed", "running", "added", "capacity", "idle"), NAN)
    nothing |= {"net_capex": own["capex_usd"] - own["residual_usd"], "evidence": "unknown"}
    found = alternatives(tco_rows, api_rows, months, works)
    return [break_even_row(a, months.get(tuple(a[c] for c in WORK), nothing)) for a in found]


def break_even_row(a, own):
    by_usage, empty = a["rent_basis"] == "usage", own["fixed"] + own["idle"]
    added, machines = own["added"], whole(a["volume_mtok"] / own["capacity"])
    over, under = (empty, a["per_mtok"] - added) if by_usage else (a["per_month"] - empty, added)
    volume = over / under if under != 0 else NAN
    rent = a["per_mtok"] * a["volume_mtok"] if by_usage else a["per_month"] * machines
    saved = rent - own["running"] * machines - added * a["volume_mtok"]
    no_volume = why_no_volume(a, own, volume, empty)
    no_payback = "at the configured volume owning saves nothing" if saved <= 0 and own["fixed"] != 0 else None
    pays = no_payback is None and own["fixed"] != 0
    paid = own["net_capex"] * machines / saved if pays and saved != 0 else NAN
    return {
        **a, "capex_usd": own["net_capex"], "own_usd_per_month": empty, "own_usd_per_mtok": added, "own_capacity_mtok": own["capacity"],
        "rent_usd_per_mtok": a["per_mtok"], "rent_usd_per_month": a["per_month"],
        "break_even_mtok_per_month": volume if no_volume is None else NAN, "break_even_mtok": paid * a["volume_mtok"],
        "break_even_months": paid, "reason": ", and ".join(filter(None, (no_volume, no_payback))) or None,
        "evidence": weakest(a["usd_evidence"], own["evidence"]),
    }


def why_no_volume(a, own, volume, empty):
    if own["fixed"] == 0:
        return "no purchase of the own machine is configured"
    if is_absent(empty) or is_absent(own["added"]):
        return "the own machine's energy or tariff is not known"
    if is_absent(a["per_mtok"]) and is_absent(a["per_month"]):
        return "the alternative's cost is not known"
    if a["rent_basis"] == "usage":
        if a["per_mtok"] <= own["added"]:
            return "the alternative costs less than the own electricity"
        return "one own machine does not make enough tokens to be cheaper" if volume > own["capacity"] else None
    if a["per_month"] <= empty:
        return "the alternative costs less than an own machine without work"
    return "owning is cheaper at any volume" if is_absent(volume) or volume > own["capacity"] else None


def utilisation_cost(request_costs, config):
    return [utilisation_row(r, used, config) for r in request_costs for used in config["utilisations"]]


def utilisation_row(r, used, config):
    unit, offer, money, level = r["unit"], r["offer"], r["money"], config["ci_level"]
    hours, rate, scale = unit["hours"] / unit["mtok"], offer["usd_per_hour"] / offer["speed"] / used, config["utilisation"] / used
    waiting = hours * (1 / used - 1) * offer["idle_kw"]
    infra, load = hours * rate, r["energy_usd"] / unit["mtok"]
    idle = 0.0 if offer["idle_kw"] == 0 else waiting * offer["usd_per_kwh"]
    total = infra + load + idle
    low, high = interval(
        total, spread_usd(unit, rate, offer) / unit["mtok"], unit["df"], money["common"] / unit["mtok"], level,
        money["below"] / unit["mtok"] * scale, money["above"] / unit["mtok"] * scale,
    )
    return {
        **r, "utilisation": used, "infra_usd_per_mtok": infra, "load_usd_per_mtok": load, "idle_usd_per_mtok": idle,
        "total_usd_per_mtok": total, "ci_low_usd_per_mtok": low, "ci_high_usd_per_mtok": high,
        "gco2e_per_mtok": r["carbon_gco2e"] / unit["mtok"] + waiting * offer["gco2e_per_kwh"],
        "embodied_gco2e_per_mtok": r["embodied_gco2e"] / unit["mtok"] * scale,
    }
