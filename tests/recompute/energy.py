"""`run_energy`: energies of runs with their errors, and totals over sensors. docs/energy.md."""

import math

from formulas import Z95, weakest
from sensors import known, largest, sensors, smallest
from tables import NAN, is_absent
from units import grouped, is_finished

SCOPES = ("gpu", "cpu_package", "dram", "node")


class Kind:
    """Energy and error of one window by one way of reading."""

    def __init__(self, sensor, purpose, name):
        self.sensor, self.window = sensor, sensor.windows[purpose, name]
        w = self.window
        self.length_s = (w.end - w.start) / 1e9
        self.whole, self.early, self.late = self.shifted()
        whole_j = self.own(self.whole)
        self.is_undone = sensor.is_linear and sensor.averaging_ns > 0 and not is_absent(whole_j)
        self.energy = whole_j if self.is_undone else w.energy
        self.stated = sensor.error_w * self.length_s + sensor.error_pct / 100 * abs(self.energy)
        self.edge_w = largest((w.begin.power, w.finish.power))
        self.error = NAN if is_absent(w.energy) else self.all_parts()

    def shifted(self):
        """The window as the series shows it, and as it would if clocks differed by either end of the offset's interval."""
        s, w = self.sensor, self.window
        if not w.end > w.start or not (s.averaging_ns > 0 or s.shift != (0.0, 0.0)):
            return None, None, None
        at = lambda shift: s.series.window(w.start + int(shift), w.end + int(s.averaging_ns + shift))
        return at(0.0), at(s.shift[0]), at(s.shift[1])

    def own(self, window):
        """Less what the sensor shows of the time before and after the window."""
        half = self.sensor.averaging_ns / 2e9
        return NAN if window is None else window.energy - half * (window.begin.power + window.finish.power)

    def all_parts(self):
        s, late, edge, rounding, shift = self.sensor, self.late_j(), self.edge_j(), self.rounding_j(), self.shift_j()
        if not s.is_linear:
            return late + self.stated + edge + rounding + shift
        more = max(1.0, 1.25 * s.update_ns / s.step_ns) if s.is_repeated else 1.0
        chance = math.hypot(more * edge, more * self.sampling_j(), rounding, 0.0 if s.is_off else shift)
        return late + self.stated + chance + (shift if s.is_off else 0.0)

    def edge_j(self):
        s, w = self.sensor, self.window
        if not s.is_linear:
            return self.share_j(w.begin) + self.share_j(w.finish)
        parts = [p.edge for p in (self.whole, self.early, self.late) if p is not None]
        whole_edge, averaging = largest(parts), s.averaging_ns / 1e9
        if self.is_undone:
            rest = sum(max(0.0, cut.power - s.floor_w) for cut in (self.whole.begin, self.whole.finish))
            assumed = abs(self.energy - w.energy) if s.is_averaging_assumed else 0.0
            return whole_edge + averaging / 2 * rest + assumed
        plain = largest((w.edge, whole_edge)) if averaging == 0 else w.edge
        return plain + averaging * largest(((s.highest - s.lowest) / 2, w.energy / self.length_s / 4))

    def share_j(self, cut):
        """A share of a pair's energy lies in the window: floor and ceiling bound what either side of the cut can have had."""
        if cut.share == 1:
            return 0.0
        seconds, inside = cut.width / 1e9, cut.share
        above, below = cut.power * seconds - self.sensor.floor_w * seconds, self.sensor.ceiling_w * seconds - cut.power * seconds
        return max(0.0, min((1 - inside) * above, inside * below), min(inside * above, (1 - inside) * below))

    def sampling_j(self):
        s, w = self.sensor, self.window
        if self.is_undone:
            return self.whole.sampling_error
        few = not known(w.df, 0) >= 5
        return max(w.sampling_error, Z95_SHORT * math.sqrt(s.noise_j2_per_s * self.length_s)) if few else w.sampling_error

    def shift_j(self):
        if self.sensor.shift_s == 0:
            return 0.0
        whole, early, late = map(self.own, (self.whole, self.early, self.late))
        if any(map(is_absent, (whole, early, late))):
            return self.sensor.shift_s * self.edge_w
        return max(abs(early - whole), abs(late - whole))

    def late_j(self):
        s = self.sensor
        if s.kind == "counter" and s.is_late:
            return self.window.energy * max(s.update_ns, s.step_ns) / (self.window.end - self.window.start)
        return s.update_ns / 1e9 * (s.highest - s.lowest) if s.is_linear and s.is_late else 0.0

    def rounding_j(self):
        s = self.sensor
        if s.kind == "counter":
            return s.resolution_j
        return s.resolution_w / 2 * self.length_s if self.window.most - self.window.least < 4 * s.resolution_w else 0.0


Z95_SHORT = 1.96


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


def average(values):
    return sum(values) / len(values) if values else NAN


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
        **{c: add(c) for c in ("energy_gross_j", "energy_error_j", "idle_j", "energy_net_j", "mean_power_w", "energy_counter_j", "energy_integral_j")},
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


def reported(runs, totals):
    """What an import states for a scope that no sensor gives."""
    valid = {(t["session_id"], t["run_id"], t["scope"]) for t in totals if t["valid"]}
    rows = []
    for run in filter(is_finished, runs):
        for scope in SCOPES:
            energy, key = run[f"reported_{scope}_j"], {"session_id": run["session_id"], "run_id": run["run_id"], "scope": scope}
            if not is_absent(energy) and tuple(key.values()) not in valid:
                watt = energy * 1e3 / (run["latency_ms"] * run["iterations"])
                rows.append({**EMPTY, **key, "energy_gross_j": energy, "mean_power_w": watt, "evidence": "imported", "valid": True, "reasons": None})
    return rows


def unseen(runs, rows, stated):
    """Runs of which nothing is known."""
    seen, told = ({(r["session_id"], r["run_id"]) for r in of} for of in (rows, stated))
    for run in runs:
        key, clocked = (run["session_id"], run["run_id"]), not is_absent(run["start_ns"] + run["end_ns"])
        reason = "no power sensor in this session" if clocked else "no clock times of this run, so no reading belongs to it"
        if key not in told and ((clocked and key not in seen) or (not clocked and is_finished(run))):
            yield {**EMPTY, **dict(zip(("session_id", "run_id"), key)), "scope": "node", "evidence": "unknown", "valid": False, "reasons": reason}


def run_energy(tables, config):
    rows = of_devices(tables, sensors(tables, config["clock_error_ms"]), config)
    totals = [total(parts) for _, parts in grouped(rows, ("session_id", "run_id", "scope"))]
    stated, tokens = reported(tables["run"], totals), decode(totals, tables["run"])
    told = {(r["session_id"], r["run_id"], r["scope"]) for r in stated}
    key = lambda t: (t["session_id"], t["run_id"], t["scope"])
    kept = [{**t, "decode_j_per_token": tokens.get(key(t), NAN)} for t in totals if key(t) not in told]
    return [*rows, *kept, *unseen(tables["run"], rows, stated), *stated]
