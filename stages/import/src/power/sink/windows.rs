//! Logs that give the energy of windows of time. Each window is two readings of a counter, at its beginning and at its end: within it
//! energy is shared out by time, and a window's own energy comes back exactly.
//!
//! Between windows nothing is known. The counter then begins anew, which `join-telemetry` takes for what it is: a run that reaches
//! into such a hole has no energy.

use super::Sink;
use crate::read::fault::{Fault, Result, quoted};

/// Windows whose ends are closer than this follow one another.
const SAME_NS: i64 = 1_000_000;

#[derive(Debug, Clone)]
pub struct Window {
    pub line: u64,
    pub name: String,
    pub start_ns: i64,
    pub end_ns: i64,
    /// One per sensor; absent where it was not read.
    pub joules: Vec<Option<f64>>,
}

/// Gives windows to their series. Windows that overlap are a question, since their energies must not be added.
pub fn give(sink: &mut Sink, series: &[Option<usize>], windows: &mut [Window], choose: &str) -> Result<()> {
    windows.sort_by_key(|w| (w.start_ns, w.end_ns));
    for pair in windows.windows(2) {
        if pair[1].start_ns < pair[0].end_ns - SAME_NS {
            let mut names: Vec<&str> = windows.iter().map(|w| w.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let value = format!("{} and {}", quoted(&pair[0].name), quoted(&pair[1].name));
            let remedy = format!(
                "say which {choose} to take: --select {}",
                names.into_iter().take(8).collect::<Vec<_>>().join(" or --select ")
            );
            return Err(Fault::new("windows overlap and must not be added", value, remedy).at(pair[1].line));
        }
    }
    for (sensor, series) in series.iter().enumerate().filter_map(|(i, s)| Some((i, (*s)?))) {
        let mut last: Option<(i64, f64)> = None;
        for window in windows.iter() {
            let Some(joules) = window.joules.get(sensor).copied().flatten() else { continue };
            let begins = match last {
                Some((end, total)) if window.start_ns <= end + SAME_NS => total,
                other => {
                    // Lower than before, or it would be a counter that stood still.
                    let zero = other.map_or(0.0, |(_, total)| if total > 0.0 { 0.0 } else { total - 1.0 });
                    sink.line = window.line;
                    sink.push(series, window.start_ns, zero, None)?;
                    zero
                }
            };
            sink.line = window.line;
            let end = window.end_ns.max(last.map_or(i64::MIN, |(end, _)| end + 1));
            sink.push(series, end, begins + joules, None)?;
            last = Some((end, begins + joules));
        }
    }
    let holes = windows.windows(2).filter(|p| p[1].start_ns > p[0].end_ns + SAME_NS).count();
    if holes > 0 {
        sink.notes
            .say(format!("{holes} times nothing is known between two windows: runs that reach into it have no energy"));
    }
    Ok(())
}
