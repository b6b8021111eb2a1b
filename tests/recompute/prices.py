"""What an hour of use, a kWh and its carbon cost at each price, and hourly tariffs. docs/costs.md, "Prices" and "Regions and hours"."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from formulas import mean
from tables import NAN, is_absent
from units import grouped

YEAR_NS = 365 * 86400 * 1_000_000_000
HOUR_NS = 3600 * 1_000_000_000
QUARTER = timedelta(minutes=15)
HOURS_A_YEAR = 8760
WEEKEND = 5


def known(value, otherwise):
    return otherwise if is_absent(value) else value


def newest_year(rows):
    """Rows that reach into the 365 days that end with the latest, each with its length there."""
    since = max(r["end_ns"] for r in rows) - YEAR_NS
    return [(r, r["end_ns"] - max(r["start_ns"], since)) for r in rows if r["end_ns"] > since]


def by_time(parts, column):
    """Mean weighted by time, over the rows that have the column."""
    there = [(row[column], length) for row, length in parts if not is_absent(row[column])]
    return sum(v * length for v, length in there) / sum(length for _, length in there) if there else NAN


def grid_years(grid, quarters):
    """Each grid region's newest year; a tariff with hours takes the place of the grid's own."""
    tariffs = {region: by_time(newest_year(rows), "usd_per_kwh") for (region,), rows in grouped(quarters, ("region",))}
    years = {}
    for (region,), rows in grouped(grid, ("region",)):
        parts = newest_year(rows)
        years[region] = {
            "usd_per_kwh": tariffs.get(region, by_time(parts, "usd_per_kwh")), "gco2e_per_kwh": by_time(parts, "gco2e_per_kwh"),
            "pue": by_time(parts, "pue"), "year": max((r["year"] for r, _ in parts if not is_absent(r["year"])), default=NAN),
            "basis": max(r["basis"] for r, _ in parts),
        }
    return years


def minutes(text):
    return int(text[:2]) * 60 + int(text[3:])


def holds(rule, local):
    weekend = local.weekday() >= WEEKEND
    day = rule["days"] == "all" or (rule["days"] == "sat-sun") == weekend
    within = rule["valid_from"] <= local.date().isoformat() < rule["valid_until"]
    return day and within and minutes(rule["from"]) <= local.hour * 60 + local.minute < minutes(rule["until"])


def quarters(tariffs):
    """Every quarter of an hour from the first to the last day of a region's rules, with the rule that holds."""
    found = []
    for (region, zone), rules in grouped(tariffs, ("region", "zone")):
        clock = ZoneInfo(zone)
        midnight = lambda day: datetime.combine(date.fromisoformat(day), time(), clock).astimezone(UTC)
        at, end = midnight(min(r["valid_from"] for r in rules)), midnight(max(r["valid_until"] for r in rules))
        while at < end:
            local = at.astimezone(clock)
            (rule,) = [r for r in rules if holds(r, local)]
            ns = int(at.timestamp()) * 1_000_000_000
            found.append({
                "region": region, "zone": zone, "start_ns": ns, "end_ns": ns + HOUR_NS // 4, "local_hour": local.hour,
                "usd_per_kwh": rule["usd_per_kwh"],
            })
            at += QUARTER
    return found


def grid_hours(grid, tariff_quarters):
    """Each local hour of the regions whose tariff or intensity is known by the hour, over the newest year."""
    hours = {}
    for (region, zone), rows in grouped(tariff_quarters, ("region", "zone")):
        for hour in range(24):
            of_hour = [(r, length) for r, length in newest_year(rows) if r["local_hour"] == hour]
            if of_hour:
                hours[region, hour] = {"zone": zone, "usd_per_kwh": by_time(of_hour, "usd_per_kwh"), "gco2e_per_kwh": NAN}
    zones = {region: row["zone"] for (region, _), row in hours.items()}
    fine = [g for g in grid if g["end_ns"] - g["start_ns"] <= HOUR_NS]
    for (region,), rows in grouped(fine, ("region",)):
        zone, at = zones.get(region, "UTC"), {}
        for row, _ in newest_year(rows):
            local = datetime.fromtimestamp(row["start_ns"] // 1_000_000_000, UTC).astimezone(ZoneInfo(zone))
            at.setdefault(local.hour, []).append(row)
        for hour, of_hour in at.items():
            there = lambda column: mean(r[column] for r in of_hour if not is_absent(r[column]))
            row = hours.setdefault((region, hour), {"zone": zone, "usd_per_kwh": there("usd_per_kwh")})
            row["gco2e_per_kwh"] = there("gco2e_per_kwh")
    return hours


def offers(prices, grid, embodied, config):
    """Each price by the hour with its electricity, what it costs an hour in which it works, and the carbon of making it."""
    own, used = config["owned"], config["utilisation"]
    made = {(e["provider"], e["instance"]): e for e in embodied}
    rows = []
    for price in (p for p in prices if not is_absent(p["usd_per_hour"])):
        region = known(price["grid_region"], config["home_grid"])
        year = grid.get(region, {"usd_per_kwh": NAN, "gco2e_per_kwh": NAN, "pue": NAN})
        is_own = price["tier"] == "on_prem"
        rate = price["usd_per_hour"]
        if is_own and rate == 0:
            rate = ((own["capex_usd"] - own["residual_usd"]) / own["life_years"] + own["upkeep_usd_per_year"]) / HOURS_A_YEAR
        idle_kw = own["idle_w"] / 1000 if is_own and not price["includes_power"] else 0.0
        pue = known(year["pue"], config["default_pue"])
        kwh = pue * year["usd_per_kwh"]
        waiting = 0.0 if idle_kw == 0 or used == 1 else (1 / used - 1) * idle_kw * kwh
        made_of = made.get((price["provider"], price["instance"]), {"embodied_kgco2e": NAN, "life_years": 1.0})
        kilograms = own.get("embodied_kgco2e", NAN) / own["life_years"] if is_own else made_of["embodied_kgco2e"] / made_of["life_years"]
        rows.append({
            **price, "grid_region": region if region in grid else None, "usd_per_hour": rate, "idle_kw": idle_kw,
            "usd_per_used_hour": rate / used + waiting,
            "below": known(price["usd_per_hour"] - price["low_usd_per_hour"], 0.0) / used,
            "above": known(price["high_usd_per_hour"] - price["usd_per_hour"], 0.0) / used,
            "usd_per_kwh": 0.0 if price["includes_power"] else kwh, "gco2e_per_kwh": pue * year["gco2e_per_kwh"],
            "embodied_per_used_hour": 1000 * kilograms / HOURS_A_YEAR / used,
        })
    return rows


def match(offer, device, cpu):
    """Whether a price is of the hardware that ran."""
    if offer["tier"] == "on_prem":
        return "measured"
    if device == "cpu":
        same = offer["cpu"] is not None and cpu is not None and offer["cpu"].lower() == cpu.lower()
    else:
        name, count = offer["accelerator"], offer["accelerator_count"]
        names = [] if name is None else [f"{count}x {name}".lower(), *([name.lower()] if count == 1 else [])]
        same = device.lower() in names
    return "measured" if same else "extrapolated"


def hardware_offers(all_offers, device, cpu, match_device):
    """Prices that may run what ran on this hardware."""
    may = lambda o: not match_device or o["tier"] == "on_prem" or (device == "cpu") == (o["accelerator"] is None)
    return [{**o, "match": match(o, device, cpu)} for o in all_offers if may(o)]
