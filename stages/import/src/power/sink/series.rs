//! Readings by series, as columns: in memory up to a budget, above it aside in a file without a name.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
};

/// What a sensor may say beside power: temperature_c, memory_mb, utilisation_pct, clock_mhz, power_limit_w, throttled (0 or 1).
pub const EXTRAS: usize = 6;
pub const NO_EXTRAS: [f64; EXTRAS] = [f64::NAN; EXTRAS];

/// Rows of a chunk.
pub const CHUNK: usize = 1 << 16;
/// Bytes of closed chunks that stay in memory: 8 million readings.
pub const BUDGET: usize = 128 << 20;
/// Rows that may be in open chunks together.
const OPEN_ROWS: usize = 4 << 20;

/// Rows of one series. A value that is no number is a reading that failed; an extra that never came is an empty column.
#[derive(Debug, Default, Clone)]
pub struct Columns {
    pub t: Vec<i64>,
    pub v: Vec<f64>,
    pub extras: [Vec<f64>; EXTRAS],
    has_extras: bool,
}

/// Some of them.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub t: &'a [i64],
    pub v: &'a [f64],
    pub extras: [&'a [f64]; EXTRAS],
}

impl Columns {
    pub fn len(&self) -> usize {
        self.t.len()
    }

    fn with_capacity(rows: usize) -> Self {
        Columns { t: Vec::with_capacity(rows), v: Vec::with_capacity(rows), ..Columns::default() }
    }

    pub fn page(&self) -> Page<'_> {
        Page { t: &self.t, v: &self.v, extras: self.extras.each_ref().map(Vec::as_slice) }
    }

    #[inline]
    pub fn push(&mut self, t: i64, v: f64, extras: Option<&[f64; EXTRAS]>) {
        self.t.push(t);
        self.v.push(v);
        if extras.is_none() && !self.has_extras {
            return;
        }
        let before = self.t.len() - 1;
        for (at, column) in self.extras.iter_mut().enumerate() {
            let value = extras.map_or(f64::NAN, |e| e[at]);
            if !column.is_empty() || !value.is_nan() {
                column.resize(before, f64::NAN);
                column.push(value);
                self.has_extras = true;
            }
        }
    }

    pub fn push_row(&mut self, page: &Page, row: usize) {
        let extras: [f64; EXTRAS] = std::array::from_fn(|e| page.extras[e].get(row).copied().unwrap_or(f64::NAN));
        let has_any = page.extras.iter().any(|column| !column.is_empty());
        self.push(page.t[row], page.v[row], has_any.then_some(&extras));
    }

    pub fn extend(&mut self, page: &Page) {
        let before = self.len();
        self.t.extend_from_slice(page.t);
        self.v.extend_from_slice(page.v);
        for (column, values) in self.extras.iter_mut().zip(page.extras).filter(|(c, v)| !c.is_empty() || !v.is_empty())
        {
            column.resize(before, f64::NAN);
            column.extend_from_slice(values);
            column.resize(self.t.len(), f64::NAN);
            self.has_extras = true;
        }
    }

    pub fn clear(&mut self) {
        self.t.clear();
        self.v.clear();
        self.extras.iter_mut().for_each(Vec::clear);
        self.has_extras = false;
    }

    /// Takes the last row away.
    fn pop(&mut self) -> Option<(i64, f64, [f64; EXTRAS])> {
        let row = self.t.len().checked_sub(1)?;
        let extras = self.extras.each_mut().map(|column| match column.len() > row {
            true => column.pop().unwrap_or(f64::NAN),
            false => f64::NAN,
        });
        Some((self.t.pop()?, self.v.pop()?, extras))
    }

    /// In order of time; rows of one instant stay in theirs.
    pub fn sort(&mut self) {
        if self.t.is_sorted() {
            return;
        }
        let mut order: Vec<u32> = (0..self.t.len() as u32).collect();
        order.sort_by_key(|&row| self.t[row as usize]);
        let moved = |column: &[f64]| order.iter().map(|&row| column[row as usize]).collect();
        self.v = moved(&self.v);
        self.extras.iter_mut().filter(|c| !c.is_empty()).for_each(|c| *c = moved(c));
        self.t = order.iter().map(|&row| self.t[row as usize]).collect();
    }
}

impl<'a> Page<'a> {
    pub fn len(&self) -> usize {
        self.t.len()
    }

    pub fn slice(&self, from: usize, to: usize) -> Page<'a> {
        let part = |column: &'a [f64]| if column.is_empty() { column } else { &column[from..to] };
        Page { t: &self.t[from..to], v: &self.v[from..to], extras: self.extras.map(part) }
    }
}

#[derive(Debug)]
enum Place {
    Memory(Columns),
    /// Where it begins in the file, and which extras it has.
    Aside {
        at: u64,
        extras: [bool; EXTRAS],
    },
}

/// A stretch of a series, sorted in itself.
#[derive(Debug)]
pub struct Chunk {
    pub first: i64,
    pub last: i64,
    pub rows: usize,
    /// Which of the clock's stretches it is of.
    pub stretch: u32,
    place: Place,
}

/// The readings of one sensor in one way of reading it.
#[derive(Debug, Default)]
pub struct Series {
    open: Columns,
    pub chunks: Vec<Chunk>,
    stretch: u32,
}

/// All series of an import.
#[derive(Debug)]
pub struct Store {
    pub series: Vec<Series>,
    folder: PathBuf,
    budget: usize,
    aside: Option<File>,
    written: u64,
    held: usize,
    open_rows: usize,
}

impl Store {
    /// `folder`: where room is for what does not fit into `budget` bytes of memory.
    pub fn new(folder: PathBuf, budget: usize) -> Self {
        Store { series: Vec::new(), folder, budget, aside: None, written: 0, held: 0, open_rows: 0 }
    }

    pub fn add(&mut self) -> usize {
        self.series.push(Series::default());
        self.series.len() - 1
    }

    #[inline]
    pub fn push(&mut self, series: usize, t: i64, v: f64, extras: Option<&[f64; EXTRAS]>) -> io::Result<()> {
        let open = &mut self.series[series].open;
        open.push(t, v, extras);
        self.open_rows += 1;
        if open.len() > CHUNK {
            self.close_but_last(series)?;
        }
        if self.open_rows > OPEN_ROWS {
            (0..self.series.len()).try_for_each(|series| self.close_but_last(series))?;
        }
        Ok(())
    }

    /// The last row may turn out to be of the next stretch.
    fn close_but_last(&mut self, series: usize) -> io::Result<()> {
        self.begin_stretch(series, self.series[series].stretch as usize, true)
    }

    /// The next row is of this stretch of the series' clock, and so is the last one if it is `taken` along.
    pub fn begin_stretch(&mut self, series: usize, stretch: usize, taken: bool) -> io::Result<()> {
        let row = if taken { self.series[series].open.pop() } else { None };
        self.open_rows -= usize::from(row.is_some());
        self.close(series)?;
        self.series[series].stretch = stretch as u32;
        if let Some((t, v, extras)) = row {
            self.series[series].open.push(t, v, extras.iter().any(|e| !e.is_nan()).then_some(&extras));
            self.open_rows += 1;
        }
        Ok(())
    }

    /// To be called when nothing more comes.
    pub fn close_all(&mut self) -> io::Result<()> {
        (0..self.series.len()).try_for_each(|series| self.close(series))
    }

    fn close(&mut self, series: usize) -> io::Result<()> {
        let full = self.series[series].open.len() >= CHUNK;
        // A series that filled a chunk fills another.
        let next = if full { Columns::with_capacity(CHUNK) } else { Columns::default() };
        let mut columns = std::mem::replace(&mut self.series[series].open, next);
        let rows = columns.len();
        if rows == 0 {
            return Ok(());
        }
        self.open_rows -= rows;
        columns.sort();
        let (first, last) = (columns.t[0], columns.t[rows - 1]);
        let stretch = self.series[series].stretch;
        let bytes = 8 * rows * (2 + columns.extras.iter().filter(|e| !e.is_empty()).count());
        let place = if self.held + bytes <= self.budget {
            self.held += bytes;
            columns.t.shrink_to_fit();
            columns.v.shrink_to_fit();
            Place::Memory(columns)
        } else {
            self.put_aside(&columns)?
        };
        self.series[series].chunks.push(Chunk { first, last, rows, stretch, place });
        Ok(())
    }

    fn put_aside(&mut self, columns: &Columns) -> io::Result<Place> {
        if self.aside.is_none() {
            std::fs::create_dir_all(&self.folder)?;
            self.aside = Some(tempfile::tempfile_in(&self.folder)?);
        }
        let at = self.written;
        let mut bytes = Vec::with_capacity(8 * columns.len());
        let mut write = |column: &mut dyn Iterator<Item = [u8; 8]>| -> io::Result<()> {
            bytes.clear();
            bytes.extend(column.flatten());
            self.written += bytes.len() as u64;
            self.aside.as_mut().map_or(Ok(()), |file| file.write_all(&bytes))
        };
        write(&mut columns.t.iter().map(|t| t.to_le_bytes()))?;
        write(&mut columns.v.iter().map(|v| v.to_le_bytes()))?;
        for column in columns.extras.iter().filter(|c| !c.is_empty()) {
            write(&mut column.iter().map(|v| v.to_le_bytes()))?;
        }
        Ok(Place::Aside { at, extras: columns.extras.each_ref().map(|c| !c.is_empty()) })
    }

    /// Calls `see` with the rows of a chunk.
    pub fn page<T>(&self, chunk: &Chunk, see: impl FnOnce(Page) -> T) -> io::Result<T> {
        let (at, has) = match &chunk.place {
            Place::Memory(columns) => return Ok(see(columns.page())),
            Place::Aside { at, extras } => (*at, extras),
        };
        let mut bytes = vec![0; 8 * chunk.rows];
        let mut place = at;
        let mut next = || -> io::Result<Vec<[u8; 8]>> {
            if let Some(file) = &self.aside {
                file.read_exact_at(&mut bytes, place)?;
            }
            place += 8 * chunk.rows as u64;
            Ok(bytes.as_chunks::<8>().0.to_vec())
        };
        let t = next()?.into_iter().map(i64::from_le_bytes).collect();
        let mut floats = || Ok::<_, io::Error>(next()?.into_iter().map(f64::from_le_bytes).collect());
        let mut columns = Columns { t, v: floats()?, ..Columns::default() };
        for (column, has) in columns.extras.iter_mut().zip(has) {
            *column = if *has { floats()? } else { Vec::new() };
        }
        Ok(see(columns.page()))
    }
}
