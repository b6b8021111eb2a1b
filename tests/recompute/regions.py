"""`region_carbon` and `hourly_cost`: the measured energy on another grid, or at another hour. docs/costs.md, "Regions and hours"."""

from costs import energy_interval
from formulas import weakest
from prices import known
from tables import NAN, is_absent
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


def placed(region, config):
    """How a grid stands to the one of the runs."""
    return "measured" if region == config["home_grid"] else "extrapolated"


def evidence(unit, year, where):
    return weakest("derived", unit["energy_evidence"], year["tariff_evidence"], year["carbon_evidence"], where)


def region_carbon(modes, grid, config):
    return [row for unit in of_modes(modes) for row in ranked([region_row(unit, region, grid[region], config) for region in grid])]


def region_row(unit, region, year, config):
    pue, where = known(year["pue"], config["default_pue"]), placed(region, config)
    return {
        **unit, "grid_region": region, "grid_basis": year["basis"], "grid_method": year["method"], "grid_year": year["year"], "pue": pue,
        "gco2e_per_kwh": year["gco2e_per_kwh"], "match": where, "evidence": evidence(unit, year, where),
        **drawn(unit, pue * year["usd_per_kwh"], pue * year["gco2e_per_kwh"], config["ci_level"]),
    }


def ranked(rows):
    """With the place of each among those of its basis and method, both known: one more than there are cleaner ones."""
    accounts = {}
    for row in rows:
        accounts.setdefault((row["grid_basis"], row["grid_method"]), []).append(row["gco2e_per_mtok"])
    for row in rows:
        of = row["grid_basis"], row["grid_method"]
        is_ranked = of[0] != "unknown" and of[1] is not None and not is_absent(row["gco2e_per_mtok"])
        row["place"] = 1 + sum(grams < row["gco2e_per_mtok"] for grams in accounts[of]) if is_ranked else NAN
    return rows


def hourly_cost(modes, hours, grid, config):
    rows = []
    for unit in of_modes(modes):
        for (region, hour), at in hours.items():
            year = grid[region]
            pue = known(year["pue"], config["default_pue"])
            rows.append({
                **unit, **at, "grid_region": region, "local_hour": hour, "evidence": evidence(unit, year, placed(region, config)),
                **drawn(unit, pue * at["usd_per_kwh"], pue * at["gco2e_per_kwh"], config["ci_level"]),
            })
    return rows
