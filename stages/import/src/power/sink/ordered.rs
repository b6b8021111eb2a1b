//! A series in order of time, one row an instant: several readings of one instant are their mean.

use super::series::{CHUNK, Chunk, Columns, EXTRAS, Page, Store};
use std::{cmp::Reverse, collections::BinaryHeap, io};

/// Rows of a chunk that are in memory while several are merged.
const STEP: usize = 8192;

/// Gives the series in pages. In memory are one chunk, or a step of every stretch that overlaps another.
pub fn read(store: &Store, series: usize, each: &mut dyn FnMut(Page) -> io::Result<()>) -> io::Result<()> {
    let mut means = Means { each, rows: Columns::default(), out: Columns::default() };
    let stretches = stretches(&store.series[series].chunks);
    if let [only] = stretches.as_slice() {
        for chunk in only {
            store.page(chunk, 0, chunk.rows, |page| means.page(page))??;
        }
    } else {
        merge(store, &stretches, &mut means)?;
    }
    means.finish()
}

/// Chunks that follow one another in time, together.
fn stretches(chunks: &[Chunk]) -> Vec<Vec<&Chunk>> {
    let mut stretches: Vec<Vec<&Chunk>> = Vec::new();
    for chunk in chunks {
        match stretches.last_mut().filter(|s| s.last().is_some_and(|before| before.last <= chunk.first)) {
            Some(stretch) => stretch.push(chunk),
            None => stretches.push(vec![chunk]),
        }
    }
    stretches
}

/// Where a stretch stands.
struct Cursor<'a> {
    stretch: &'a [&'a Chunk],
    chunk: usize,
    from: usize,
    rows: Columns,
    at: usize,
}

impl Cursor<'_> {
    /// The instant of its next row.
    fn next(&mut self, store: &Store) -> io::Result<Option<i64>> {
        while self.at == self.rows.len() {
            let Some(chunk) = self.stretch.get(self.chunk) else { return Ok(None) };
            let rows = &mut self.rows;
            rows.clear();
            store.page(chunk, self.from, self.from + STEP, |page| {
                (0..page.len()).for_each(|row| rows.push_row(&page, row))
            })?;
            (self.from, self.at) = (self.from + STEP, 0);
            if self.from >= chunk.rows {
                (self.chunk, self.from) = (self.chunk + 1, 0);
            }
        }
        Ok(Some(self.rows.t[self.at]))
    }
}

fn merge(store: &Store, stretches: &[Vec<&Chunk>], means: &mut Means) -> io::Result<()> {
    let start = |stretch| Cursor { stretch, chunk: 0, from: 0, rows: Columns::default(), at: 0 };
    let mut cursors: Vec<Cursor> = stretches.iter().map(|s| start(s.as_slice())).collect();
    let mut heap = BinaryHeap::new();
    for (i, cursor) in cursors.iter_mut().enumerate() {
        heap.extend(cursor.next(store)?.map(|t| Reverse((t, i))));
    }
    let mut out = Columns::default();
    while let Some(Reverse((_, i))) = heap.pop() {
        let cursor = &mut cursors[i];
        out.push_row(&cursor.rows.page(), cursor.at);
        cursor.at += 1;
        heap.extend(cursor.next(store)?.map(|t| Reverse((t, i))));
        if out.len() == CHUNK {
            means.columns(&mut out)?;
        }
    }
    means.columns(&mut out)
}

/// Takes pages in order of time and passes them on without repeated instants.
struct Means<'a> {
    each: &'a mut dyn FnMut(Page) -> io::Result<()>,
    /// The rows of the last instant: more of it may come.
    rows: Columns,
    out: Columns,
}

impl Means<'_> {
    fn columns(&mut self, columns: &mut Columns) -> io::Result<()> {
        self.page(columns.page())?;
        columns.clear();
        Ok(())
    }

    fn page(&mut self, page: Page) -> io::Result<()> {
        let Some(last) = page.len().checked_sub(1) else { return Ok(()) };
        if page.t.windows(2).all(|pair| pair[0] < pair[1]) && self.rows.t.first().is_none_or(|t| *t < page.t[0]) {
            self.close();
            self.give()?;
            if last > 0 {
                (self.each)(page.slice(0, last))?;
            }
            self.rows.push_row(&page, last);
            return Ok(());
        }
        for row in 0..page.len() {
            if self.rows.t.first().is_some_and(|t| *t != page.t[row]) {
                self.close();
            }
            self.rows.push_row(&page, row);
            if self.out.len() >= CHUNK {
                self.give()?;
            }
        }
        Ok(())
    }

    /// The rows of one instant become one.
    fn close(&mut self) {
        let Some(&t) = self.rows.t.first() else { return };
        let mean = |values: &[f64]| {
            let known = values.iter().filter(|v| !v.is_nan());
            let (sum, count) = known.fold((0.0, 0u32), |(sum, n), v| (sum + v, n + 1));
            if count == 0 { f64::NAN } else { sum / f64::from(count) }
        };
        let extras: [f64; EXTRAS] = std::array::from_fn(|e| mean(&self.rows.extras[e]));
        self.out.push(t, mean(&self.rows.v), Some(&extras));
        self.rows.clear();
    }

    fn give(&mut self) -> io::Result<()> {
        let Means { each, out, .. } = self;
        if out.len() > 0 {
            each(out.page())?;
            out.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.close();
        self.give()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(store: &mut Store) -> Vec<(i64, f64, f64)> {
        store.close_all().unwrap();
        let mut rows = Vec::new();
        let mut each = |page: Page| {
            rows.extend(
                (0..page.len()).map(|i| (page.t[i], page.v[i], page.extras[1].get(i).copied().unwrap_or(f64::NAN))),
            );
            Ok(())
        };
        read(store, 0, &mut each).unwrap();
        rows
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path().into(), 16 << 20);
        store.add();
        (folder, store)
    }

    #[test]
    fn instants_in_any_order_come_once_and_sorted() {
        let (_folder, mut store) = store();
        for (t, v) in [(3, 30.0), (1, 10.0), (3, 40.0), (2, f64::NAN), (3, f64::NAN)] {
            store.push(0, t, v, None).unwrap();
        }
        let rows = read_all(&mut store);
        assert_eq!((rows[0].0, rows[0].1, rows[2].0, rows[2].1, rows.len()), (1, 10.0, 3, 35.0, 3));
        assert!(rows[1].1.is_nan());
    }

    /// More than the budget, so that some is aside; stretches that overlap, so that they are merged.
    #[test]
    fn a_series_larger_than_the_budget_comes_back_whole() {
        let n = 1_500_000_i64;
        for backwards in [false, true] {
            let (_folder, mut store) = store();
            for i in 0..n {
                // Every stretch of 100,000 lies before the one that came first.
                let t = if backwards { (n / 100_000 - 1 - i / 100_000) * 100_000 + i % 100_000 } else { i };
                let mut extras = super::super::series::NO_EXTRAS;
                extras[1] = if t % 2 == 0 { t as f64 } else { f64::NAN };
                store.push(0, t, 2.0 * t as f64, Some(&extras)).unwrap();
            }
            let rows = read_all(&mut store);
            assert_eq!(rows.len() as i64, n);
            let right = |(i, row): (i64, &(i64, f64, f64))| {
                row.0 == i && row.1 == 2.0 * i as f64 && if i % 2 == 0 { row.2 == i as f64 } else { row.2.is_nan() }
            };
            assert!((0..n).zip(&rows).all(right));
        }
    }
}
