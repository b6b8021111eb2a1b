//! One thread a source, on absolute deadlines; readings go to the journal as they come.

use super::{Config, Gpu, Reading, Source};
use crate::{
    clock::{Anchor, monotonic_ns},
    journal::Samples,
};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A row of `power_sample`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sample {
    pub session_id: String,
    pub t_ns: i64,
    #[serde(flatten)]
    pub reading: Reading,
}

struct Thread {
    /// CLOCK_MONOTONIC of the last reading.
    last_ns: Arc<AtomicI64>,
    handle: JoinHandle<()>,
}

/// Everything that is sampled in one session.
pub struct Sampler {
    threads: Vec<Thread>,
    stop: Arc<AtomicBool>,
    errors: Arc<AtomicU64>,
    missed: Arc<AtomicU64>,
    pub devices: Vec<String>,
    pub gpus: Vec<Gpu>,
    /// Source and reason of each one that is not there.
    pub unavailable: Vec<String>,
    /// Longest time between readings of any source.
    pub slowest_period_ns: i64,
}

impl Sampler {
    /// Opens every source and starts reading those that are there; a required one that is not is an error.
    pub fn start(configs: &[Config], session_id: &str, anchor: Anchor, samples: &Samples) -> Result<Self, String> {
        let mut sampler = Sampler {
            threads: Vec::new(),
            stop: Arc::default(),
            errors: Arc::default(),
            missed: Arc::default(),
            devices: Vec::new(),
            gpus: Vec::new(),
            unavailable: Vec::new(),
            slowest_period_ns: 0,
        };
        for config in configs {
            match super::open(config) {
                Ok(source) => sampler.spawn(source, config.sample_hz(), session_id, anchor, samples.clone()),
                Err(why) if config.required() => {
                    return Err(format!("power source {}: {why}, fix it or set required = false", config.name()));
                }
                Err(why) => sampler.unavailable.push(format!("{}: {why}", config.name())),
            }
        }
        Ok(sampler)
    }

    fn spawn(&mut self, mut source: Box<dyn Source>, hz: f64, session_id: &str, anchor: Anchor, mut samples: Samples) {
        self.devices.extend(source.devices());
        self.gpus.extend(source.gpus());
        let period = Duration::from_secs_f64(1.0 / hz);
        self.slowest_period_ns = self.slowest_period_ns.max(period.as_nanos() as i64);
        let last_ns = Arc::new(AtomicI64::new(0));
        let (stop, errors, missed) = (self.stop.clone(), self.errors.clone(), self.missed.clone());
        let (last, session_id) = (last_ns.clone(), session_id.to_string());
        let handle = std::thread::spawn(move || {
            let mut deadline = Instant::now();
            let mut readings = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                readings.clear();
                let before = monotonic_ns();
                let read = source.read(&mut readings);
                let t_ns = before + (monotonic_ns() - before) / 2;
                let rows = readings.drain(..).map(|reading| Sample {
                    session_id: session_id.clone(),
                    t_ns: anchor.utc(t_ns),
                    reading,
                });
                if read.is_err() | samples.append(rows).is_err() {
                    errors.fetch_add(1, Ordering::Relaxed);
                }
                last.store(t_ns, Ordering::Release);
                deadline += period;
                let now = Instant::now();
                while deadline < now {
                    deadline += period;
                    missed.fetch_add(1, Ordering::Relaxed);
                }
                std::thread::sleep(deadline - now);
            }
        });
        self.threads.push(Thread { last_ns, handle });
    }

    /// Waits until every source was read after `monotonic_ns` (two periods at most), so that a window is bracketed.
    pub fn wait_past(&self, monotonic_ns: i64) {
        let deadline = Instant::now() + Duration::from_nanos(2 * self.slowest_period_ns as u64);
        let behind = || self.threads.iter().any(|t| t.last_ns.load(Ordering::Acquire) <= monotonic_ns);
        while behind() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Readings that failed and deadlines that passed unread.
    pub fn faults(&self) -> (u64, u64) {
        (self.errors.load(Ordering::Relaxed), self.missed.load(Ordering::Relaxed))
    }

    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|t| drop(t.handle.join()));
    }
}
