//! Sums over stretches of readings: directly in lanes, or by a binary tree over blocks of them when many spans cover the same ones.
//!
//! The compiler makes vector code of these loops; [`super::feed`] calls them for the best instructions of the processor. The
//! number of lanes is fixed, so every processor gets the same sums.

use super::{
    kernel::{Meaning, Sums, rise},
    readings::Readings,
};
use datafusion::arrow::array::Array;
use std::ops::Range;

/// Pairs that are summed at once; a sum in lanes does not wait for the last addition.
const LANES: usize = 8;
/// Readings of a leaf of the tree.
const BLOCK: usize = 16;
/// Stretches of fewer readings are summed directly.
const LONG: usize = 8 * BLOCK;

/// Sums of blocks, of pairs of blocks, and so on, of one piece; made once its spans have cost as much as making it does.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<Sums>,
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

    /// Adds readings `a..z`, the pairs among them, and the residuals whose three readings begin with one of `threes`.
    #[inline(always)]
    pub fn add(&mut self, readings: &Readings, a: usize, z: usize, threes: Range<usize>, sums: &mut Sums) {
        if z <= a {
            return;
        }
        if z - a > LONG {
            self.spent += z - a;
            if self.spent > readings.t.len() {
                return self.add_nodes(readings, a, z, threes, sums);
            }
        }
        readings.sum(a, z, z - 1, threes, sums);
    }

    #[inline(always)]
    fn add_nodes(&mut self, readings: &Readings, a: usize, z: usize, threes: Range<usize>, sums: &mut Sums) {
        if self.levels.is_empty() {
            self.fill(readings);
        }
        // A block has the pair that leads on to the next one and the residuals that begin in it, so the last readings stay out of them.
        let (mut from, mut to) = (a.div_ceil(BLOCK), threes.end.min(z - 1) / BLOCK);
        if to < from {
            return readings.sum(a, z, z - 1, threes, sums);
        }
        readings.sum(a, from * BLOCK, from * BLOCK, threes.start..from * BLOCK, sums);
        readings.sum(to * BLOCK, z, z - 1, to * BLOCK..threes.end, sums);
        let mut level = 0;
        while from < to {
            let first = self.levels[level];
            if from % 2 == 1 {
                sums.merge(&self.nodes[first + from]);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                sums.merge(&self.nodes[first + to]);
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
            let mut sums = Sums::default();
            readings.sum(a, z, z.min(count - 1), a..z.min(count - 2), &mut sums);
            self.nodes.push(sums);
        }
        let mut first = 0;
        self.levels.push(first);
        while blocks > 1 {
            for pair in 0..blocks / 2 {
                let mut sums = self.nodes[first + 2 * pair];
                sums.merge(&self.nodes[first + 2 * pair + 1]);
                self.nodes.push(sums);
            }
            first += blocks;
            self.levels.push(first);
            blocks /= 2;
        }
    }
}

impl Readings<'_> {
    /// Adds readings `a..z`, the pairs that begin with `a..p`, whole, and the residuals whose three readings begin with one of `threes`.
    #[inline(always)]
    pub fn sum(&self, a: usize, z: usize, p: usize, threes: Range<usize>, sums: &mut Sums) {
        if !threes.is_empty() && self.meaning == Meaning::Linear {
            let readings = threes.start..=threes.end + 1;
            sums.add_residuals(&self.t[readings.clone()], &self.v[readings]);
        }
        if z <= a {
            return;
        }
        if p > a {
            let (t, v) = (&self.t[a..=p], &self.v[a..=p]);
            match self.meaning {
                Meaning::Linear => linear(t, v, sums),
                Meaning::Held => held(t, v, sums),
                Meaning::Counter => counter(t, v, self.range, sums),
            }
        }
        self.count(a, z, sums);
    }

    /// Counts readings `a..z`, and what they say themselves.
    #[inline(always)]
    pub fn count(&self, a: usize, z: usize, sums: &mut Sums) {
        if z <= a {
            return;
        }
        sums.samples += (z - a) as u32;
        if self.meaning != Meaning::Counter {
            let (least, most) = extremes(&self.v[a..z]);
            (sums.least, sums.most) = (smaller(sums.least, least), larger(sums.most, most));
        }
        if let Some(temperature) = &self.temperature {
            let (sum, known) = temperature.sum(a, z);
            sums.temperature_sum += sum;
            sums.temperatures += known;
        }
        if let Some(memory) = &self.memory {
            sums.memory = larger(sums.memory, memory.max(a, z));
        }
        if let Some(throttled) = self.throttled {
            let slice = throttled.slice(a, z - a);
            sums.throttled += slice.true_count() as u32;
            sums.throttle_known += (slice.len() - slice.null_count()) as u32;
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

/// Sum of `pair(width, v0, v1)`, and the longest width.
#[inline(always)]
fn pairs(t: &[i64], v: &[f64], mut pair: impl FnMut(usize, f64, f64, f64) -> f64) -> (f64, i64) {
    let count = t.len() - 1;
    let (mut energy, mut gap) = ([0.0; LANES], [0.0f64; LANES]);
    let mut at = 0;
    if ((t[count] - t[0]) as u64) < EXACT as u64 {
        while at + LANES <= count {
            let (t, v) = (&t[at..=at + LANES], &v[at..=at + LANES]);
            for lane in 0..LANES {
                let width = short(t[lane], t[lane + 1]);
                energy[lane] += pair(lane, width, v[lane], v[lane + 1]);
                gap[lane] = larger(gap[lane], width);
            }
            at += LANES;
        }
    }
    let mut longest = gap.into_iter().fold(0.0, larger) as i64;
    for at in at..count {
        let width = t[at + 1] - t[at];
        energy[0] += pair(0, width as f64, v[at], v[at + 1]);
        longest = longest.max(width);
    }
    (energy.iter().sum(), longest)
}

#[inline(always)]
fn linear(t: &[i64], v: &[f64], sums: &mut Sums) {
    let (twice, gap) = pairs(t, v, |_, width, v0, v1| width * (v0 + v1));
    sums.energy += 0.5 * twice;
    sums.gap_ns = sums.gap_ns.max(gap);
}

#[inline(always)]
fn held(t: &[i64], v: &[f64], sums: &mut Sums) {
    let (energy, gap) = pairs(t, v, |_, width, _, v1| width * v1);
    sums.energy += energy;
    sums.gap_ns = sums.gap_ns.max(gap);
}

#[inline(always)]
fn counter(t: &[i64], v: &[f64], range: f64, sums: &mut Sums) {
    let (mut least, mut most) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (energy, gap) = pairs(t, v, |lane, width, v0, v1| {
        let rise = rise(v0, v1, range);
        let power = rise / width;
        // Two readings at one instant have no power: infinite or not a number, which is neither smaller nor finite.
        least[lane] = smaller(least[lane], power);
        most[lane] = larger(most[lane], if width > 0.0 { power } else { f64::NEG_INFINITY });
        rise
    });
    sums.energy += energy;
    sums.gap_ns = sums.gap_ns.max(gap);
    sums.least = smaller(sums.least, least.into_iter().fold(f64::INFINITY, smaller));
    sums.most = larger(sums.most, most.into_iter().fold(f64::NEG_INFINITY, larger));
}

/// A reading's squared distance from the line through its neighbours, divided by what the variance of one reading is multiplied with
/// in it, times the squared time that the reading stands for; widths before and after it.
#[inline(always)]
fn residual2(before: f64, after: f64, v: [f64; 3]) -> f64 {
    let both = before + after;
    let distance = after * v[0] + before * v[2] - both * v[1];
    let variance = before * before + after * after + both * both;
    // Three readings at one instant have no residual.
    distance * distance * (both * both) / (4.0 * variance + f64::MIN_POSITIVE)
}

impl Sums {
    /// Adds the residual of each reading that has two neighbours.
    #[inline(always)]
    pub fn add_residuals(&mut self, t: &[i64], v: &[f64]) {
        let Some(count) = t.len().checked_sub(2) else { return };
        let mut sum = [0.0; LANES];
        let mut at = 0;
        if ((t[count + 1] - t[0]) as u64) < EXACT as u64 {
            while at + LANES <= count {
                let (t, v) = (&t[at..=at + LANES + 1], &v[at..=at + LANES + 1]);
                for lane in 0..LANES {
                    let (before, after) = (short(t[lane], t[lane + 1]), short(t[lane + 1], t[lane + 2]));
                    sum[lane] += residual2(before, after, [v[lane], v[lane + 1], v[lane + 2]]);
                }
                at += LANES;
            }
        }
        for at in at..count {
            let (before, after) = ((t[at + 1] - t[at]) as f64, (t[at + 2] - t[at + 1]) as f64);
            sum[0] += residual2(before, after, [v[at], v[at + 1], v[at + 2]]);
        }
        self.residual2 += sum.iter().sum::<f64>();
        self.residuals += count as u32;
    }
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
