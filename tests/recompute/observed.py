"""Values of each run by metric, backend and scenario: what `analyze` compares. docs/statistics.md, "What is estimated"."""

import math

import formulas
from facts import CELL, with_facts
from formulas import Dependence, mean, weakest
from metrics import ALL, COLUMNS, PER_KWH
from tables import NAN, grouped, is_absent
from units import BACKEND, BASIS

GROUP = (*BACKEND, "mode", "kv_cache")
EPSILON = 2.0**-52


def more_than_rounding(variance, values):
    return variance > (4 * EPSILON * max((abs(v) for v in values), default=0.0)) ** 2


class Cell:
    """Runs of one scenario in the order of execution, and how far they resemble those before them."""

    def __init__(self, runs, session):
        self.runs, self.session, self.dependence = runs, session, None

    @property
    def n(self):
        return len(self.runs)

    @property
    def logs(self):
        return [math.log(v) for v in self.runs] if all(v > 0 for v in self.runs) else None

    @property
    def widening(self):
        known = self.dependence is not None and self.dependence.is_known() and self.n > 1
        return formulas.widening(self.dependence.bounded(), self.n) if known else 1.0


class Group:
    """One metric of one backend and mode: cells by scenario."""

    def __init__(self, metric, key, cells, evidence, is_model):
        self.metric, self.key, self.cells, self.evidence, self.is_model = metric, key, cells, evidence, is_model
        self.__dict__.update(zip(GROUP, key))


def run_values(tables):
    """One row a run: metrics, tokens, hours, and its energies."""
    return [{**run, "evidence": run["time_evidence"], **measured(run)} for run in with_facts(tables)]


def measured(run):
    if is_absent(run["window_s"]):
        return dict.fromkeys(COLUMNS, NAN)
    generates = run["mode"] == "generate"
    tokens = run["output_tokens" if generates else "input_tokens"]
    mtok, rate = tokens / 1e6 if tokens > 0 else NAN, tokens / run["window_s"]
    return {
        "ttft_ms": run["ttft_ms"] if generates else NAN, "tpot_ms": run["tpot_ms"] if generates else NAN,
        "input_tokens_per_s": NAN if generates else rate, "output_tokens_per_s": rate if generates and tokens > 0 else NAN,
        "gross_kwh_per_mtok": run["energy_gross_j"] / 3.6e6 / mtok, "net_kwh_per_mtok": run["energy_net_j"] / 3.6e6 / mtok,
        "gross_kwh_per_mtok_error": run["energy_error_j"] / 3.6e6 / mtok, "gross_power_w": run["mean_power_w"],
        "decode_j_per_token": run["decode_j_per_token"] if generates else NAN, "hours": run["window_s"] / 3600 / mtok,
        "priced_j": run["energy_gross_j"] / tokens if tokens > 0 else NAN,
    }


def price_runs(values, chosen, own):
    """Dollars and grams of each run: its cell's cost, spread over the runs as their hours and energies are."""
    by_cell = lambda rows: {tuple(r[c] for c in CELL): r for r in rows}
    chosen, own = by_cell(chosen), by_cell(own)
    for key, of_cell in grouped([v for v in values if not is_absent(v.get("hours", NAN))], CELL):
        hours, joules = mean(v["hours"] for v in of_cell), mean(v["priced_j"] for v in of_cell)
        for v in of_cell:
            share_h, share_e = v["hours"] / hours, v["priced_j"] / joules if joules else NAN
            part = v["gross_kwh_per_mtok_error"] / v["gross_kwh_per_mtok"] if v["gross_kwh_per_mtok"] else NAN
            if c := chosen.get(key):
                energy = 0.0 if c["energy_usd_per_mtok"] == 0 else c["energy_usd_per_mtok"] * share_e
                v["total_usd_per_mtok"], v["usd_evidence"] = c["infra_usd_per_mtok"] * share_h + energy, c["usd_evidence"]
                v["total_usd_per_mtok_error"] = 0.0 if energy == 0 else energy * part
                v["usd_energy"] = None if c["energy_usd_per_mtok"] == 0 else v["energy_evidence"]
            if o := own.get(key):
                for metric in PER_KWH.values():
                    v[metric], v[ALL[metric].error] = o[metric] * share_e, o[metric] * share_e * part
                made = 0.0 if is_absent(o["embodied"]) else o["embodied"] * share_h
                v["gco2e_per_mtok"], v["gco2e_evidence"] = v["gco2e_per_mtok"] + made, o["evidence"]


def groups(values):
    """All groups, each cell with the dependence of its pool."""
    found = {}
    for metric, evidence in COLUMNS.items():
        energy = (metric in ALL and ALL[metric].energy_evidence) or evidence
        there = [v for v in values if not is_absent(v.get(metric, NAN))]
        for key, of_group in grouped(there, GROUP):
            cells = {}
            for (scenario,), of_cell in grouped(of_group, ("scenario",)):
                ordered = sorted(of_cell, key=lambda v: (v["session_id"], v["place"], v["run_id"]))
                cells[scenario] = Cell([v[metric] for v in ordered], ordered[0]["session_id"])
            is_model = any("estimated" in (v[evidence], v[energy]) for v in of_group)
            found[metric, *key] = Group(metric, key, cells, weakest(*(v[evidence] for v in of_group)), is_model)
    pools = {}
    for group in found.values():
        for scenario, cell in group.cells.items():
            own = (group.key, scenario) if cell.n >= formulas.OWN_RUNS else None
            pools.setdefault((group.metric, own or cell.session), []).append(cell)
    varies = lambda size, logs: more_than_rounding(size / len(logs), logs)
    for cells in pools.values():
        dependence = Dependence([c.logs for c in cells if c.logs], varies)
        if dependence.cells:
            for cell in cells:
                cell.dependence = dependence
    return found


def chosen_costs(costs, asked):
    """The cost of each cell at the price that its backend is compared at."""
    name = lambda c: " ".join((c["provider"], c["region"], c["instance"], c["tier"]))
    rows = [{**c, "price": name(c)} for c in costs if c["basis"] == BASIS[c["mode"]]]
    if asked["price"] != "cheapest":
        rows = [c for c in rows if c["price"] == asked["price"]]
    else:
        rows = [c for c in rows if c["match"] == "measured" and (asked["decision"]["hardware"] == "any" or c["tier"] == "on_prem")]
    firmest = {}
    for c in rows:
        firmest[c["model"]] = max(firmest.get(c["model"], ""), c["match"])
    rows, chosen = [c for c in rows if c["match"] == firmest[c["model"]]], []
    for _, of_backend in grouped(rows, BACKEND):
        logs = lambda cells: mean(math.log(max(c["total_usd_per_mtok"], 1e-12)) for c in cells)
        known = [(logs(cells), price, cells) for (price,), cells in grouped(of_backend, ("price",))
                 if not any(is_absent(c["total_usd_per_mtok"]) for c in cells)]
        if known:
            chosen += min(known, key=lambda k: k[:2])[2]
    return chosen


def own_energy(costs):
    """What the energy of each cell takes on the own machine."""
    least = lambda cells, column: min((c[column] for c in cells if not is_absent(c[column])), default=NAN)
    rows = [c for c in costs if c["tier"] == "on_prem" and c["basis"] == BASIS[c["mode"]]]
    return [
        {**dict(zip(CELL, key)), **{m: least(cells, m) for m in PER_KWH.values()}, "embodied": least(cells, "embodied_gco2e_per_mtok"),
         "evidence": weakest(*(c["gco2e_evidence"] for c in cells))}
        for key, cells in grouped(rows, CELL)
    ]
