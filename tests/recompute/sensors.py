"""What is known of each series of readings: its step, clock, averaging, and the range of its power. docs/energy.md, "Error"."""

from formulas import mean
from readings import Series
from tables import NAN, grouped, is_absent

SERIES = ("session_id", "device_id", "kind")
# Stretches right before and after runs in which idle power is looked for, of about 200 runs.
AROUND_NS = (250_000_000, 500_000_000, 1_000_000_000, 2_000_000_000, 4_000_000_000, 8_000_000_000, 32_000_000_000)
AROUND_RUNS = 200
# Without an enforced limit nothing of a scope draws more; W.
CEILING_W = {"gpu": 2000.0, "cpu_package": 1000.0, "dram": 500.0, "node": 1e300}


def known(value, otherwise):
    return otherwise if is_absent(value) else value


def largest(values):
    return max((v for v in values if not is_absent(v)), default=NAN)


def smallest(values):
    return min((v for v in values if not is_absent(v)), default=NAN)


def spans(session, runs):
    """Windows of a session as `(purpose, name, start, end)`: runs, idle baselines, stretches around runs."""
    clocked = [r for r in runs if not is_absent(r["start_ns"]) and not is_absent(r["end_ns"])]
    found = [("run", r["run_id"], r["start_ns"], r["end_ns"]) for r in clocked]
    for name in ("idle_before", "idle_after"):
        ends = session[f"{name}_start_ns"], session[f"{name}_end_ns"]
        if not any(map(is_absent, ends)):
            found.append(("idle", name, *ends))
    ordered = sorted((r for r in clocked if r["end_ns"] > r["start_ns"]), key=lambda r: (r["start_ns"], r["run_id"]))
    each = len(ordered) // AROUND_RUNS + 1
    for r in ordered[each - 1 :: each]:
        for length in AROUND_NS:
            found.append(("around", f"before {r['run_id']} {length}", r["start_ns"] - length, r["start_ns"]))
            found.append(("around", f"after {r['run_id']} {length}", r["end_ns"], r["end_ns"] + length))
    return found


class Sensor:
    """One series with its windows, and what is known of it."""

    def __init__(self, rows, session, windows, said, aligned, clock_error_ns):
        self.session_id, self.device, self.kind = (rows[0][c] for c in SERIES)
        self.scope, self.series = rows[0]["scope"], Series(rows)
        self.windows = {(purpose, name): self.series.window(start, end) for purpose, name, start, end in windows}
        self.is_linear = self.series.meaning == "linear"
        self.is_imported = session["source"] == "imported"
        self.update_ns = known(said.get("update_period_ms", NAN), 0.0) * 1e6
        self.resolution_w, self.resolution_j = known(said.get("resolution_w", NAN), 0.0), known(said.get("resolution_j", NAN), 0.0)
        self.error_w, self.error_pct = known(said.get("error_w", NAN), 0.0), known(said.get("error_pct", NAN), 0.0)
        self.clock(said, aligned, clock_error_ns)
        self.shape()
        self.ceiling(rows)

    def clock(self, said, aligned, clock_error_ns):
        source = aligned or said
        self.averaging_ns = known(source.get("averaging_ms", NAN), 0.0) * 1e6 if self.is_linear else 0.0
        named = (aligned or {}).get("averaging_from") or said.get("averaging_from")
        self.is_averaging_assumed = named == "assumed"
        if aligned:
            self.shift = aligned["offset_low_ms"] * 1e6, aligned["offset_high_ms"] * 1e6
        else:
            same = not self.is_imported if said.get("clock") is None else said["clock"] == "runs"
            self.shift = (0.0, 0.0) if same else (-clock_error_ns, clock_error_ns)
        self.shift_s = max(map(abs, self.shift)) / 1e9
        self.is_off = self.shift[0] > 0 or self.shift[1] < 0

    def shape(self):
        """Distance of readings, range of powers, noise, and whether a counter is late by a reading."""
        near = [w for (purpose, _), w in self.windows.items() if purpose != "around"]
        runs = [w for (purpose, _), w in self.windows.items() if purpose == "run" and w.end > w.start]
        samples = sum(len(w.inside) for w in near)
        self.step_ns = sum(w.covered for w in near) / samples if samples else 0.0
        self.highest, self.lowest = largest(w.most for w in near), smallest(w.least for w in self.windows.values())
        noise = [w.se**2 / ((w.end - w.start) / 1e9) for w in runs if not is_absent(w.se)]
        self.noise_j2_per_s = mean(noise) if noise else 0.0
        counted = [w for w in runs if self.kind == "counter" and not is_absent(w.least)]
        still = [w.least < 0.25 * w.energy / ((w.end - w.start) / 1e9) for w in counted]
        self.stands_still = bool(still) and mean(still) > 0.05
        self.is_repeated = self.update_ns > 1.5 * self.step_ns
        self.is_late = self.is_repeated or self.stands_still or (self.shift_s == 0 and self.update_ns > 0)

    def ceiling(self, rows):
        wraps = any(not is_absent(r["energy_range_j"]) for r in rows)
        # A counter that never wraps has no limit to its gaps.
        self.is_whole = self.is_imported and self.kind == "counter" and not wraps
        self.limit_w = largest(r["power_limit_w"] for r in rows)

    def quiet_w(self):
        """Least power of the quiet stretches outside runs, if runs draw more."""
        spread = self.highest - self.lowest
        enough = max(self.averaging_ns / 2, 2 * self.step_ns)
        quiet = [
            w.least for (purpose, _), w in self.windows.items()
            if purpose != "run" and len(w.inside) >= (3 if self.kind == "counter" else 2) and w.end - w.start >= enough
            and w.most - w.least <= 0.15 * spread and w.most <= self.lowest + 0.25 * spread and self.highest >= 1.25 * w.most
        ]
        return smallest(quiet)


def sensors(tables, clock_error_ms):
    """All series whose session has runs, by session and device, each with floor and ceiling of its power."""
    by_series = lambda name: {tuple(r[c] for c in SERIES): r for r in tables[name]}
    said, aligned, sessions = by_series("sensor"), by_series("alignment"), {s["session_id"]: s for s in tables["session"]}
    windows = {name: spans(s, [r for r in tables["run"] if r["session_id"] == name]) for name, s in sessions.items()}
    found = {}
    for key, rows in grouped(tables["power_sample"], SERIES):
        session = sessions[key[0]]
        sensor = Sensor(rows, session, windows[key[0]], said.get(key, {}), aligned.get(key), clock_error_ms * 1e6)
        if sensor.series.t:
            found.setdefault(key[:2], []).append(sensor)
    for device in found.values():
        floor, limit = smallest(s.quiet_w() for s in device), largest(s.limit_w for s in device)
        for sensor in device:
            sensor.floor_w = max(known(floor, 0.0), 0.0)
            bound = CEILING_W[sensor.scope] if is_absent(limit) else 1.2 * limit
            sensor.ceiling_w = bound if sensor.kind == "counter" or is_absent(sensor.highest) else max(bound, 1.2 * sensor.highest)
    return found
