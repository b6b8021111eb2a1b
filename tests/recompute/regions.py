"""`region_carbon` and `hourly_cost`: the measured energy on another grid, or at another hour. docs/costs.md, "Regions and hours"."""

from costs import energy_interval
from formulas import weakest
from prices import known
from units import BASIS


def of_modes(modes):
    return [m for m in modes if m["basis"] == BASIS[m["mode"]]]


def drawn(unit, usd, grams, level):
    """Dollars and grams of a mode's energy, with intervals; `usd`, `grams`: of a kWh, PUE included."""
    low_usd, high_usd = energy_interval(unit, usd, level)
    low_grams, high_grams = energy_interval(unit, grams, level)
    return {
        "energy_usd_per_mtok": unit["kwh"] * usd, "ci_low_usd_per_mtok": low_usd, "ci_high_usd_per_mtok": high_usd,
        "gco2e_per_mtok": unit["kwh"] * grams, "ci_low_gco2e_per_mtok": low_grams, "ci_high_gco2e_per_mtok": high_grams,
        "ci_level": level,
    }


def match(region, config):
    return "measured" if region == config["home_grid"] else "extrapolated"


def region_carbon(modes, grid, config):
    rows = []
    for unit in of_modes(modes):
        for region, year in grid.items():
            pue, where = known(year["pue"], config["default_pue"]), match(region, config)
            rows.append({
                **unit, "grid_region": region, "grid_basis": year["basis"], "grid_year": year["year"], "pue": pue,
                "gco2e_per_kwh": year["gco2e_per_kwh"], "match": where,
                "evidence": weakest("derived", unit["energy_evidence"], where),
                **drawn(unit, pue * year["usd_per_kwh"], pue * year["gco2e_per_kwh"], config["ci_level"]),
            })
    return rows


def hourly_cost(modes, hours, grid, config):
    rows = []
    for unit in of_modes(modes):
        for (region, hour), at in hours.items():
            pue, where = known(grid[region]["pue"], config["default_pue"]), match(region, config)
            rows.append({
                **unit, **at, "grid_region": region, "local_hour": hour, "evidence": weakest("derived", unit["energy_evidence"], where),
                **drawn(unit, pue * at["usd_per_kwh"], pue * at["gco2e_per_kwh"], config["ci_level"]),
            })
    return rows
