//! Sums over stretches of readings: directly in lanes, or by a binary tree over blocks of them when many spans cover the same ones.
//!
//! The compiler makes vector code of these loops; [`super::feed`] calls them for the best instructions of the processor. The
//! number of lanes is fixed, so every processor gets the same sums.

use super::{
    kernel::{Meaning, State, rise},
    readings::Readings,
};
use datafusion::arrow::array::Array;

/// Pairs that are summed at once; a sum in lanes does not wait for the last addition.
const LANES: usize = 8;
/// Readings of a leaf of the tree.
const BLOCK: usize = 16;
/// Stretches of fewer readings are summed directly.
const LONG: usize = 8 * BLOCK;

/// States of blocks, of pairs of blocks, and so on, of one piece; made once its spans have cost as much as making it does.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<State>,
    /// Where each level begins, and the end.
    levels: Vec<usize>,
    spent: usize,
}

impl Tree {
    /// For another piece.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.levels.clear();
        self.spent = 0;
    }

    /// Adds readings `a..z` and the pairs among them.
    #[inline(always)]
    pub fn add(&mut self, readings: &Readings, a: usize, z: usize, state: &mut State) {
        if z <= a {
            return;
        }
        if z - a > LONG {
            self.spent += z - a;
            if self.spent > readings.t.len() {
                return self.add_nodes(readings, a, z, state);
            }
        }
        readings.sum(a, z, z - 1, state);
    }

    #[inline(always)]
    fn add_nodes(&mut self, readings: &Readings, a: usize, z: usize, state: &mut State) {
        if self.levels.is_empty() {
            self.fill(readings);
        }
        // A block has the pair that leads on to the next one, so the last reading stays out of them.
        let (mut from, mut to) = (a.div_ceil(BLOCK), (z - 1) / BLOCK);
        readings.sum(a, from * BLOCK, from * BLOCK, state);
        readings.sum(to * BLOCK, z, z - 1, state);
        let mut level = 0;
        while from < to {
            let first = self.levels[level];
            if from % 2 == 1 {
                state.merge(&self.nodes[first + from]);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                state.merge(&self.nodes[first + to]);
            }
            (from, to, level) = (from / 2, to / 2, level + 1);
        }
    }

    #[inline(always)]
    fn fill(&mut self, readings: &Readings) {
        let count = readings.t.len();
        let mut blocks = count / BLOCK;
        for block in 0..blocks {
            let (a, z) = (block * BLOCK, (block + 1) * BLOCK);
            let mut state = State::default();
            readings.sum(a, z, z.min(count - 1), &mut state);
            self.nodes.push(state);
        }
        let mut first = 0;
        self.levels.push(first);
        while blocks > 1 {
            for pair in 0..blocks / 2 {
                let mut state = self.nodes[first + 2 * pair];
                state.merge(&self.nodes[first + 2 * pair + 1]);
                self.nodes.push(state);
            }
            first += blocks;
            self.levels.push(first);
            blocks /= 2;
        }
    }
}

impl Readings<'_> {
    /// Adds readings `a..z` and the pairs that begin with `a..p`, whole.
    #[inline(always)]
    pub fn sum(&self, a: usize, z: usize, p: usize, state: &mut State) {
        if z <= a {
            return;
        }
        if p > a {
            let (t, v) = (&self.t[a..=p], &self.v[a..=p]);
            match self.meaning {
                Meaning::Linear => linear(t, v, state),
                Meaning::Held => held(t, v, state),
                Meaning::Counter => counter(t, v, self.range, state),
            }
        }
        self.count(a, z, state);
    }

    /// Counts readings `a..z`, and what they say themselves.
    #[inline(always)]
    pub fn count(&self, a: usize, z: usize, state: &mut State) {
        if z <= a {
            return;
        }
        state.samples += (z - a) as u32;
        if self.meaning != Meaning::Counter {
            let (least, most) = extremes(&self.v[a..z]);
            (state.least, state.most) = (smaller(state.least, least), larger(state.most, most));
        }
        if let Some(temperature) = &self.temperature {
            let (sum, known) = temperature.sum(a, z);
            state.temperature_sum += sum;
            state.temperatures += known;
        }
        if let Some(memory) = &self.memory {
            state.memory = larger(state.memory, memory.max(a, z));
        }
        if let Some(throttled) = self.throttled {
            let slice = throttled.slice(a, z - a);
            state.throttled += slice.true_count() as u32;
            state.throttle_known += (slice.len() - slice.null_count()) as u32;
        }
    }
}

/// Of numbers, as processors do it in one instruction.
#[inline(always)]
pub fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

#[inline(always)]
pub fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// 2^52 as a number, whose bits take up any smaller whole number as they are.
const EXACT: f64 = 4_503_599_627_370_496.0;

/// Nanoseconds between successive instants, at most 2^52 (52 days): exact, and in vectors, which have no conversion of their own.
#[inline(always)]
fn short(t0: i64, t1: i64) -> f64 {
    f64::from_bits(EXACT.to_bits() | (t1 - t0) as u64) - EXACT
}

/// Sums of `pair(width, v0, v1)`, two at a time, and the longest width.
#[inline(always)]
fn pairs(t: &[i64], v: &[f64], pair: impl Fn(f64, f64, f64) -> (f64, f64)) -> (f64, f64, i64) {
    let count = t.len() - 1;
    let (mut energy, mut step2, mut gap) = ([0.0; LANES], [0.0; LANES], [0.0f64; LANES]);
    let mut at = 0;
    if ((t[count] - t[0]) as u64) < EXACT as u64 {
        while at + LANES <= count {
            let (t, v) = (&t[at..=at + LANES], &v[at..=at + LANES]);
            for lane in 0..LANES {
                let width = short(t[lane], t[lane + 1]);
                let (e, s) = pair(width, v[lane], v[lane + 1]);
                energy[lane] += e;
                step2[lane] += s;
                gap[lane] = larger(gap[lane], width);
            }
            at += LANES;
        }
    }
    let mut longest = gap.into_iter().fold(0.0, larger) as i64;
    for at in at..count {
        let width = t[at + 1] - t[at];
        let (e, s) = pair(width as f64, v[at], v[at + 1]);
        energy[0] += e;
        step2[0] += s;
        longest = longest.max(width);
    }
    (energy.iter().sum(), step2.iter().sum(), longest)
}

#[inline(always)]
fn linear(t: &[i64], v: &[f64], state: &mut State) {
    let (twice, step2, gap) = pairs(t, v, |width, v0, v1| {
        let step = width * (v1 - v0);
        (width * (v0 + v1), step * step)
    });
    state.energy += 0.5 * twice;
    state.step2 += step2;
    state.gap_ns = state.gap_ns.max(gap);
}

#[inline(always)]
fn held(t: &[i64], v: &[f64], state: &mut State) {
    let (energy, _, gap) = pairs(t, v, |width, _, v1| (width * v1, 0.0));
    state.energy += energy;
    state.gap_ns = state.gap_ns.max(gap);
}

#[inline(always)]
fn counter(t: &[i64], v: &[f64], range: f64, state: &mut State) {
    let (energy, _, gap) = pairs(t, v, |_, v0, v1| (rise(v0, v1, range), 0.0));
    state.energy += energy;
    state.gap_ns = state.gap_ns.max(gap);
}

#[inline(always)]
fn extremes(values: &[f64]) -> (f64, f64) {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (mut least, mut most) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for chunk in chunks {
        for lane in 0..LANES {
            least[lane] = smaller(least[lane], chunk[lane]);
            most[lane] = larger(most[lane], chunk[lane]);
        }
    }
    for &v in rest {
        (least[0], most[0]) = (smaller(least[0], v), larger(most[0], v));
    }
    (least.into_iter().fold(f64::INFINITY, smaller), most.into_iter().fold(f64::NEG_INFINITY, larger))
}
