"""Tariff, carbon and PUE of grid regions, by year and by hour. docs/costs.md, "Regions and hours"."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from formulas import mean
from metrics import PER_KWH
from tables import NAN, grouped, is_absent

YEAR_NS = 365 * 86400 * 1_000_000_000
HOUR_NS = 3600 * 1_000_000_000
QUARTER = timedelta(minutes=15)
WEEKEND = 5


def newest_year(rows):
    """Rows that reach into the 365 days that end with the latest, each with its length there."""
    since = max(r["end_ns"] for r in rows) - YEAR_NS
    return [(r, r["end_ns"] - max(r["start_ns"], since)) for r in rows if r["end_ns"] > since]


def by_time(parts, column):
    """Mean weighted by time, over the rows that have the column."""
    there = [(row[column], length) for row, length in parts if not is_absent(row[column])]
    return sum(v * length for v, length in there) / sum(length for _, length in there) if there else NAN


def year_of(rows, column):
    """The newest year of one figure: rows that have it, each with its length there."""
    there = [r for r in rows if not is_absent(r[column])]
    return newest_year(there) if there else []


def largest(values):
    return max((v for v in values if not is_absent(v)), default=NAN)


def grid_years(grid, quarters):
    """Each grid region by the newest year of each of its figures; a tariff with hours takes the place of the grid's own."""
    tariffs = {region: by_time(newest_year(rows), "usd_per_kwh") for (region,), rows in grouped(quarters, ("region",))}
    years = {}
    for (region,), rows in grouped(grid, ("region",)):
        usd, carbon, pue = (year_of(rows, c) for c in ("usd_per_kwh", "gco2e_per_kwh", "pue"))
        example = lambda parts: "extrapolated" if any(r["example"] for r, _ in parts) else "derived"
        years[region] = {
            "usd_per_kwh": tariffs.get(region, by_time(usd, "usd_per_kwh")), **{f: by_time(year_of(rows, f), f) for f in PER_KWH},
            "pue": by_time(pue, "pue"), "year": largest(r["year"] for r, _ in carbon),
            "basis": max((r["basis"] for r, _ in carbon), default="unknown"),
            "method": max((r["method"] for r, _ in carbon if r["method"] is not None), default=None),
            "tariff_evidence": "derived" if region in tariffs else example(usd), "carbon_evidence": example(carbon),
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
