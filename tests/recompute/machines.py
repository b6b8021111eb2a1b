"""What ran: hardware as prices name it, how much of it, and the memory that models need. docs/costs.md, "Which prices are of what ran"."""

import re

from hardware import recognise
from tables import NAN, grouped, is_absent, is_finished

BITS = ((("f32", "fp32", "float32"), 32), (("f16", "fp16", "float16", "bf16", "bfloat16", "half"), 16))
EIGHT = "u?int8|i8|q8|w8|fp8|f8|float8|e4m3|e5m2"


def joined(separator, *parts):
    return separator.join(p for p in parts if p) or None


def machine(session, run, config):
    """What a run ran on, and how much of it."""
    device, cpu, cores, threads = run["device"], session["cpu"], session["logical_cores"], run["threads"]
    words = [*config.get("ran_on", "").split(" "), ""]
    provider = session["provider"] if session["instance"] is not None else words[0] or session["provider"]
    instance = session["instance"] if session["instance"] is not None else words[1] or None
    of, printed = joined(" ", provider, instance), cpu if device == "cpu" else device
    found = recognise(printed) if printed is not None else None
    number = lambda value, unit: None if is_absent(value) else f"{value} {unit}"
    text = joined(", ", cpu or "unknown processor", of, number(cores, "vCPUs"), number(threads, "threads"))
    at_most = [n for n in (cores, 2 * threads) if not is_absent(n)]
    return {
        "hardware": joined(", ", device, text if device == "cpu" else of), "device": device, "provider": provider, "instance": instance,
        "cores": cores, "name": found and found.name, "is_exact": bool(found and found.is_exact),
        "is_slice": bool(found and found.is_slice), "units": min(at_most, default=NAN) if device == "cpu" else found.count,
    }


def several(device):
    return f"{device} of several machines"


def common_hardware(rows):
    """Of rows that ran on the same device."""
    found = {row["hardware"] for row in rows}
    return found.pop() if len(found) == 1 else several(rows[0]["device"])


def machines(tables, config):
    """All hardware that ran, by its name."""
    sessions = {s["session_id"]: s for s in tables["session"]}
    found = {}
    for run in filter(is_finished, tables["run"]):
        of_run, device = machine(sessions[run["session_id"]], run, config), run["device"]
        found[of_run["hardware"]] = of_run
        found[several(device)] = {
            "hardware": several(device), "device": device, "provider": None, "instance": None, "cores": NAN, "name": None,
            "is_exact": False, "is_slice": False, "units": NAN,
        }
    return found


def parameters(model):
    """As a model's name states them."""
    found = re.search(r"(?:^|[^a-z0-9.])((?:[0-9]+x)?)([0-9]+(?:\.[0-9]+)?)([bm])(?:$|[^a-z0-9])", model.lower())
    return float(found[1].strip("x") or 1) * float(found[2]) * {"b": 1e9, "m": 1e6}[found[3]] if found else NAN


def bits(dtype):
    of = next((n for names, n in BITS if dtype.lower() in names), None)
    return of or (8 if re.match(EIGHT, dtype.lower()) else 4)


def sizes(run_rows, config):
    """Bytes that each model needs on each device that it ran on, and what said so."""
    found, reserve = {}, 1 + config["memory_reserve_pct"] / 100
    for (model, dtype), runs in grouped(run_rows, ("model", "dtype")):
        stated = max((r["weights_bytes"] for r in runs if not is_absent(r["weights_bytes"])), default=NAN)
        named = parameters(model) * bits(dtype) / 8
        size, of = (named, None if is_absent(named) else "name") if is_absent(stated) else (stated, "run")
        found |= {(r["device"], model, dtype): (size * reserve, of) for r in runs if is_finished(r)}
    return found
