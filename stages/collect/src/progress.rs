//! How far `collect` is: a bar with the time left on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::{
    cell::Cell,
    io::IsTerminal,
    time::{Duration, Instant},
};

/// Time between lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(20);

pub struct Progress {
    bar: ProgressBar,
    total: usize,
    started: Instant,
    last_line: Cell<Instant>,
    terminal: bool,
}

impl Progress {
    pub fn new(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {eta} left  {msg}") {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress { bar, total, started: now, last_line: Cell::new(now), terminal: std::io::stderr().is_terminal() }
    }

    pub fn on(&self, run_id: &str) {
        self.bar.set_message(run_id.to_string());
    }

    /// One run more; a note is printed above the bar.
    pub fn done(&self, note: Option<String>) {
        self.bar.inc(1);
        if let Some(note) = note {
            self.bar.suspend(|| eprintln!("collect: {note}"));
        }
        let done = self.bar.position() as usize;
        if !self.terminal && done < self.total && self.last_line.get().elapsed() >= LINE_EVERY {
            self.last_line.set(Instant::now());
            let left = self.started.elapsed().as_secs_f64() / done as f64 * (self.total - done) as f64;
            eprintln!("collect: {done} of {} runs, about {left:.0} s left", self.total);
        }
    }

    pub fn finish(&self, read_errors: u64, missed_deadlines: u64) {
        self.bar.finish_and_clear();
        let faults = match (read_errors, missed_deadlines) {
            (0, 0) => String::new(),
            (e, m) => format!(" ({e} failed readings, {m} missed sampling deadlines)"),
        };
        eprintln!("collect: {} runs in {:.0} s{faults}", self.total, self.started.elapsed().as_secs_f64());
    }
}

/// What reading took, all sources together and each.
pub fn said_of_costs(costs: &[(&'static str, f64)]) -> String {
    let each = costs.iter().map(|(source, pct)| format!("{source} {pct:.2} %")).collect::<Vec<_>>().join(", ");
    format!("reading sensors took {:.2} % of one core ({each})", costs.iter().map(|c| c.1).sum::<f64>())
}
