//! Other processes on the machine: how much they use, and waiting until they use less.

use crate::host::{CpuTicks, process_ticks};
use std::time::{Duration, Instant};

/// Time over which the machine has to be quiet.
const LOOK: Duration = Duration::from_millis(300);

/// Processor time of the host and of our two processes.
pub struct CpuUse {
    host: Option<CpuTicks>,
    ours: Option<u64>,
}

impl CpuUse {
    pub fn read(worker: u32) -> Self {
        let ours = process_ticks(worker).zip(process_ticks(std::process::id())).map(|(a, b)| a + b);
        CpuUse { host: CpuTicks::read(), ours }
    }

    /// Share of all processors that other processes used between two readings.
    pub fn other_pct(&self, later: &Self) -> Option<f64> {
        let (a, b) = (self.host?, later.host?);
        let total = b.total.saturating_sub(a.total);
        let ours = later.ours?.saturating_sub(self.ours?);
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
        let at = |busy, total, ours| CpuUse { host: Some(CpuTicks { busy, total }), ours: Some(ours) };
        assert_eq!(at(100, 1000, 10).other_pct(&at(250, 1200, 110)), Some(25.0));
        assert_eq!(at(100, 1000, 10).other_pct(&at(150, 1200, 110)), Some(0.0));
        assert_eq!(CpuUse { host: None, ours: Some(1) }.other_pct(&at(1, 2, 3)), None);
    }
}
