//! Chunks of samples to states of spans: each chunk is a piece, and what lies between pieces is added at the end.

use super::{
    columns::{Chunk, Columns},
    kernel::{Meaning, Piece, State},
    readings::{self, Readings},
    spans::{Key, Spans, Table},
    sums::Tree,
};
use datafusion::{common::exec_err, error::Result};
use pulp::{Arch, Simd, WithSimd};
use std::collections::{BTreeMap, HashMap};

/// The readings at the ends of a piece: its first two and its last two, each once, so that nothing that reaches from one piece to
/// the next is lost.
#[derive(Debug, Clone, Copy)]
struct Edge {
    t: [i64; 4],
    v: [f64; 4],
    count: usize,
}

impl Edge {
    #[inline(always)]
    fn new(t: &[i64], v: &[f64]) -> Self {
        let mut edge = Edge { t: [0; 4], v: [0.0; 4], count: t.len().min(4) };
        for at in 0..edge.count {
            let from = if at < 2 { at } else { t.len() - edge.count + at };
            (edge.t[at], edge.v[at]) = (t[from], v[from]);
        }
        edge
    }

    fn last(&self) -> i64 {
        self.t[self.count - 1]
    }
}

/// One series, as far as it was seen.
struct Series {
    meaning: Meaning,
    /// The group of spans it meets; `None`: nobody asks for it.
    group: Option<usize>,
    range: f64,
    states: Vec<State>,
    edges: Vec<Edge>,
}

/// What one worker has seen.
#[derive(Default)]
pub struct Feeder {
    series: Vec<Series>,
    by_key: HashMap<Key, usize>,
    tree: Tree,
    /// Some chunk was not in order of time: what was gathered is worthless.
    unsorted: bool,
    /// Some row was no reading.
    failed: bool,
}

/// How the values of a series of this kind are to be understood.
fn meaning(kind: Option<&str>) -> Result<Meaning> {
    Ok(match kind {
        None | Some("instant" | "average") => Meaning::Linear,
        Some("interval_mean" | "model") => Meaning::Held,
        Some("counter") => Meaning::Counter,
        Some(other) => {
            return exec_err!(
                "energy_join: unknown kind of reading \"{other}\", use counter, instant, average, interval_mean or model"
            );
        }
    })
}

impl Feeder {
    pub fn unsorted(&self) -> bool {
        self.unsorted
    }

    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Bytes held, for the memory pool.
    pub fn bytes(&self) -> usize {
        self.series
            .iter()
            .map(|s| s.states.capacity() * size_of::<State>() + s.edges.capacity() * size_of::<Edge>())
            .sum()
    }

    pub fn feed(&mut self, columns: &Columns, chunk: &Chunk, table: &Table) -> Result<()> {
        if chunk.t.is_empty() {
            return Ok(());
        }
        for rows in chunk.series()? {
            let Some(key) = chunk.key(rows.start)? else { continue };
            let at = self.series_of(columns, key, table)?;
            let Feeder { series, tree, unsorted, failed, .. } = self;
            let series = &mut series[at];
            if let Some(group) = series.group {
                let spans = &table.groups[group];
                *failed |= readings::with(&chunk.slice(&rows), series.meaning, |readings| {
                    // For the vector instructions that this processor has.
                    *unsorted |= !Arch::new().dispatch(Taking { series, readings, spans, tree });
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn series_of(&mut self, columns: &Columns, key: Key, table: &Table) -> Result<usize> {
        if let Some(&at) = self.by_key.get(&key) {
            return Ok(at);
        }
        let shared: Key = columns.shared.iter().map(|&i| key[i].clone()).collect();
        self.series.push(Series {
            meaning: meaning(columns.kind.map(|i| key[i].as_str()))?,
            group: table.group(&shared),
            range: f64::NAN,
            states: Vec::new(),
            edges: Vec::new(),
        });
        self.by_key.insert(key, self.series.len() - 1);
        Ok(self.series.len() - 1)
    }

    /// Adds what a later worker has seen.
    pub fn merge(&mut self, mut later: Feeder) {
        self.unsorted |= later.unsorted;
        self.failed |= later.failed;
        for (key, at) in later.by_key {
            let theirs = std::mem::replace(&mut later.series[at], Series::nothing());
            match self.by_key.get(&key) {
                Some(&ours) => self.series[ours].merge(theirs),
                None => {
                    self.by_key.insert(key, self.series.len());
                    self.series.push(theirs);
                }
            }
        }
    }

    /// Adds the pairs between pieces. `None`: the samples were not in order of time.
    pub fn finish(mut self, table: &Table) -> Option<Gathered> {
        if self.unsorted {
            return None;
        }
        for series in &mut self.series {
            if let Some(group) = series.group
                && !series.link(table, group, &mut self.tree)
            {
                return None;
            }
        }
        let mut by_group: Vec<BTreeMap<Key, (Meaning, Vec<State>)>> =
            table.groups.iter().map(|_| BTreeMap::new()).collect();
        for (key, at) in self.by_key {
            let series = std::mem::replace(&mut self.series[at], Series::nothing());
            if let Some(group) = series.group {
                by_group[group].insert(key, (series.meaning, series.states));
            }
        }
        Some(Gathered { by_group })
    }
}

impl Series {
    fn nothing() -> Self {
        Series { meaning: Meaning::Linear, group: None, range: f64::NAN, states: Vec::new(), edges: Vec::new() }
    }

    fn merge(&mut self, later: Series) {
        if later.range.is_finite() {
            self.range = later.range;
        }
        self.edges.extend(later.edges);
        match self.states.is_empty() {
            true => self.states = later.states,
            false => self.states.iter_mut().zip(&later.states).for_each(|(ours, theirs)| ours.merge(theirs)),
        }
    }

    /// False if pieces overlap in time.
    fn link(&mut self, table: &Table, group: usize, tree: &mut Tree) -> bool {
        self.edges.sort_by_key(|edge| edge.t[0]);
        if self.edges.windows(2).any(|pair| pair[1].t[0] < pair[0].last()) {
            return false;
        }
        let spans = &table.groups[group];
        let rim = self.edges.iter().enumerate();
        let rim: Vec<(usize, i64, f64)> =
            rim.flat_map(|(piece, edge)| (0..edge.count).map(move |at| (piece, edge.t[at], edge.v[at]))).collect();
        let mut link = |rim: &[(usize, i64, f64)], add: fn(Piece, &Spans, &mut [State])| {
            let (t, v): (Vec<i64>, Vec<f64>) = rim.iter().map(|(_, t, v)| (*t, *v)).unzip();
            let (range, meaning) = (self.range, self.meaning);
            let readings = Readings { t: &t, v: &v, range, meaning, temperature: None, memory: None, throttled: None };
            add(Piece { readings: &readings, tree }, spans, &mut self.states);
        };
        for pair in rim.windows(2).filter(|pair| pair[0].0 != pair[1].0) {
            link(pair, |mut piece, spans, states| piece.add_to(spans, states, false));
        }
        for three in rim.windows(3).filter(|three| three[0].0 != three[2].0) {
            link(three, |piece, spans, states| piece.add_residual(spans, states));
        }
        true
    }
}

/// Readings about to be added to their series. Whether they are in order of time; else nothing is added.
struct Taking<'a> {
    series: &'a mut Series,
    readings: &'a Readings<'a>,
    spans: &'a Spans,
    tree: &'a mut Tree,
}

impl WithSimd for Taking<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let Taking { series, readings, spans, tree } = self;
        let (t, v) = (readings.t, readings.v);
        if t.is_empty() {
            return true;
        }
        if t.iter().zip(&t[1..]).fold(false, |bad, (before, after)| bad | (after < before)) {
            return false;
        }
        if readings.range.is_finite() {
            series.range = readings.range;
        }
        series.edges.push(Edge::new(t, v));
        series.states.resize(spans.len(), State::default());
        Piece { readings, tree }.add_to(spans, &mut series.states, true);
        true
    }
}

/// The result: for each group of spans its series by key, and for each of them the states of the group's spans (none where no
/// reading was seen).
pub struct Gathered {
    pub by_group: Vec<BTreeMap<Key, (Meaning, Vec<State>)>>,
}
