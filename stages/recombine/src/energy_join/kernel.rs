//! What spans of time get out of a piece of one series of readings. A piece is any stretch of readings in order of time; states
//! of the same span merge by sums and maxima, so readings may be cut anywhere.
//!
//! Energy between two successive readings, a *pair*: power is linear between instants (trapezoid), a mean over an interval holds
//! for the interval that ends with the reading, a counter's rise is shared out by time. Edges of a span cut pairs.

use super::{readings::Readings, spans::Spans};
use datafusion::arrow::array::Array;

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
    pub fn merge(&mut self, other: &State) {
        self.energy += other.energy;
        self.edge += other.edge;
        self.step2 += other.step2;
        self.covered_ns += other.covered_ns;
        self.gap_ns = self.gap_ns.max(other.gap_ns);
        self.temperature_sum += other.temperature_sum;
        self.memory = self.memory.max(other.memory);
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.samples += other.samples;
        self.temperatures += other.temperatures;
        self.throttled += other.throttled;
        self.throttle_known += other.throttle_known;
    }

    fn add(&mut self, pairs: Pairs) {
        self.energy += pairs.energy;
        self.edge += pairs.edge;
        self.step2 += pairs.step2;
        self.gap_ns = self.gap_ns.max(pairs.gap_ns);
    }
}

/// Successive pairs, or a part of one.
#[derive(Debug, Clone, Copy, Default)]
struct Pairs {
    energy: f64,
    edge: f64,
    step2: f64,
    gap_ns: i64,
}

impl Pairs {
    fn and(self, other: Pairs) -> Pairs {
        Pairs {
            energy: self.energy + other.energy,
            edge: self.edge + other.edge,
            step2: self.step2 + other.step2,
            gap_ns: self.gap_ns.max(other.gap_ns),
        }
    }
}

/// Pairs that are summed at once; a sum in lanes does not wait for the last addition.
const LANES: usize = 4;
/// Readings that are summed up once for all long spans over them.
const BLOCK: usize = 64;
/// Spans of fewer readings are summed directly.
const LONG: usize = 8 * BLOCK;

/// What a counter counted from one reading to the next, J. A fall within a known range is a wrap when the counter would thereby have
/// gone at most half around (serial number arithmetic, RFC 1982), else a reset, which is not a number.
fn rise(before: f64, after: f64, range: f64) -> f64 {
    let rise = after - before;
    if rise >= 0.0 {
        return rise;
    }
    let wrapped = rise + range;
    if wrapped >= 0.0 && wrapped <= range / 2.0 { wrapped } else { f64::NAN }
}

fn pair(meaning: Meaning, width: f64, v0: f64, v1: f64, range: f64) -> (f64, f64) {
    match meaning {
        Meaning::Linear => (width * (v0 + v1) * 0.5, (width * (v1 - v0)) * (width * (v1 - v0))),
        Meaning::Held => (width * v1, 0.0),
        Meaning::Counter => (rise(v0, v1, range), 0.0),
    }
}

/// All pairs of these readings, whole.
fn whole<const MEANING: u8>(t: &[i64], v: &[f64], range: f64) -> Pairs {
    let meaning = [Meaning::Linear, Meaning::Held, Meaning::Counter][MEANING as usize];
    let count = t.len().saturating_sub(1);
    let (mut energy, mut step2, mut gap) = ([0.0; LANES], [0.0; LANES], [0i64; LANES]);
    let mut at = 0;
    while at + LANES <= count {
        let (t, v) = (&t[at..=at + LANES], &v[at..=at + LANES]);
        for lane in 0..LANES {
            let width = t[lane + 1] - t[lane];
            let (e, s) = pair(meaning, width as f64, v[lane], v[lane + 1], range);
            energy[lane] += e;
            step2[lane] += s;
            gap[lane] = gap[lane].max(width);
        }
        at += LANES;
    }
    for at in at..count {
        let width = t[at + 1] - t[at];
        let (e, s) = pair(meaning, width as f64, v[at], v[at + 1], range);
        energy[0] += e;
        step2[0] += s;
        gap[0] = gap[0].max(width);
    }
    let gap_ns = gap.into_iter().max().unwrap_or(0);
    Pairs { energy: energy.iter().sum(), edge: 0.0, step2: step2.iter().sum(), gap_ns }
}

/// Pairs of one block after the other, and of the readings in it.
#[derive(Default)]
pub struct Blocks {
    pairs: Vec<Pairs>,
    inside: Vec<State>,
    filled: bool,
}

/// One piece under the spans of its series.
pub struct Piece<'a> {
    pub readings: &'a Readings<'a>,
    pub blocks: &'a mut Blocks,
}

impl Piece<'_> {
    /// Adds to each span what this piece has of it. `count`: the readings themselves too, not only what lies between.
    pub fn add_to(&mut self, spans: &Spans, states: &mut [State], count: bool) {
        self.blocks.filled = false;
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
            if hi > lo {
                let (a, z) = (start.max(t[lo]), end.min(t[hi]));
                state.covered_ns += z - a;
                state.add(self.cut(lo, hi, a, z));
            }
            if count && after_end > at {
                self.readings_inside(at, after_end, state);
            }
        }
    }

    /// Pairs `lo..hi`, the first from `a` and the last until `z`.
    fn cut(&mut self, lo: usize, hi: usize, a: i64, z: i64) -> Pairs {
        let t = self.readings.t;
        if hi == lo + 1 {
            return self.part(lo, a, z);
        }
        let ends = self.part(lo, a, t[lo + 1]).and(self.part(hi - 1, t[hi - 1], z));
        ends.and(self.pairs(lo + 1, hi - 1))
    }

    /// The pair that begins with reading `at`, from `a` until `z`.
    fn part(&self, at: usize, a: i64, z: i64) -> Pairs {
        let Readings { t, v, range, meaning, .. } = *self.readings;
        let (t0, t1, v0, v1) = (t[at], t[at + 1], v[at], v[at + 1]);
        let width = (t1 - t0) as f64;
        let length = (z - a) as f64;
        let pairs = Pairs { gap_ns: t1 - t0, ..Pairs::default() };
        if t1 == t0 {
            // Two readings at one instant: a step of power is no energy, a step of a counter is.
            let energy = if meaning == Meaning::Counter { rise(v0, v1, range) } else { 0.0 };
            return Pairs { energy, ..pairs };
        }
        let share = length / width;
        let cut = share.min(1.0 - share);
        match meaning {
            Meaning::Linear => {
                let middle = ((a - t0) as f64 + (z - t0) as f64) * 0.5 / width;
                let step = (v1 - v0) * length;
                Pairs { energy: length * (v0 + (v1 - v0) * middle), step2: step * step, ..pairs }
            }
            Meaning::Held => Pairs { energy: length * v1, edge: v1.abs() * width * cut, ..pairs },
            Meaning::Counter => {
                let rise = rise(v0, v1, range);
                Pairs { energy: rise * share, edge: rise * cut, ..pairs }
            }
        }
    }

    /// Pairs between readings `a` and `z`.
    fn pairs(&mut self, a: usize, z: usize) -> Pairs {
        if z <= a {
            return Pairs::default();
        }
        if z - a <= LONG {
            return self.direct(a, z);
        }
        self.fill();
        let (first, last) = (a.div_ceil(BLOCK), z / BLOCK);
        let ends = self.direct(a, first * BLOCK).and(self.direct(last * BLOCK, z));
        self.blocks.pairs[first..last].iter().fold(ends, |sum, block| sum.and(*block))
    }

    fn direct(&self, a: usize, z: usize) -> Pairs {
        let Readings { t, v, range, meaning, .. } = *self.readings;
        if z <= a {
            return Pairs::default();
        }
        let (t, v) = (&t[a..=z], &v[a..=z]);
        match meaning {
            Meaning::Linear => whole::<0>(t, v, range),
            Meaning::Held => whole::<1>(t, v, range),
            Meaning::Counter => whole::<2>(t, v, range),
        }
    }

    /// Readings `a..z` themselves.
    fn readings_inside(&mut self, a: usize, z: usize, state: &mut State) {
        if z - a <= LONG {
            return self.readings.count(a, z, state);
        }
        self.fill();
        let (first, last) = (a.div_ceil(BLOCK), z / BLOCK);
        self.readings.count(a, first * BLOCK, state);
        self.blocks.inside[first..last].iter().for_each(|block| state.merge(block));
        self.readings.count(last * BLOCK, z, state);
    }

    fn fill(&mut self) {
        if self.blocks.filled {
            return;
        }
        let readings = self.readings.t.len();
        let pairs = (0..readings / BLOCK).map(|b| self.direct(b * BLOCK, ((b + 1) * BLOCK).min(readings - 1)));
        let pairs: Vec<Pairs> = pairs.collect();
        let inside = (0..readings / BLOCK).map(|b| {
            let mut state = State::default();
            self.readings.count(b * BLOCK, (b + 1) * BLOCK, &mut state);
            state
        });
        *self.blocks = Blocks { inside: inside.collect(), pairs, filled: true };
    }
}

impl Readings<'_> {
    /// Counts readings `a..z` and what they say beside power.
    fn count(&self, a: usize, z: usize, state: &mut State) {
        if z <= a {
            return;
        }
        state.samples += (z - a) as u32;
        if self.meaning != Meaning::Counter {
            let (least, most) = extremes(&self.v[a..z]);
            (state.least, state.most) = (state.least.min(least), state.most.max(most));
        }
        if let Some(temperature) = &self.temperature {
            let (sum, known) = temperature.sum(a, z);
            state.temperature_sum += sum;
            state.temperatures += known;
        }
        if let Some(memory) = &self.memory {
            state.memory = state.memory.max(memory.max(a, z));
        }
        if let Some(throttled) = self.throttled {
            let slice = throttled.slice(a, z - a);
            state.throttled += slice.true_count() as u32;
            state.throttle_known += (slice.len() - slice.null_count()) as u32;
        }
    }
}

fn extremes(values: &[f64]) -> (f64, f64) {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (mut least, mut most) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let mut see = |lane: usize, v: f64| {
        least[lane] = if v < least[lane] { v } else { least[lane] };
        most[lane] = if v > most[lane] { v } else { most[lane] };
    };
    chunks.iter().for_each(|chunk| (0..LANES).for_each(|lane| see(lane, chunk[lane])));
    rest.iter().for_each(|&v| see(0, v));
    (least.into_iter().fold(f64::INFINITY, f64::min), most.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// First index from `from` on whose instant is no longer `before`; in steps that double, since spans lie close together.
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
