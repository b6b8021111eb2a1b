"""Energy of one window by one way of reading, with its error. docs/energy.md, "Error"."""

import math

from sensors import known, largest
from tables import NAN, is_absent

# Of the other runs' noise.
NORMAL_95 = 1.96


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
        return max(w.sampling_error, NORMAL_95 * math.sqrt(s.noise_j2_per_s * self.length_s)) if few else w.sampling_error

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
