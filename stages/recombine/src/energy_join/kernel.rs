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

/// What one span got from one series so far. Energies are in W ns for powers and in J for counters.
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// Not a number once a counter was reset within the span.
    pub energy: f64,
    /// Most that cutting pairs at the span's edges can have changed.
    pub edge: f64,
    /// Sum over pairs of the squared difference between ending the pair at its first and at its last power.
    pub step2: f64,
    pub covered_ns: i64,
    pub gap_ns: i64,
    pub temperature_sum: f64,
    pub memory: f64,
    pub least: f64,
    pub most: f64,
    pub samples: u32,
    pub temperatures: u32,
    pub throttled: u32,
    pub throttle_known: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            energy: 0.0,
            edge: 0.0,
            step2: 0.0,
            covered_ns: 0,
            gap_ns: 0,
            temperature_sum: 0.0,
            memory: f64::NEG_INFINITY,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
            samples: 0,
            temperatures: 0,
            throttled: 0,
            throttle_known: 0,
        }
    }
}

impl State {
    #[inline(always)]
    pub fn merge(&mut self, other: &State) {
        self.energy += other.energy;
        self.edge += other.edge;
        self.step2 += other.step2;
        self.covered_ns += other.covered_ns;
        self.gap_ns = self.gap_ns.max(other.gap_ns);
        self.temperature_sum += other.temperature_sum;
        self.memory = larger(self.memory, other.memory);
        self.least = smaller(self.least, other.least);
        self.most = larger(self.most, other.most);
        self.samples += other.samples;
        self.temperatures += other.temperatures;
        self.throttled += other.throttled;
        self.throttle_known += other.throttle_known;
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
                    self.readings.count(at, after_end, state);
                }
                continue;
            }
            let (a, z) = (start.max(t[lo]), end.min(t[hi]));
            state.covered_ns += z - a;
            if hi == lo + 1 {
                self.part(lo, a, z, state);
            } else {
                self.part(lo, a, t[lo + 1], state);
                self.part(hi - 1, t[hi - 1], z, state);
            }
            // Readings `lo + 1..hi` with the pairs among them; then those at the very ends of the span.
            self.tree.add(self.readings, lo + 1, hi, state);
            if count {
                self.readings.count(at, lo + 1, state);
                self.readings.count(hi, after_end, state);
            }
        }
    }

    /// Adds the pair that begins with reading `at`, from `a` until `z`.
    #[inline(always)]
    fn part(&self, at: usize, a: i64, z: i64, state: &mut State) {
        let Readings { t, v, range, meaning, .. } = *self.readings;
        let (t0, t1, v0, v1) = (t[at], t[at + 1], v[at], v[at + 1]);
        let width = (t1 - t0) as f64;
        let length = (z - a) as f64;
        state.gap_ns = state.gap_ns.max(t1 - t0);
        if t1 == t0 {
            // Two readings at one instant: a step of power is no energy, a step of a counter is.
            if meaning == Meaning::Counter {
                state.energy += rise(v0, v1, range);
            }
            return;
        }
        let share = length / width;
        let cut = share.min(1.0 - share);
        match meaning {
            Meaning::Linear => {
                let middle = ((a - t0) as f64 + (z - t0) as f64) * 0.5 / width;
                let step = (v1 - v0) * length;
                state.energy += length * (v0 + (v1 - v0) * middle);
                state.step2 += step * step;
            }
            Meaning::Held => {
                state.energy += length * v1;
                state.edge += v1.abs() * width * cut;
            }
            Meaning::Counter => {
                let rise = rise(v0, v1, range);
                state.energy += rise * share;
                state.edge += rise * cut;
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
