//! What spans of time get out of a piece of one series of readings. A piece is any stretch of readings in order of time; states
//! of the same span merge by sums and maxima, so readings may be cut anywhere.
//!
//! Energy between two successive readings, a *pair*: power is linear between instants (trapezoid), a mean over an interval holds
//! for the interval that ends with the reading, a counter's rise is shared out by time. Edges of a span cut pairs.

use super::{
    readings::Readings,
    spans::Spans,
    sums::{Tree, larger, smaller},
};

/// How the values of a series are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Power at an instant, linear in between.
    Linear,
    /// Mean power since the reading before.
    Held,
    /// Cumulative energy.
    Counter,
}

/// What readings and whole pairs add up to. Energies are in W ns for powers and in J for counters.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// Not a number once a counter was reset.
    pub energy: f64,
    /// Sum of squared pseudo-residuals of readings from the line through their neighbours, each with the variance of one reading,
    /// times the squared time that the reading stands for: (W ns)^2. Gasser, Sroka, Jennen-Steinmetz 1986 (doi:10.1093/biomet/73.3.625).
    pub residual2: f64,
    pub gap_ns: i64,
    pub temperature_sum: f64,
    pub memory: f64,
    /// Of powers; of a counter, of the mean powers of its pairs, in J/ns.
    pub least: f64,
    pub most: f64,
    pub samples: u32,
    pub residuals: u32,
    pub temperatures: u32,
    pub throttled: u32,
    pub throttle_known: u32,
}

impl Default for Sums {
    fn default() -> Self {
        Sums {
            energy: 0.0,
            residual2: 0.0,
            gap_ns: 0,
            temperature_sum: 0.0,
            memory: f64::NEG_INFINITY,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
            samples: 0,
            residuals: 0,
            temperatures: 0,
            throttled: 0,
            throttle_known: 0,
        }
    }
}

impl Sums {
    /// Widens the range of powers.
    #[inline(always)]
    pub fn extend(&mut self, power: f64) {
        (self.least, self.most) = (smaller(self.least, power), larger(self.most, power));
    }

    #[inline(always)]
    pub fn merge(&mut self, other: &Sums) {
        self.energy += other.energy;
        self.residual2 += other.residual2;
        self.gap_ns = self.gap_ns.max(other.gap_ns);
        self.temperature_sum += other.temperature_sum;
        self.memory = larger(self.memory, other.memory);
        self.least = smaller(self.least, other.least);
        self.most = larger(self.most, other.most);
        self.samples += other.samples;
        self.residuals += other.residuals;
        self.temperatures += other.temperatures;
        self.throttled += other.throttled;
        self.throttle_known += other.throttle_known;
    }
}

/// The pair of readings in which a span begins or ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cut {
    /// Power at the edge: W, or for a counter J/ns.
    pub power: f64,
    /// Width of the pair, ns; 0 where no pair was seen.
    pub width_ns: i64,
    /// How much of the pair lies in the span: 1 where the edge is a reading.
    pub share: f64,
}

impl Cut {
    #[inline(always)]
    fn merge(&mut self, other: &Cut) {
        if other.width_ns > 0 {
            *self = *other;
        }
    }
}

/// What one span got from one series so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct State {
    pub sums: Sums,
    /// Most that cutting pairs at the span's edges can have changed, for power that is not negative.
    pub edge: f64,
    pub covered_ns: i64,
    pub start: Cut,
    pub end: Cut,
}

impl State {
    #[inline(always)]
    pub fn merge(&mut self, other: &State) {
        self.sums.merge(&other.sums);
        self.edge += other.edge;
        self.covered_ns += other.covered_ns;
        self.start.merge(&other.start);
        self.end.merge(&other.end);
    }
}

/// What a counter counted from one reading to the next, J. A fall within a known range is a wrap when the counter would thereby have
/// gone at most half around (serial number arithmetic, RFC 1982), else a reset, which is not a number.
#[inline(always)]
pub fn rise(before: f64, after: f64, range: f64) -> f64 {
    let rise = after - before;
    if rise >= 0.0 {
        return rise;
    }
    let wrapped = rise + range;
    if wrapped >= 0.0 && wrapped <= range / 2.0 { wrapped } else { f64::NAN }
}

/// One piece under the spans of its series.
pub struct Piece<'a> {
    pub readings: &'a Readings<'a>,
    pub tree: &'a mut Tree,
}

impl Piece<'_> {
    /// Adds to each span what this piece has of it. `count`: the readings themselves too, not only what lies between.
    #[inline(always)]
    pub fn add_to(&mut self, spans: &Spans, states: &mut [State], count: bool) {
        self.tree.clear();
        let t = self.readings.t;
        let (Some(&first), Some(&last)) = (t.first(), t.last()) else { return };
        let (from, to) = spans.that_may_meet(first, last);
        let mut at = 0;
        for (span, state) in states.iter_mut().enumerate().take(to).skip(from) {
            let (start, end) = spans.window(span);
            if end < first {
                continue;
            }
            at = advance(t, at, |t| t < start);
            let after_start = advance(t, at, |t| t <= start);
            let after_end = advance(t, after_start, |t| t <= end);
            let lo = after_start.saturating_sub(1);
            let hi = match after_end > 0 && t[after_end - 1] == end {
                true => after_end - 1,
                false => after_end.min(t.len() - 1),
            };
            if hi <= lo {
                if count {
                    self.readings.count(at, after_end, &mut state.sums);
                }
                continue;
            }
            let (a, z) = (start.max(t[lo]), end.min(t[hi]));
            state.covered_ns += z - a;
            if hi == lo + 1 {
                self.part(lo, a, z, (start, end), state);
            } else {
                self.part(lo, a, t[lo + 1], (start, end), state);
                self.part(hi - 1, t[hi - 1], z, (start, end), state);
            }
            // Readings `lo + 1..hi` with the pairs among them; then those at the very ends of the span. Residuals are of readings whose
            // neighbours lie in the span too, so that what changes at its edges is no noise.
            let inside = advance(t, after_start, |t| t < end);
            if inside < hi && inside > lo {
                // Several readings at the very end: the pair that ends there is the one that leads up to them.
                state.end = self.whole(inside - 1);
            }
            let threes = after_start..inside.saturating_sub(2).max(after_start);
            self.tree.add(self.readings, lo + 1, hi, threes, &mut state.sums);
            if count {
                self.readings.count(at, lo + 1, &mut state.sums);
                self.readings.count(hi, after_end, &mut state.sums);
            }
        }
    }

    /// Adds the part `a..z` of the pair that begins with reading `at`, to a span from `start` until `end`.
    #[inline(always)]
    fn part(&self, at: usize, a: i64, z: i64, (start, end): (i64, i64), state: &mut State) {
        let Readings { t, v, range, meaning, .. } = *self.readings;
        let (t0, t1, v0, v1) = (t[at], t[at + 1], v[at], v[at + 1]);
        let width = (t1 - t0) as f64;
        let length = (z - a) as f64;
        state.sums.gap_ns = state.sums.gap_ns.max(t1 - t0);
        if t1 == t0 {
            // Two readings at one instant: a step of power is no energy, a step of a counter is.
            if meaning == Meaning::Counter {
                state.sums.energy += rise(v0, v1, range);
            }
            return;
        }
        let share = length / width;
        let is_cut = z - a < t1 - t0;
        // All that the pair has may lie on either side of the edge.
        let one_side = if is_cut { share.max(1.0 - share) } else { 0.0 };
        let step = v1 - v0;
        let along = |t: i64| v0 + step * ((t - t0) as f64 / width);
        let (energy, edge, powers) = match meaning {
            Meaning::Linear => {
                // Power lies between the two readings and may have changed from one to the other anywhere.
                let middle = ((a - t0) as f64 + (z - t0) as f64) * 0.5 / width;
                let edge = if is_cut { step.abs() * length * middle.max(1.0 - middle) } else { 0.0 };
                (length * (v0 + step * middle), edge, [along(a), along(z)])
            }
            Meaning::Held => (length * v1, v1.abs() * width * one_side, [v1, v1]),
            Meaning::Counter => {
                let rise = rise(v0, v1, range);
                (rise * share, rise * one_side, [rise / width, rise / width])
            }
        };
        state.sums.energy += energy;
        state.edge += edge;
        // A span within one pair has that pair once, at its start.
        if a == start {
            state.start = Cut { power: powers[0], width_ns: t1 - t0, share };
        }
        if z == end {
            let share = if is_cut && a == start { 1.0 } else { share };
            state.end = Cut { power: powers[1], width_ns: t1 - t0, share };
        }
        if meaning == Meaning::Counter && !is_cut {
            state.sums.extend(rise(v0, v1, range) / width);
        }
    }

    /// The end of a span at the second reading of a pair.
    fn whole(&self, at: usize) -> Cut {
        let Readings { t, v, range, meaning, .. } = *self.readings;
        let width_ns = t[at + 1] - t[at];
        let power = match meaning {
            Meaning::Counter => rise(v[at], v[at + 1], range) / width_ns as f64,
            Meaning::Linear | Meaning::Held => v[at + 1],
        };
        Cut { power, width_ns, share: 1.0 }
    }

    /// Adds the pseudo-residual of the middle one of three readings to spans that hold all three.
    pub fn add_residual(&self, spans: &Spans, states: &mut [State]) {
        let Readings { t, v, meaning, .. } = *self.readings;
        let (Some(&first), Some(&last)) = (t.first(), t.last()) else { return };
        let (from, to) = spans.that_may_meet(first, last);
        for (span, state) in states.iter_mut().enumerate().take(to).skip(from) {
            let (start, end) = spans.window(span);
            if meaning == Meaning::Linear && start < first && last < end {
                state.sums.add_residuals(t, v);
            }
        }
    }
}

/// First index from `from` on whose instant is no longer `before`; in steps that double, since spans lie close together.
#[inline(always)]
fn advance(t: &[i64], from: usize, before: impl Fn(i64) -> bool) -> usize {
    let (mut low, mut step) = (from, 1);
    loop {
        match t.get(low) {
            None => return t.len(),
            Some(&at) if !before(at) => break,
            Some(_) => {}
        }
        let high = low + step;
        match t.get(high) {
            Some(&at) if before(at) => (low, step) = (high, step * 2),
            _ => {
                let rest = &t[low + 1..high.min(t.len())];
                return low + 1 + rest.partition_point(|&at| before(at));
            }
        }
    }
    low
}
