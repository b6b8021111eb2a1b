"""`run_energy`: energies of runs with their errors, or why there are none. docs/energy.md."""

from kinds import Kind
from sensors import largest, sensors, smallest
from tables import NAN, grouped, is_absent
from totals import average, decode, reported, total, unseen


def best(kinds):
    """Of several ways: most of the window covered, then the smaller error, then the name."""
    order = lambda k: (-k.window.covered, is_absent(k.error), 0.0 if is_absent(k.error) else k.error, k.sensor.kind)
    return min(kinds, key=order, default=None)


def usable(kind, limit_ns):
    is_within = kind is not None and (kind.window.max_gap <= limit_ns or kind.sensor.is_whole)
    return kind if is_within and not is_absent(kind.energy) else None


def device(sensors_of, purpose, name, config):
    """One window by one device: the row without idle energy."""
    kinds = [Kind(s, purpose, name) for s in sensors_of]
    limit_ns = config["max_gap_ms"] * 1e6
    top_c, top_i = best(k for k in kinds if k.sensor.kind == "counter"), best(k for k in kinds if k.sensor.kind != "counter")
    tops = [k for k in (top_c, top_i) if k]
    c, i = usable(top_c, limit_ns), usable(top_i, limit_ns)
    is_counted = c is not None and (i is None or is_absent(i.error) or is_absent(c.error) or c.error <= i.error)
    used = c if is_counted else i
    window = tops[0].window
    powers = [k.window for k in tops if k.sensor.kind != "counter"]
    row = {
        "session_id": kinds[0].sensor.session_id, "scope": kinds[0].sensor.scope, "device_id": kinds[0].sensor.device,
        "energy_counter_j": c.energy if c else NAN, "energy_integral_j": i.energy if i else NAN,
        "min_power_w": smallest(w.least for w in powers), "max_power_w": largest(w.most for w in powers),
        "samples": max(len(k.window.inside) for k in tops), "max_gap_ns": gap(top_c, tops),
        "mean_temperature_c": largest(average(k.window.of("temperature_c")) for k in tops),
        "max_memory_mb": largest(largest(k.window.of("memory_mb")) for k in tops),
        "throttled_pct": largest(100 * average(k.window.of("throttled")) for k in tops),
        "covered": max(k.window.covered for k in tops), "length": window.end - window.start,
        "is_model": any(k.sensor.kind == "model" for k in tops), "is_counted": is_counted,
    }
    row["reasons"] = why_not(row, tops, used, c if is_counted else None, config, limit_ns)
    is_known = row["reasons"] is None
    return row | {"energy_gross_j": used.energy if is_known else NAN, "energy_error_j": used.error if is_known else NAN, "valid": is_known}


def gap(counter, tops):
    own = counter.window.max_gap if counter else NAN
    return largest(k.window.max_gap for k in tops) if is_absent(own) else own


def why_not(row, tops, used, counter, config, limit_ns):
    length, energy = row["length"], used.energy if used else NAN
    is_whole = counter is not None and counter.sensor.is_whole
    if length <= 0:
        return "window of no length"
    if row["covered"] == 0:
        return "no readings around the window"
    if row["covered"] < length:
        return "window not bracketed by readings"
    if row["samples"] < config["min_updates"] and not is_whole:
        return "fewer readings than min_updates"
    if counter is not None and counter.energy == 0:
        return "the counter did not change in the window"
    if used and 100 * (used.error - used.stated) > config["max_error_pct"] * abs(energy):
        return "error bound over max_error_pct"
    if not is_absent(energy):
        return None
    if any(k.window.was_reset for k in tops):
        return "counter was reset"
    return "gap between readings over max_gap_ms" if row["max_gap_ns"] > limit_ns else "not resolvable"


def of_devices(tables, found, config):
    """A row for each run and sensor."""
    sources, rows = {s["session_id"]: s["source"] for s in tables["session"]}, []
    for (session, _), sensors_of in found.items():
        names = list(sensors_of[0].windows)
        idle = [device(sensors_of, *w, config) for w in names if w[0] == "idle"]
        idle = [r for r in idle if r["valid"]]
        idle_w = sum(r["energy_gross_j"] for r in idle) / (sum(r["length"] for r in idle) / 1e9) if idle else NAN
        for window in (w for w in names if w[0] == "run"):
            r = device(sensors_of, *window, config)
            seconds = r["length"] / 1e9
            idle_j = idle_w * seconds
            evidence = "imported" if sources[session] == "imported" else "measured_counter" if r["is_counted"] else "measured_integral"
            rows.append(r | {
                "run_id": window[1], "idle_j": idle_j, "energy_net_j": r["energy_gross_j"] - idle_j,
                "mean_power_w": r["energy_gross_j"] / seconds if seconds else NAN,
                "coverage_pct": 100 * r["covered"] / r["length"] if r["length"] else 0.0,
                "evidence": "unknown" if not r["valid"] else "estimated" if r["is_model"] else evidence, "decode_j_per_token": NAN,
            })
    return rows


def run_energy(tables, config):
    rows = of_devices(tables, sensors(tables, config["clock_error_ms"]), config)
    totals = [total(parts) for _, parts in grouped(rows, ("session_id", "run_id", "scope"))]
    stated, tokens = reported(tables["run"], totals), decode(totals, tables["run"])
    told = {(r["session_id"], r["run_id"], r["scope"]) for r in stated}
    key = lambda t: (t["session_id"], t["run_id"], t["scope"])
    kept = [{**t, "decode_j_per_token": tokens.get(key(t), NAN)} for t in totals if key(t) not in told]
    return [*rows, *kept, *unseen(tables["run"], rows, stated), *stated]
