"""`tier_saving`: terms against the same instance on demand. docs/costs.md, "Owning and renting"."""

from datetime import date

from prices import PRICE
from tables import NAN, is_absent

INSTANCE = ("provider", "region", "instance")
NO_TERMS = ("on_demand", "api", "on_prem")


def tier_saving(prices, judged, config):
    """Of prices that anything that ran has a cost at."""
    name = lambda price, columns: tuple(price[c] for c in columns)
    costed = {name(pair.offer, PRICE) for of_key in judged.values() for pair, _, _, speed in of_key if speed}
    listed = {name(p, INSTANCE): p for p in prices if p["tier"] == "on_demand" and p["usd_per_hour"] > 0}
    rows = []
    for p in (p for p in prices if p["tier"] not in NO_TERMS and name(p, PRICE) in costed):
        if full := listed.get(name(p, INSTANCE)):
            reason = no_ratio(p["as_of"], full["as_of"], config["max_price_gap_days"])
            ratio = NAN if reason else p["usd_per_hour"] / full["usd_per_hour"]
            rows.append({
                **p, "on_demand_usd_per_hour": full["usd_per_hour"], "ratio_of_rates": ratio, "saving_pct": 100 * (1 - ratio),
                "on_demand_as_of": full["as_of"], "reason": reason,
            })
    return rows


def no_ratio(one, other, most_days):
    if is_absent(one) or is_absent(other):
        return "a rate has no date"
    days = abs((date.fromisoformat(one) - date.fromisoformat(other)).days)
    return f"the rates are more than {most_days} days apart" if days > most_days else None
