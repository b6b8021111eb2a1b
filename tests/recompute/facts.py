"""`cell` and `run_fact`: what later stages go by. docs/energy.md, "The facts of a run"."""

import hashlib
import math

from formulas import weakest
from tables import NAN, grouped, is_absent, is_finished

CELL = ("backend", "device", "model", "dtype", "mode", "kv_cache", "scenario")
SUMMED = ("energy_gross_j", "idle_j", "energy_net_j", "mean_power_w", "decode_j_per_token")


def cell_id(values):
    texts = [str(v).lower() if isinstance(v, bool) else v for v in values]
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]


def cells(runs):
    return [{**dict(zip(CELL, key)), "cell_id": cell_id(key), "batch": max(r["batch"] for r in of)} for key, of in grouped(runs, CELL)]


def window_s(run):
    """Length of a run; without clock times it is as long as its iterations."""
    if not run["iterations"] > 0:
        return NAN
    window = (run["end_ns"] - run["start_ns"]) / 1e9
    return run["latency_ms"] * run["iterations"] / 1e3 if is_absent(window) else window


def reason(run):
    if not is_finished(run):
        return ": ".join(filter(None, (run["status"], run["reason"])))
    if not run["iterations"] > 0:
        return "no iteration was counted"
    window = window_s(run)
    return "neither clock times nor a latency" if is_absent(window) else None if window > 0 else "window of no length"


def counted(totals, device, scope):
    """The `total` rows of a run whose energy counts: a valid node alone, else all, or those of the device that ran."""
    if scope == "device":
        wanted = "cpu_package" if device == "cpu" else "gpu"
        return [t for t in totals if t["scope"] == wanted]
    node = [t for t in totals if t["scope"] == "node"]
    return node if any(t["valid"] for t in node) else totals


def energy(used):
    """The sum over these rows."""
    is_known = bool(used) and all(t["valid"] for t in used)
    total = lambda column: math.fsum(t[column] for t in used) if used and not any(is_absent(t[column]) for t in used) else NAN
    errors = [t["energy_error_j"] for t in used if not is_absent(t["energy_error_j"])]
    return {
        **{column: total(column) for column in SUMMED}, "energy_error_j": math.fsum(errors) if is_known and errors else NAN,
        "energy_scope": "+".join(sorted(t["scope"] for t in used)) if is_known else None,
        "energy_evidence": weakest("measured", *(t["evidence"] if t["valid"] else "unknown" for t in used)) if used else "unknown",
    }


def facts(tables, energies, scope):
    """One row a run."""
    sources = {s["session_id"]: s["source"] for s in tables["session"]}
    totals = dict(grouped([e for e in energies if e["device_id"] == "total"], ("session_id", "run_id")))
    rows = []
    for run in tables["run"]:
        key, usable, window = (run["session_id"], run["run_id"]), is_finished(run), window_s(run)
        of_window = lambda tokens: run["iterations"] * run[tokens] if usable else NAN
        rows.append({
            **dict(zip(("session_id", "run_id"), key)), "cell_id": cell_id(run[c] for c in CELL),
            "place": run["repetition"] if is_absent(run["order"]) else run["order"], "usable": usable, "reason": reason(run),
            "window_s": window if usable and window > 0 else NAN,
            "time_evidence": "imported" if sources[run["session_id"]] == "imported" else "measured",
            "input_tokens": of_window("prompt_tokens"), "input_tokens_padded": of_window("prompt_tokens_padded"),
            "output_tokens": of_window("tokens_generated"), "latency_ms": run["latency_ms"] if usable else NAN,
            **energy(counted(totals.get(key, []), run["device"], scope)),
        })
    return rows


def with_facts(tables):
    """Runs with their facts, in the order of `run_fact`."""
    by_run = {(r["session_id"], r["run_id"]): r for r in tables["run"]}
    return [{**by_run[f["session_id"], f["run_id"]], **f} for f in tables["run_fact"]]
