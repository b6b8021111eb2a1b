//! CLOCK_MONOTONIC for windows and samples, anchored once to UTC.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of CLOCK_MONOTONIC: one clock for all processes of the host.
pub fn monotonic_ns() -> i64 {
    nanoseconds(ClockId::Monotonic)
}

/// Processor time of this thread.
pub fn thread_cpu_ns() -> u64 {
    nanoseconds(ClockId::ThreadCPUTime).unsigned_abs()
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
            let (before, realtime_ns, after) = (monotonic_ns(), nanoseconds(ClockId::Realtime), monotonic_ns());
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
}
