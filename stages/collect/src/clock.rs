//! CLOCK_MONOTONIC for windows and samples, anchored once to UTC.

use protocol::monotonic_ns;
use rustix::time::{ClockId, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the clocks part by less is not told from the time that reading them takes.
pub const LEAST_STEP_NS: i64 = 10_000_000;

/// Processor time of this thread.
pub fn thread_cpu_ns() -> u64 {
    nanoseconds(ClockId::ThreadCPUTime).unsigned_abs()
}

/// Processor time of this process.
pub fn process_cpu_ns() -> u64 {
    nanoseconds(ClockId::ProcessCPUTime).unsigned_abs()
}

/// Time that this machine was suspended since it started: CLOCK_BOOTTIME goes on meanwhile, CLOCK_MONOTONIC stands still.
pub fn asleep_ns() -> i64 {
    nanoseconds(ClockId::Boottime) - monotonic_ns()
}

/// Of the wall clock, which can be set.
fn utc_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

fn nanoseconds(clock: ClockId) -> i64 {
    let t = clock_gettime(clock);
    t.tv_sec * 1_000_000_000 + t.tv_nsec
}

/// One instant on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Anchor {
    pub realtime_ns: i64,
    pub monotonic_ns: i64,
}

impl Anchor {
    /// Of several readings, the one whose two monotonic stamps lie closest.
    pub fn now() -> Self {
        let reading = |_| {
            let (before, realtime_ns, after) = (monotonic_ns(), utc_ns(), monotonic_ns());
            (after - before, Anchor { realtime_ns, monotonic_ns: before + (after - before) / 2 })
        };
        let best = (0..16).map(reading).min_by_key(|(spread, _)| *spread);
        best.map_or(Anchor { realtime_ns: 0, monotonic_ns: 0 }, |(_, anchor)| anchor)
    }

    /// UTC of a monotonic instant.
    pub fn utc(&self, monotonic_ns: i64) -> i64 {
        self.realtime_ns + (monotonic_ns - self.monotonic_ns)
    }

    /// The monotonic instant of a UTC.
    pub fn monotonic(&self, utc_ns: i64) -> i64 {
        utc_ns.saturating_sub(self.realtime_ns).saturating_add(self.monotonic_ns)
    }

    pub fn utc_now(&self) -> i64 {
        self.utc(monotonic_ns())
    }

    /// By how much the wall clock is ahead of this anchor's time: it was set, or stood still with CLOCK_MONOTONIC in a suspend.
    pub fn step_ns(&self) -> i64 {
        let now = Anchor::now();
        let step = now.realtime_ns - self.utc(now.monotonic_ns);
        if step.abs() < LEAST_STEP_NS { 0 } else { step }
    }
}
