//! Other processes on the machine: how much they use, and waiting until they use less.

use crate::host::{CpuTicks, TICKS_PER_S, process_ticks};
use std::time::{Duration, Instant};

/// Time over which the machine has to be quiet.
const LOOK: Duration = Duration::from_millis(300);

/// Processor time of the host and of our two processes.
pub struct CpuUse {
    at: Instant,
    host: Option<CpuTicks>,
    worker: Option<u64>,
    parent: Option<u64>,
}

impl CpuUse {
    pub fn read(worker: u32) -> Self {
        let (worker, parent) = (process_ticks(worker), process_ticks(std::process::id()));
        CpuUse { at: Instant::now(), host: CpuTicks::read(), worker, parent }
    }

    /// Processors that the worker kept busy between two readings.
    pub fn worker_cores(&self, later: &Self) -> Option<f64> {
        let ticks = later.worker?.saturating_sub(self.worker?);
        let seconds = later.at.duration_since(self.at).as_secs_f64();
        (seconds > 0.0).then(|| ticks as f64 / TICKS_PER_S / seconds)
    }

    /// Share of all processors that other processes used between two readings.
    pub fn other_pct(&self, later: &Self) -> Option<f64> {
        let (a, b) = (self.host?, later.host?);
        let total = b.total.saturating_sub(a.total);
        let ours = (later.worker? + later.parent?).saturating_sub(self.worker? + self.parent?);
        let others = b.busy.saturating_sub(a.busy).saturating_sub(ours);
        (total > 0).then(|| others as f64 / total as f64 * 100.0)
    }
}

/// Waits until other processes use at most `bound_pct` of the processors, or for `longest`.
pub fn wait_quiet(worker: u32, bound_pct: f64, longest: Duration) {
    let started = Instant::now();
    while started.elapsed() < longest {
        let before = CpuUse::read(worker);
        std::thread::sleep(LOOK.min(longest));
        if before.other_pct(&CpuUse::read(worker)).is_none_or(|pct| pct <= bound_pct) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_others() {
        let now = Instant::now();
        let at = |seconds, busy, total, ours| CpuUse {
            at: now + Duration::from_secs(seconds),
            host: Some(CpuTicks { busy, total }),
            worker: Some(ours),
            parent: Some(0),
        };
        assert_eq!(at(0, 100, 1000, 10).other_pct(&at(1, 250, 1200, 110)), Some(25.0));
        assert_eq!(at(0, 100, 1000, 10).other_pct(&at(1, 150, 1200, 110)), Some(0.0));
        let busy = at(0, 0, 1, 10).worker_cores(&at(2, 0, 2, 10 + (3.0 * TICKS_PER_S) as u64)).unwrap();
        assert!((busy - 1.5).abs() < 1e-9);
        let unread = CpuUse { at: now, host: None, worker: Some(1), parent: Some(1) };
        assert_eq!(unread.other_pct(&at(1, 1, 2, 3)), None);
    }
}
