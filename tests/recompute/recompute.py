"""Every cell of a finished run again, from what was measured and the input files, without the product's SQL.

usage: recompute.py RUN PIPELINE --prices FILE... --grid FILE... [--tariffs FILE...] [--embodied FILE...]

Formulas are those of docs/energy.md, docs/costs.md and docs/statistics.md. Columns and keys come from schemas/SCHEMA.md. Exit status 1
when a cell is off by more than 1e-9 of its size, when rows are missing, or when a column was not recomputed and no reason is listed here.
"""

import argparse
import sys
import tomllib
from pathlib import Path

import comparisons
import costs
import decisions
import energy
import estimates
import observed
import owning
import prices
import rankings
import regions
import units
import verdicts
from compare import Comparison
from tables import contracts, read, read_csv

SCHEMA = Path(__file__).parents[2] / "schemas" / "SCHEMA.md"
INPUTS = ("session", "run", "power_sample", "sensor")

# Columns that are not recomputed, each with the reason.
EXCUSED = {}
# Where more than 1e-9 of a value is allowed, and why.
TOLERANCE = {
    # SciPy's normal quantiles in Royston's approximation are exact to 1e-8.
    ("verdict", "normality_p"): 1e-7,
}


def derive(tables, given, config):
    """Tables of costs."""
    works = costs.workloads(config)
    quarters = prices.quarters(given["tariff"])
    grid = prices.grid_years(given["grid"], quarters)
    offers = prices.offers(given["price"], grid, given["embodied"], config)
    unit_runs = units.runs(tables, tables["run_energy"], config)
    cells = units.cells(unit_runs)
    modes = units.modes(cells)
    requests = costs.request_cost(units.requests(modes, tables["run"], works), offers, config)
    tco, api = owning.tco(requests, config), costs.api_cost(given["price"], works)
    return {
        **given, "cost": costs.cost(cells, offers, config), "run_cost": costs.run_cost(unit_runs, offers, config),
        "request_cost": requests, "api_cost": api, "tco": tco,
        "break_even": owning.break_even(tco, api, requests, config, works),
        "utilisation_cost": owning.utilisation_cost(requests, config), "tier_saving": owning.tier_saving(given["price"]),
        "region_carbon": regions.region_carbon(modes, grid, config),
        "hourly_cost": regions.hourly_cost(modes, prices.grid_hours(given["grid"], quarters), grid, config),
    }


def analyse(tables, config):
    """Tables of `analyze`."""
    values, chosen = observed.run_values(tables), observed.chosen_costs(tables["cost"], config)
    observed.price_runs(values, chosen, observed.own_carbon(tables["cost"]))
    groups = observed.groups(values)
    families = comparisons.families(groups)
    compared = comparisons.comparisons(families, config)
    return {
        "estimate": estimates.estimates(groups, config), "comparison": compared, "omnibus": rankings.omnibus(families, config),
        "ranking": rankings.ranking(families, compared, rankings.chosen_prices(chosen, groups), config),
        "verdict": verdicts.verdicts(tables, groups, config), "decision": decisions.decisions(groups, chosen, compared, tables, config),
    }


def arguments():
    parser = argparse.ArgumentParser(prog="recompute", description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("pipeline", type=Path)
    for name in ("prices", "grid", "tariffs", "embodied"):
        parser.add_argument(f"--{name}", nargs="*", default=[])
    return parser.parse_args()


def main():
    asked = arguments()
    config = tomllib.loads(asked.pipeline.read_text(encoding="utf-8"))
    known = contracts(SCHEMA)
    tables = {name: read(asked.run, known[name]) for name in [*INPUTS, "alignment", "run_energy", "cost", "request_cost", "tco"]}
    files = {"price": asked.prices, "grid": asked.grid, "tariff": asked.tariffs, "embodied": asked.embodied}
    given = {name: read_csv(paths, known[name]) for name, paths in files.items()}
    recomputed = {"run_energy": energy.run_energy(tables, config["join-telemetry"])}
    recomputed |= derive(tables, given, config["derive-costs"])
    recomputed |= analyse(tables, config["analyze"])
    cells, off, failed = 0, 0, False
    for name, rows in recomputed.items():
        if not (asked.run / f"{name}.parquet").exists():
            print(f"{name}: no file")
            continue
        seen = Comparison(known[name], TOLERANCE).compare(rows, read(asked.run, known[name]), EXCUSED.get(name, {}))
        cells, off = cells + seen.cells, off + len(seen.off)
        print(f"{name}: {len(rows)} rows, {seen.cells} cells, {len(seen.off)} off")
        for key, column, ours, theirs in seen.off[:5]:
            print(f"  {' '.join(map(str, key))}: {column}: {ours} recomputed, {theirs} in the table")
        if seen.skipped:
            print(f"  not recomputed: {', '.join(sorted(seen.skipped))}")
        failed |= bool(seen.off or seen.skipped)
    print(f"{cells} cells, {off} off")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
