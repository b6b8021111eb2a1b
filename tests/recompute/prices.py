"""Prices by the hour: which can be rented, with their electricity and the carbon of making them. docs/costs.md, "Prices"."""

from datetime import UTC, datetime

from hardware import of_price, recognise
from metrics import PER_KWH
from tables import NAN, is_absent

HOURS_A_YEAR = 8760
PRICE = ("provider", "region", "instance", "tier")


def known(value, otherwise):
    return otherwise if is_absent(value) else value


def known_on(sessions, prices):
    """The day of the latest session, or the latest on which a price was read."""
    started = max((s["started_ns"] for s in sessions if not is_absent(s["started_ns"])), default=NAN)
    days = [p["retrieved_on"] for p in prices]
    if not is_absent(started):
        days.append(datetime.fromtimestamp(started // 1_000_000_000, UTC).date().isoformat())
    return max(days, default="")


def names(retirement, price):
    """Whether a retirement is of what a price is of."""
    if retirement["provider"] != price["provider"]:
        return False
    if retirement["kind"] == "instance":
        return retirement["name"] == price["instance"]
    name, sold = retirement["name"].lower(), (price["accelerator"] or "").lower()
    return sold == name or sold.endswith(f" {name}")


def retired_price(prices, retirements, sessions):
    day, rows = known_on(sessions, prices), []
    gone = [r for r in retirements if r["retired_on"] <= day]
    for price in prices:
        if found := [r for r in gone if names(r, price)]:
            first = min(({c: r[c] for c in ("retired_on", "source")} for r in found), key=lambda r: tuple(r.values()))
            rows.append({**{c: price[c] for c in PRICE}, **first})
    return rows


def offers(prices, retired, grid, embodied, config):
    """Each price by the hour of what can be rented, with its hardware, electricity and carbon."""
    made = {(e["provider"], e["instance"]): e for e in embodied}
    gone = {tuple(r[c] for c in PRICE) for r in retired}
    hourly = (p for p in prices if not is_absent(p["usd_per_hour"]) and tuple(p[c] for c in PRICE) not in gone)
    return [{**price, **sold(price), **electricity(price, grid, config), **rate(price, made, config)} for price in hourly]


def sold(price):
    """What the machine has: name, number, memory."""
    found, has_accelerator = of_price(price), price["accelerator"] is not None
    number = price["accelerator_count"] * recognise(price["accelerator"]).count if has_accelerator else NAN
    stated = price["accelerator_memory_mb"] / 1024
    of_table = found.memory_gb if found and found.memory_gb else NAN
    return {
        "sold_name": found and found.name, "sold_is_exact": found.is_exact if found else None, "sold_count": number,
        "sold_gib": number * known(stated, of_table) if has_accelerator else price["memory_mb"] / 1024,
    }


def electricity(price, grid, config):
    """Of a kWh at the plug: dollars, grams, and how they are known."""
    region = known(price["grid_region"], config["home_grid"])
    unknown = {**dict.fromkeys(("usd_per_kwh", "pue", *PER_KWH), NAN), "tariff_evidence": "derived", "carbon_evidence": "derived"}
    year = grid.get(region, unknown)
    pue = known(year["pue"], config["default_pue"])
    return {
        "grid_region": region if region in grid else None, "kwh_usd": pue * year["usd_per_kwh"], "kwh_takes": {f: pue * year[f] for f in PER_KWH},
        "tariff_evidence": year["tariff_evidence"], "carbon_evidence": year["carbon_evidence"],
    }


def rate(price, made, config):
    """Of an hour: dollars, how far they may be off, power while waiting, grams of making it."""
    own, is_own = config["owned"], price["tier"] == "on_prem"
    usd = price["usd_per_hour"]
    if is_own and usd == 0:
        usd = ((own["capex_usd"] - own["residual_usd"]) / own["life_years"] + own["upkeep_usd_per_year"]) / HOURS_A_YEAR
    made_of = made.get((price["provider"], price["instance"]), {"embodied_kgco2e": NAN, "life_years": 1.0})
    kilograms = own.get("embodied_kgco2e", NAN) / own["life_years"] if is_own else made_of["embodied_kgco2e"] / made_of["life_years"]
    no_range = NAN if price["tier"] == "spot" else 0.0
    return {
        "usd_per_hour": usd, "idle_kw": own["idle_w"] / 1000 if is_own and not price["includes_power"] else 0.0,
        "hour_below": known(price["usd_per_hour"] - price["low_usd_per_hour"], no_range),
        "hour_above": known(price["high_usd_per_hour"] - price["usd_per_hour"], no_range),
        "embodied_per_hour": 1000 * kilograms / HOURS_A_YEAR,
    }
