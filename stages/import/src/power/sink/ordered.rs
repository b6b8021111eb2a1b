//! A series in order of time, one row an instant: several readings of one instant are their mean.

use super::series::{CHUNK, Chunk, Columns, EXTRAS, Page, Store};
use std::io;

/// Rows of one stretch of time that are sorted in memory at once: as many as fit beside what the store keeps.
const TOGETHER: usize = 1 << 20;

/// Gives the series in pages. In memory is one chunk, or at most `TOGETHER` rows of those that share a stretch of time.
pub fn read(store: &Store, series: usize, each: &mut dyn FnMut(Page) -> io::Result<()>) -> io::Result<()> {
    go_through(
        store,
        series,
        &mut Means { each, rows: Columns::default(), out: Columns::default(), holes: &[], unlike: None },
    )
}

/// The first instant outside of some times that has unlike readings.
pub fn unlike(store: &Store, series: usize, holes: &[(i64, i64)]) -> io::Result<Option<(i64, f64, f64)>> {
    let each = &mut |_: Page| Ok(());
    let mut means = Means { each, rows: Columns::default(), out: Columns::default(), holes, unlike: None };
    go_through(store, series, &mut means)?;
    Ok(means.unlike)
}

fn go_through(store: &Store, series: usize, means: &mut Means) -> io::Result<()> {
    let mut chunks: Vec<&Chunk> = store.series[series].chunks.iter().collect();
    chunks.sort_by_key(|chunk| chunk.first);
    let mut rest = chunks.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        let mut latest = first.last;
        let shares = |chunk: &&&Chunk| {
            let shares = chunk.first < latest;
            latest = latest.max(chunk.last);
            shares
        };
        let several = 1 + behind.iter().take_while(shares).count();
        let together;
        (together, rest) = rest.split_at(several);
        sort(store, together, (first.first, latest), means)?;
    }
    means.finish()
}

/// Gives the rows of some chunks from one instant to another, in order. Where they are too many, each half of that time is read for itself.
fn sort(store: &Store, chunks: &[&Chunk], (from, to): (i64, i64), means: &mut Means) -> io::Result<()> {
    let mut rows = Columns::default();
    for chunk in chunks.iter().filter(|chunk| chunk.first <= to && chunk.last >= from) {
        store.page(chunk, |page| {
            if from <= chunk.first && chunk.last <= to {
                return rows.extend(&page);
            }
            (0..page.len()).filter(|row| (from..=to).contains(&page.t[*row])).for_each(|row| rows.push_row(&page, row));
        })?;
        if rows.len() > TOGETHER && from < to {
            drop(rows);
            let middle = from.midpoint(to);
            sort(store, chunks, (from, middle), means)?;
            return sort(store, chunks, (middle + 1, to), means);
        }
    }
    rows.sort();
    (0..rows.len()).step_by(CHUNK).try_for_each(|at| means.page(rows.page().slice(at, rows.len().min(at + CHUNK))))
}

/// Takes pages in order of time and passes them on without repeated instants.
struct Means<'a> {
    each: &'a mut dyn FnMut(Page) -> io::Result<()>,
    /// The rows of the last instant: more of it may come.
    rows: Columns,
    out: Columns,
    /// Times in which unlike readings are no question.
    holes: &'a [(i64, i64)],
    unlike: Option<(i64, f64, f64)>,
}

impl Means<'_> {
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
        if self.rows.len() > 1
            && self.unlike.is_none()
            && !self.holes.iter().any(|(from, to)| (*from..=*to).contains(&t))
        {
            let mut known = self.rows.v.iter().filter(|v| !v.is_nan());
            let first = known.next();
            self.unlike = first.and_then(|a| known.find(|b| *b != a).map(|b| (t, *a, *b)));
        }
        let mean = |values: &[f64]| {
            let known = values.iter().filter(|v| !v.is_nan());
            let (sum, count) = known.fold((0.0, 0u32), |(sum, n), v| (sum + v, n + 1));
            // Equal ones stay what they are to the last digit.
            match values.iter().find(|v| !v.is_nan()) {
                Some(first) if values.iter().all(|v| v.is_nan() || v == first) => *first,
                _ if count == 0 => f64::NAN,
                _ => sum / f64::from(count),
            }
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

    fn finish(&mut self) -> io::Result<()> {
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

    /// Of a shuffled log every chunk covers all of the time: it is read in stretches that fit into memory.
    #[test]
    fn more_than_is_sorted_at_once_comes_back_whole() {
        let (n, step) = (3 * TOGETHER as i64 + 1, 1_000_003);
        let (_folder, mut store) = store();
        (0..n).for_each(|i| store.push(0, i * step % n, i as f64, None).unwrap());
        let rows = read_all(&mut store);
        assert_eq!(rows.len() as i64, n);
        assert!((0..n).zip(&rows).all(|(t, row)| row.0 == t && (row.1 as i64) * step % n == t && row.2.is_nan()));
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
