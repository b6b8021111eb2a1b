"""Prices, grids, retirements and the carbon of making machines, made up: of every rule that the shipped ones may not meet."""

from datetime import UTC, datetime, timedelta

READ = {"source": "made up", "retrieved_on": "2026-11-01"}


def price(instance, tier, usd, as_of="", provider="parts", **more):
    base = {"provider": provider, "region": "here", "instance": instance, "tier": tier, "usd_per_hour": usd, "includes_power": "false"}
    return {**base, "grid_region": "twice", "as_of": as_of, **READ, **more}


def accelerators(name, count, **more):
    return {"accelerator": name, "accelerator_count": count, **more}


def processors(name, vcpus, **more):
    return {"cpu": name, "vcpus": vcpus, "accelerator_count": 0, **more}


def span(low, high):
    return {"low_usd_per_hour": low, "high_usd_per_hour": high}


EIGHT, MANY = accelerators("NVIDIA L4", 8), processors("Intel Xeon Platinum 8488C", 64, memory_mb=262144)
PRICES = [
    # Shares; a range or none; dates near, far and none.
    price("gpu-8", "on_demand", 9.6, "2026-01-01", share_usd_per_hour=1.5, **EIGHT, **span(9.0, 11.0)),
    price("gpu-8", "spot", 3.2, "2026-03-15", share_usd_per_hour=0.5, **EIGHT),
    price("gpu-8", "reserved_1yr", 6.0, "2026-08-01", share_usd_per_hour=0.9, **EIGHT),
    price("gpu-8", "reserved_3yr", 4.0, "", share_usd_per_hour=0.7, **EIGHT),
    price("cpu-64", "on_demand", 2.56, "2026-06-01", share_usd_per_hour=0.045, **MANY),
    price("cpu-64", "spot", 0.5, "2026-06-01", share_usd_per_hour=0.01, **MANY, **span(0.4, 1.9)),
    # Names: of another spelling, of several products, of a slice, stated for these runs.
    price("two", "on_demand", 2.0, **accelerators("2x NVIDIA L4", 1, grid_region="thrice")),
    price("either", "on_demand", 3.0, **accelerators("NVIDIA A100", 2)),
    price("slice", "on_demand", 0.4, **accelerators("A100 SXM4 40GB MIG 1g.5gb", 1)),
    price("stated", "on_demand", 1.1, provider="own", **accelerators("2x Nvidia L4", 1, grid_region="")),
    price("nameless", "on_demand", 0.3, vcpus=8, accelerator_count=0),
    # Retired, twice; not yet.
    price("old", "on_demand", 0.5, **accelerators("NVIDIA T4", 1)),
    price("kept", "on_demand", 0.6, **accelerators("NVIDIA T4G", 1)),
]
RETIRED = [
    {"provider": "parts", "kind": kind, "name": name, "retired_on": day, "source": f"made up, {day}", "retrieved_on": "2026-11-01"}
    for kind, name, day in (("accelerator", "T4", "2026-06-01"), ("instance", "old", "2026-07-01"), ("instance", "kept", "2027-05-01"))
]
EMBODIED = [
    {"provider": "parts", "instance": instance, "embodied_kgco2e": kilograms, "life_years": 4, **READ}
    for instance, kilograms in (("gpu-8", 1800), ("cpu-64", 900))
]


def grid(region, start, end, usd="", grams="", **more):
    full = lambda day: day if "T" in day else f"{day}T00:00:00Z"
    known = {"usd_per_kwh": usd, "gco2e_per_kwh": grams}
    account = {"basis": "lifecycle", "method": "ember", "source": "made up"}
    return {"region": region, "start": full(start), "end": full(end), **known, **account, **more}


def hours(region, first, count):
    """One row an hour, of nobody's account."""
    at = datetime.fromisoformat(first).replace(tzinfo=UTC)
    text = lambda hour: (at + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [grid(region, text(h), text(h + 1), grams=200 + 7 * h % 50, basis="unknown", method="") for h in range(count)]


GRIDS = [
    # Each figure has a newest year of its own: PUE 2021, tariff 2022, an example, and carbon 2023.
    grid("twice", "2021-01-01", "2022-01-01", usd=0.1, grams=500, pue=1.3, year=2021, method="another"),
    grid("twice", "2022-01-01", "2023-01-01", usd=0.2, grams=450, year=2022, tariff_year=2020, example="true"),
    grid("twice", "2023-01-01", "2024-01-01", grams=350, year=2023),
    # A year in two parts, of which one is an example.
    grid("thrice", "2023-07-01", "2024-02-01", usd=0.3, grams=300, year=2023, pue=1.1, basis="direct", method="own"),
    grid("thrice", "2024-02-01", "2024-11-01", usd=0.4, grams=100, year=2024, basis="direct", method="own", example="true"),
    grid("rival", "2024-01-01", "2025-01-01", grams=250, basis="direct", method="own"),
    grid("untold", "2024-01-01", "2025-01-01", usd=0.15, year=2024),
    *hours("hourly", "2026-05-01", 50),
]
TABLES = {"price": PRICES, "retired": RETIRED, "embodied": EMBODIED, "grid": GRIDS}
