"""Hours and kWh of a million tokens: of a run, a cell, a mode, a request. docs/costs.md, "Runs", "Cells" and "Requests"."""

import math

import formulas
from facts import with_facts
from formulas import Dependence, covariance, mean, variance, weakest, welch_satterthwaite, widening
from machines import common_hardware, machine
from tables import NAN, grouped, is_absent, is_finished

BACKEND = ("backend", "device", "model", "dtype")
CELL = (*BACKEND, "mode", "kv_cache", "scenario", "basis")
MODE = (*BACKEND, "mode", "kv_cache", "basis")
# Squared deviations of equal runs' logs are below.
ROUNDING = 1e-24
BASIS = {"prefill": "input", "generate": "output"}


def runs(tables, config):
    """One row a run with a window x basis."""
    sessions = {s["session_id"]: s for s in tables["session"]}
    rows = []
    for run in with_facts(tables):
        if is_absent(run["window_s"]):
            continue
        tokens = {"input": run["input_tokens_padded" if config["token_count"] == "padded" else "input_tokens"], "output": run["output_tokens"]}
        error = 0.0 if is_absent(run["energy_error_j"]) and not is_absent(run["energy_gross_j"]) else run["energy_error_j"]
        for basis in (BASIS[run["mode"]], "total"):
            count = tokens["input"] + tokens["output"] if basis == "total" else tokens[basis]
            if count > 0:
                rows.append({
                    **run, "basis": basis, "hours": run["window_s"] / 3600 / count * 1e6,
                    "kwh": run["energy_gross_j"] / 3.6e6 / count * 1e6, "kwh_error": error / 3.6e6 / count * 1e6,
                    "hardware": machine(sessions[run["session_id"]], run, config)["hardware"],
                })
    return rows


def logs(runs, column):
    """Of a cell's runs in the order of execution; nothing where one is absent or not positive."""
    ordered = sorted(runs, key=lambda r: (r["session_id"], r["place"], r["run_id"]))
    return [math.log(r[column]) for r in ordered] if all(r[column] > 0 for r in ordered) else []


def correlations(unit_runs, column):
    """rho of each pool: cells of a session and basis with few runs together, a cell with many alone."""
    pools = {}
    for key, of_cell in grouped(unit_runs, CELL):
        pools.setdefault(pool(key, of_cell), []).append(logs(of_cell, column))
    varies = lambda size, _: size > ROUNDING
    return {name: Dependence(cells, varies).bounded() for name, cells in pools.items()}


def pool(key, of_cell):
    return min(r["session_id"] for r in of_cell), key[-1], None if len(of_cell) < formulas.OWN_RUNS else key


def cells(unit_runs):
    """One row a cell x basis: means, variances and covariance of the means, the energy's common uncertainty."""
    rho = {column: correlations(unit_runs, column) for column in ("hours", "kwh")}
    return [cell(key, of_cell, {c: rho[c][pool(key, of_cell)] for c in rho}) for key, of_cell in grouped(unit_runs, CELL)]


def cell(key, of_cell, rho):
    n, hours, kwh = len(of_cell), [r["hours"] for r in of_cell], [r["kwh"] for r in of_cell]
    wider = {c: widening(rho[c], n) for c in rho}
    log_hours = [math.log(h) for h in hours]
    h, e = mean(hours), mean(kwh)
    if all(k > 0 for k in kwh):
        log_kwh = [math.log(k) for k in kwh]
        var_kwh = e * e * formulas.log_mean_variance(variance(log_kwh), n)
        covar = h * e * formulas.log_mean_variance(covariance(log_hours, log_kwh), n)
    else:
        var_kwh, covar = variance(kwh) / n, covariance(hours, kwh) / n
    return {
        **dict(zip(CELL, key)), "cell_id": of_cell[0]["cell_id"], "runs": n, "batch": max(r["batch"] for r in of_cell), "hardware": common_hardware(of_cell),
        "hours": h, "kwh": e, "df": n - 1,
        "var_hours": wider["hours"] * h * h * formulas.log_mean_variance(variance(log_hours), n),
        "var_kwh": wider["kwh"] * var_kwh, "covar": math.sqrt(wider["hours"] * wider["kwh"]) * covar,
        "u_kwh": mean(r["kwh_error"] for r in of_cell) / formulas.Z95,
        "energy_scope": None if is_absent(e) else max_text(r["energy_scope"] for r in of_cell),
        "energy_evidence": weakest(*(r["energy_evidence"] for r in of_cell)),
        "time_evidence": weakest(*(r["time_evidence"] for r in of_cell)),
    }


def max_text(texts):
    return max((t for t in texts if t is not None), default=None)


def modes(unit_cells):
    """One row a backend x mode x basis: scenarios with equal weight."""
    rows = []
    for key, of_mode in grouped(unit_cells, MODE):
        k = len(of_mode)
        total = {c: math.fsum(u[c] for u in of_mode) / k**2 for c in ("var_hours", "var_kwh", "covar")}
        rows.append({
            **dict(zip(MODE, key)), "hardware": common_hardware(of_mode), **total,
            "hours": mean(u["hours"] for u in of_mode), "kwh": mean(u["kwh"] for u in of_mode), "u_kwh": mean(u["u_kwh"] for u in of_mode),
            "df": NAN if is_absent(total["var_hours"]) else min(degrees(of_mode, "var_hours"), degrees(of_mode, "var_kwh")),
            "energy_evidence": weakest(*(u["energy_evidence"] for u in of_mode)),
            "time_evidence": weakest(*(u["time_evidence"] for u in of_mode)),
        })
    return rows


def degrees(of_mode, column):
    """Welch and Satterthwaite's over the scenarios whose variance is known; the sum where nothing varies."""
    known = [u for u in of_mode if not is_absent(u[column])]
    df = welch_satterthwaite([u[column] for u in known], [u["df"] for u in known])
    return math.fsum(u["df"] for u in of_mode) if is_absent(df) else df


def lengths(run_rows):
    """Shortest and longest sequence of each backend: prompt tokens in prefill, new tokens in generate."""
    found = {}
    for run in filter(is_finished, run_rows):
        if run["batch"] > 0:
            tokens = run["prompt_tokens" if run["mode"] == "prefill" else "tokens_generated"] / run["batch"]
            if not is_absent(tokens):
                found.setdefault((*(run[c] for c in BACKEND), run["mode"]), []).append(tokens)
    return {key: (min(values), max(values)) for key, values in found.items()}


def requests(unit_modes, run_rows, workloads):
    """One row a backend x cache x workload."""
    measured, rows = lengths(run_rows), []
    prefills = {tuple(m[c] for c in BACKEND): m for m in unit_modes if m["mode"] == "prefill" and m["basis"] == "input"}
    for g in (m for m in unit_modes if m["mode"] == "generate" and m["basis"] == "output"):
        backend = tuple(g[c] for c in BACKEND)
        if p := prefills.get(backend):
            rows += [request(p, g, work, measured, backend) for work in workloads]
    return rows


def request(p, g, work, measured, backend):
    x, y = work["prompt_tokens"] / 1e6, work["generated_tokens"] / 1e6
    length = length_evidence(work, measured, backend)
    return {
        **{c: g[c] for c in (*BACKEND, "kv_cache")}, "workload": work["name"], "work": work,
        "hardware": common_hardware([p, g]),
        "prompt_tokens": work["prompt_tokens"], "generated_tokens": work["generated_tokens"], "mtok": x + y,
        "prefill_s": x * p["hours"] * 3600, "generate_s": y * g["hours"] * 3600,
        **{c: x * p[c] + y * g[c] for c in ("hours", "kwh", "u_kwh")},
        **{c: x * x * p[c] + y * y * g[c] for c in ("var_hours", "var_kwh", "covar")},
        "df": g["df"] if x == 0 else p["df"] if y == 0 else min(p["df"], g["df"]),
        **{c: weakest(p[c], g[c], length) for c in ("energy_evidence", "time_evidence")},
    }


def length_evidence(work, measured, backend):
    asked = ((work["prompt_tokens"], "prefill"), (work["generated_tokens"], "generate"))
    inside = all(n == 0 or within(n, measured.get((*backend, mode))) for n, mode in asked)
    return "measured" if inside else "extrapolated"


def within(count, bounds):
    return bounds is not None and bounds[0] <= count <= bounds[1]
