"""Totals of a run and scope, tokens after the first, and what imports state. docs/energy.md, "Totals"."""

import math

from formulas import weakest
from sensors import largest
from tables import NAN, grouped, is_absent, is_finished

SCOPES = ("gpu", "cpu_package", "dram", "node")
SUMMED = (
    "energy_gross_j", "energy_error_j", "idle_j", "energy_net_j", "mean_power_w", "energy_counter_j", "energy_integral_j",
)


def average(values):
    return sum(values) / len(values) if values else NAN


def total(parts):
    """Of one run and scope. An estimate beside a measured sensor does not count."""
    measured = [p for p in parts if p["evidence"] != "estimated"]
    if any(p["valid"] for p in measured):
        parts = measured
    valid, single = all(p["valid"] for p in parts), len(parts) == 1
    add = lambda column: math.fsum(p[column] for p in parts) if not any(is_absent(p[column]) for p in parts) else NAN
    temperatures = [p["mean_temperature_c"] for p in parts if not is_absent(p["mean_temperature_c"])]
    memory = [p["max_memory_mb"] for p in parts if not is_absent(p["max_memory_mb"])]
    return {
        **{c: parts[0][c] for c in ("session_id", "run_id", "scope")}, "device_id": "total", "valid": valid,
        **{c: add(c) for c in SUMMED},
        "min_power_w": parts[0]["min_power_w"] if single else NAN, "max_power_w": parts[0]["max_power_w"] if single else NAN,
        "samples": min(p["samples"] for p in parts), "coverage_pct": min(p["coverage_pct"] for p in parts),
        "max_gap_ns": largest(p["max_gap_ns"] for p in parts), "mean_temperature_c": average(temperatures),
        "max_memory_mb": math.fsum(memory) if memory else NAN, "throttled_pct": largest(p["throttled_pct"] for p in parts),
        "evidence": weakest(*(p["evidence"] for p in parts)), "reasons": max((p["reasons"] for p in parts if p["reasons"]), default=None),
    }


def decode(totals, runs):
    """Energy of a token after the first: an iteration of generate less one of the only prefill of its block."""
    block = ("session_id", "backend", "device", "dtype", "model", "scenario", "batch", "repetition", "scope")
    by_run = {(r["session_id"], r["run_id"]): r for r in runs if is_finished(r) and r["iterations"] > 0}
    joined = [{**by_run[key], **t} for t in totals if (key := (t["session_id"], t["run_id"])) in by_run]
    prefills = {key: rows[0] for key, rows in grouped([j for j in joined if j["mode"] == "prefill"], block) if len(rows) == 1}
    found = {}
    for g in (j for j in joined if j["mode"] == "generate"):
        p = prefills.get(tuple(g[c] for c in block))
        if p and p["evidence"] == g["evidence"] and g["tokens_generated"] > g["batch"]:
            more = g["energy_gross_j"] / g["iterations"] - p["energy_gross_j"] / p["iterations"]
            found[g["session_id"], g["run_id"], g["scope"]] = more / (g["tokens_generated"] - g["batch"])
    return found


EMPTY = {
    **dict.fromkeys((
        "energy_gross_j", "energy_error_j", "idle_j", "energy_net_j", "mean_power_w", "min_power_w", "max_power_w", "energy_counter_j",
        "energy_integral_j", "max_gap_ns", "mean_temperature_c", "max_memory_mb", "throttled_pct", "decode_j_per_token"), NAN),
    "samples": 0, "coverage_pct": 0.0, "device_id": "total",
}

VALID = {"valid": True, "reasons": None}


def reported(runs, totals):
    """What an import states for a scope that no sensor gives."""
    valid = {(t["session_id"], t["run_id"], t["scope"]) for t in totals if t["valid"]}
    rows = []
    for run in filter(is_finished, runs):
        for scope in SCOPES:
            energy, key = run[f"reported_{scope}_j"], {"session_id": run["session_id"], "run_id": run["run_id"], "scope": scope}
            if not is_absent(energy) and tuple(key.values()) not in valid:
                watt = energy * 1e3 / (run["latency_ms"] * run["iterations"])
                rows.append({**EMPTY, **key, "energy_gross_j": energy, "mean_power_w": watt, "evidence": "imported", **VALID})
    return rows


def unseen(runs, rows, stated):
    """Runs of which nothing is known."""
    seen, told = ({(r["session_id"], r["run_id"]) for r in of} for of in (rows, stated))
    for run in runs:
        key, clocked = (run["session_id"], run["run_id"]), not is_absent(run["start_ns"] + run["end_ns"])
        reason = "no power sensor in this session" if clocked else "no clock times of this run, so no reading belongs to it"
        if key not in told and ((clocked and key not in seen) or (not clocked and is_finished(run))):
            names = dict(zip(("session_id", "run_id"), key))
            yield {**EMPTY, **names, "scope": "node", "evidence": "unknown", "valid": False, "reasons": reason}
