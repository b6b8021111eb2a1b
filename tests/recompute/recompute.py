"""Every cell of a finished run again, from what was measured and the input files, without the product's SQL.

usage: recompute.py RUN PIPELINE --prices FILE... --grid FILE... [--tariffs FILE...] [--embodied FILE...] [--retired FILE...] [--altered]

Formulas are those of docs/energy.md, docs/costs.md and docs/statistics.md; columns and keys are those of schemas/SCHEMA.md. Each stage's
tables come from the tables that the stage reads. Exit status 1 when a cell is off by more than 1e-9 of its size, when rows or files are
missing, or when a table or column was not recomputed and no reason stands here.

With --altered every column of every table is altered in one cell, by 1e-6 where it is a number, and exit status 0 says that exactly
these cells were found.
"""

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path

import altered
import comparisons
import costs
import decisions
import energy
import estimates
import facts
import grids
import machines
import matching
import observed
import owning
import prices
import rankings
import regions
import savings
import units
import verdicts
from compare import Comparison
from tables import contracts, read, read_csv

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / "SCHEMA.md"
DEFAULTS = ROOT / "schemas" / "defaults.toml"
READ = ("session", "run", "power_sample", "sensor", "alignment", "run_energy", "run_fact", "cost", "request_cost", "tco")

# Tables that are not recomputed, and why.
TAKEN = {
    "session": "measured", "run": "measured", "power_sample": "measured",
    "sensor": "what a sensor is, as it was read; its period and step are inferred from its readings",
    "alignment": "a search over offsets and averaging times, which `make bench-truth` holds against known ones",
    "finding": "sentences",
}
# Written on request only.
ON_REQUEST = ("run_cost",)
# Columns that are not recomputed, by table, and why: none at present.
EXCUSED = {}
# Where more than 1e-9 of a value is allowed, and why.
TOLERANCE = {
    # SciPy's normal quantiles in Royston's approximation are exact to 1e-8.
    ("verdict", "normality_p"): 1e-7,
    # With two runs a cell it is e to the power of a number near 100, which `analyze` has to 1e-9 of its size.
    ("comparison", "detectable_pct"): 5e-7,
}
SHOWN = 5


def derive(tables, given, config):
    """Tables of `derive-costs`."""
    works = costs.workloads(config)
    quarters = grids.quarters(given["tariff"])
    grid = grids.grid_years(given["grid"], quarters)
    retired = prices.retired_price(given["price"], given["retirement"], tables["session"])
    offered = prices.offers(given["price"], retired, grid, given["embodied"], config)
    needs = machines.sizes(tables["run"], config)
    judged = matching.outcomes(machines.machines(tables, config), offered, needs, config)
    offers = matching.hardware_offers(judged, config)
    unit_runs = units.runs(tables, config)
    cells = units.cells(unit_runs)
    modes = units.modes(cells)
    works_units = units.requests(modes, tables["run"], works)
    asked = {(u["hardware"], u["model"], u["dtype"]) for u in (*cells, *works_units)}
    requests = costs.request_cost(works_units, offers, config)
    tco, api = owning.tco(requests, config), costs.api_cost(given["price"], works)
    return {
        **given, "retired_price": retired, "price_match": matching.price_match(judged, needs, asked),
        "cost": costs.cost(cells, offers, config), "run_cost": costs.run_cost(unit_runs, offers),
        "request_cost": requests, "api_cost": api, "tco": tco,
        "break_even": owning.break_even(tco, api, requests, config, works),
        "utilisation_cost": owning.utilisation_cost(requests, config), "tier_saving": savings.tier_saving(given["price"], judged, config),
        "region_carbon": regions.region_carbon(modes, grid, config),
        "hourly_cost": regions.hourly_cost(modes, grids.grid_hours(given["grid"], quarters), grid, config),
    }


def analyse(tables, config):
    """Tables of `analyze`."""
    values, chosen = observed.run_values(tables), observed.chosen_costs(tables["cost"], config)
    observed.price_runs(values, chosen, observed.own_energy(tables["cost"]))
    groups = observed.groups(values)
    families = comparisons.families(groups)
    compared = comparisons.comparisons(families, config)
    return {
        "estimate": estimates.estimates(groups, config), "comparison": compared, "omnibus": rankings.omnibus(families, config),
        "ranking": rankings.ranking(families, groups, compared, rankings.chosen_prices(chosen, groups), config),
        "verdict": verdicts.verdicts(tables, groups, config), "decision": decisions.decisions(groups, chosen, compared, tables, config),
    }


def recompute(folder, given, config, known):
    """Rows of all tables."""
    if config["derive-costs"]["interval"] != "delta" or config["analyze"]["interval"] != "t":
        raise SystemExit("recompute: drawn intervals (monte-carlo, bca) are not recomputed, use delta and t")
    tables = {name: read(folder, known[name]) for name in READ}
    joined = config["join-telemetry"]
    return {
        "run_energy": energy.run_energy(tables, joined), "cell": facts.cells(tables["run"]),
        "run_fact": facts.facts(tables, tables["run_energy"], joined["energy_scope"]), **derive(tables, given, config["derive-costs"]),
        **analyse(tables, config["analyze"]),
    }


def compare(folder, recomputed, known):
    """A comparison for each table that is there, and whether something is amiss."""
    missing = known.keys() - recomputed.keys() - TAKEN.keys()
    if missing:
        print(f"not recomputed: {', '.join(sorted(missing))}")
    found, amiss = [], bool(missing)
    for name, rows in recomputed.items():
        if (folder / f"{name}.parquet").exists():
            seen = Comparison(known[name], TOLERANCE).compare(rows, read(folder, known[name]), EXCUSED.get(name, {}))
            found.append(seen)
            amiss |= bool(seen.off or seen.skipped)
        elif name not in ON_REQUEST:
            print(f"{name}: no file")
            amiss = True
    return found, amiss


def report(seen):
    print(f"{seen.contract.name}: {seen.rows} rows, {seen.cells} cells, {len(seen.off)} off")
    for key, column, ours, theirs in seen.off[:SHOWN]:
        print(f"  {' '.join(map(str, key))}: {column}: {ours} recomputed, {theirs} in the table")
    if seen.skipped:
        print(f"  not recomputed: {', '.join(sorted(seen.skipped))}")


def arguments():
    parser = argparse.ArgumentParser(prog="recompute", description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("pipeline", type=Path)
    for name in ("prices", "grid", "tariffs", "embodied", "retired"):
        parser.add_argument(f"--{name}", nargs="*", default=[], help="files, or folders of which all *.csv are meant")
    parser.add_argument("--altered", action="store_true")
    asked = parser.parse_args()
    for name in ("prices", "grid", "tariffs", "embodied", "retired"):
        setattr(asked, name, [file for path in getattr(asked, name) for file in files(path)])
    return asked


def files(path):
    return sorted(map(str, Path(path).glob("[!.]*.csv"))) if Path(path).is_dir() else [path]


def over(defaults, own):
    """The configuration that holds: tables key by key, all else and what says its `source` whole."""
    if not (isinstance(defaults, dict) and isinstance(own, dict)) or "source" in own:
        return own
    return defaults | {key: over(defaults.get(key), value) for key, value in own.items()}


def main():
    asked = arguments()
    config = over(*(tomllib.loads(path.read_text(encoding="utf-8")) for path in (DEFAULTS, asked.pipeline)))
    known = contracts(SCHEMA)
    files = {"price": asked.prices, "grid": asked.grid, "tariff": asked.tariffs, "embodied": asked.embodied,
             "retirement": asked.retired}
    given = {name: read_csv(paths, known[name]) for name, paths in files.items()}
    recomputed = recompute(asked.run, given, config, known)
    if asked.altered:
        with tempfile.TemporaryDirectory() as folder:
            changed = altered.alter(asked.run, Path(folder), [known[name] for name in recomputed])
            found, _ = compare(Path(folder), recomputed, known)
        return altered.judge(changed, found)
    found, amiss = compare(asked.run, recomputed, known)
    for seen in found:
        report(seen)
    print(f"{sum(seen.cells for seen in found)} cells, {sum(len(seen.off) for seen in found)} off")
    return int(amiss)


if __name__ == "__main__":
    sys.exit(main())
