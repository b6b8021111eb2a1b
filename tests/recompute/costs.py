"""`cost`, `run_cost`, `request_cost` and `api_cost`: units at prices. docs/costs.md, "Cost", "Requests" and "Evidence"."""

import math

from formulas import interval, weakest
from metrics import PER_KWH
from prices import PRICE
from tables import NAN, is_absent


def evidence(unit, offer):
    energy = "derived" if offer["includes_power"] else weakest(unit["energy_evidence"], offer["tariff_evidence"])
    return {
        "energy_evidence": unit["energy_evidence"],
        "usd_evidence": weakest("derived", unit["time_evidence"], energy, offer["match"]),
        "gco2e_evidence": weakest("derived", unit["energy_evidence"], offer["carbon_evidence"], offer["match"]),
    }


def priced(unit, offer):
    """Dollars and grams of a unit, and what their intervals need."""
    a, b = offer["usd_per_used_hour"], offer["usd_per_kwh"]
    free = offer["includes_power"]
    infra, energy = unit["hours"] * a, 0.0 if free else unit["kwh"] * b
    return {
        "infra": infra, "energy": energy, "total": infra + energy, "carbon": unit["kwh"] * offer["gco2e_per_kwh"],
        "embodied": unit["hours"] * offer["embodied_per_used_hour"],
        "below": unit["hours"] * offer["below"], "above": unit["hours"] * offer["above"], "common": 0.0 if free else unit["u_kwh"] * b,
    }


def spread_usd(unit, a, offer):
    """Standard deviation over runs of a x hours + b x kWh."""
    variance = a * a * unit["var_hours"]
    if not offer["includes_power"]:
        b = offer["usd_per_kwh"]
        variance += b * b * unit["var_kwh"] + 2 * a * b * unit["covar"]
    return NAN if is_absent(variance) else math.sqrt(max(variance, 0.0))


def energy_interval(unit, factor, level):
    """Of kWh x factor."""
    return interval(unit["kwh"] * factor, math.sqrt(unit["var_kwh"]) * factor, unit["df"], unit["u_kwh"] * factor, level)


def intervals(unit, offer, money, level):
    spread = spread_usd(unit, offer["usd_per_used_hour"], offer)
    usd = interval(money["total"], spread, unit["df"], money["common"], level, money["below"], money["above"])
    return usd, energy_interval(unit, 1.0, level), energy_interval(unit, offer["gco2e_per_kwh"], level)


def at_prices(units, offers):
    """Every unit at every price that its hardware has a cost at."""
    for unit in units:
        for offer in offers[unit["hardware"], unit["model"], unit["dtype"]]:
            yield unit, offer, {p: offer[p] for p in PRICE} | {"match": offer["match"]}


def per_mtok(unit, offer):
    """What the energy of a million tokens takes of each figure of the grid."""
    return {metric: unit["kwh"] * offer[figure] for figure, metric in PER_KWH.items()}


def cost(cells, offers, config):
    level, rows = config["ci_level"], []
    for unit, offer, price in at_prices(cells, offers):
        money = priced(unit, offer)
        usd, kwh, carbon = intervals(unit, offer, money, level)
        rows.append({
            **unit, **price, **evidence(unit, offer), "tokens_per_s": 1e6 / 3600 / unit["hours"], "hours_per_mtok": unit["hours"],
            "kwh_per_mtok": unit["kwh"], "infra_usd_per_mtok": money["infra"], "energy_usd_per_mtok": money["energy"],
            "total_usd_per_mtok": money["total"], "ci_low_usd_per_mtok": usd[0], "ci_high_usd_per_mtok": usd[1],
            **per_mtok(unit, offer), "ci_low_kwh_per_mtok": kwh[0], "ci_high_kwh_per_mtok": kwh[1],
            "ci_low_gco2e_per_mtok": carbon[0], "ci_high_gco2e_per_mtok": carbon[1], "ci_level": level,
            "embodied_gco2e_per_mtok": money["embodied"], "sci_gco2e_per_mtok": money["carbon"] + money["embodied"],
            "includes_power": offer["includes_power"], "grid_region": offer["grid_region"], "price_as_of": offer["as_of"],
        })
    return rows


def run_cost(runs, offers):
    rows = []
    for unit, offer, price in at_prices(runs, offers):
        a, b = offer["usd_per_used_hour"], offer["usd_per_kwh"]
        infra, energy = unit["hours"] * a, 0.0 if offer["includes_power"] else unit["kwh"] * b
        rows.append({
            **unit, **price, "hours_per_mtok": unit["hours"], "kwh_per_mtok": unit["kwh"], "infra_usd_per_mtok": infra,
            "energy_usd_per_mtok": energy, "total_usd_per_mtok": infra + energy, **per_mtok(unit, offer),
        })
    return rows


def request_cost(requests, offers, config):
    """Rows of the table, each with its `unit`, `offer` and `money` for those that go on from there."""
    level, rows = config["ci_level"], []
    for unit, offer, price in at_prices(requests, offers):
        money = priced(unit, offer)
        usd, kwh, carbon = intervals(unit, offer, money, level)
        rows.append({
            **unit, **price, **evidence(unit, offer), "energy_kwh": unit["kwh"], "ci_low_kwh": kwh[0], "ci_high_kwh": kwh[1],
            "infra_usd": money["infra"], "energy_usd": money["energy"], "total_usd": money["total"],
            "ci_low_usd": usd[0], "ci_high_usd": usd[1], "carbon_gco2e": money["carbon"],
            "ci_low_gco2e": carbon[0], "ci_high_gco2e": carbon[1], "embodied_gco2e": money["embodied"], "ci_level": level,
            "unit": unit, "offer": offer, "money": money,
        })
    return rows


def workloads(config):
    """Those of the configuration; a blend is the mean request of its parts."""
    named = {w["name"]: w for w in config["workload"]}
    blends = []
    for blend in config.get("blend", []):
        parts = [(share, named[name]) for name, share in blend["shares"].items()]
        total = lambda column: math.fsum(share * part[column] for share, part in parts)
        prompt = total("prompt_tokens")
        cached = math.fsum(share * part["prompt_tokens"] * part["cached_share"] for share, part in parts)
        blends.append({
            **blend, "prompt_tokens": prompt, "generated_tokens": total("generated_tokens"),
            "cached_share": cached / prompt if prompt > 0 else 0.0,
        })
    return [*config["workload"], *blends]


def api_request(price, work):
    """Dollars of a request; tokens that it does not have need no price."""
    paid = price["cached_input_usd_per_mtok"]
    cached = price["input_usd_per_mtok"] if is_absent(paid) else paid
    share = work["cached_share"]
    prompt = work["prompt_tokens"] / 1e6 * ((1 - share) * price["input_usd_per_mtok"] + share * cached) if work["prompt_tokens"] else 0.0
    return prompt + (work["generated_tokens"] / 1e6 * price["output_usd_per_mtok"] if work["generated_tokens"] else 0.0)


def api_cost(prices, works):
    rows = []
    for price in (p for p in prices if p["tier"] == "api"):
        for work in works:
            request = api_request(price, work)
            per_mtok = request / ((work["prompt_tokens"] + work["generated_tokens"]) / 1e6)
            monthly = per_mtok * work["volume_mtok"]
            rows.append({
                **work, **price, "workload": work["name"], "price_as_of": price["as_of"], "request_usd": request, "usd_per_mtok": per_mtok,
                "monthly_usd": monthly, "total_usd": work["upfront_usd"] + monthly * work["months"],
            })
    return rows
