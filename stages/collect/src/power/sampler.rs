//! One thread a source, on absolute deadlines; readings go to the journal as they come. Nothing that measures a run waits
//! for a thread here but [`Sampler::wait_past`], which is bounded.

use super::{
    Config, OPENING,
    reader::{Live, Reader, Seen},
    source::Gpu,
};
use crate::{children, clock::Anchor, journal::LineFile};
use schemas::config::Fault;
use sensor::{Sensor, State};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How long the end waits for a read that hangs in a driver.
const LAST_READ: Duration = Duration::from_secs(2);

/// A source in the thread that reads it, which waits for the start.
struct Thread {
    source: &'static str,
    required: bool,
    period: Duration,
    sensors: Vec<Sensor>,
    gpus: Vec<Gpu>,
    unavailable: Vec<String>,
    live: Arc<Live>,
    start: Sender<()>,
    handle: Option<JoinHandle<()>>,
}

/// Everything that is sampled in one session.
pub struct Sampler {
    threads: Vec<Thread>,
    stop: Arc<AtomicBool>,
    started: Instant,
    session_id: String,
    anchor: Anchor,
    samples: LineFile,
    pub gpus: Vec<Gpu>,
    /// Source and reason of each source or device that is not there.
    pub unavailable: Vec<String>,
}

impl Sampler {
    /// Opens every source and starts reading those that are there; a required one that is not is an error.
    pub fn start(configs: &[Config], session_id: &str, anchor: Anchor, samples: &LineFile) -> Result<Self, Fault> {
        let mut sampler = Sampler {
            threads: Vec::new(),
            stop: Arc::default(),
            started: Instant::now(),
            session_id: session_id.into(),
            anchor,
            samples: samples.clone(),
            gpus: Vec::new(),
            unavailable: Vec::new(),
        };
        for (i, config) in configs.iter().enumerate() {
            let table = format!("power.{i}");
            match sampler.open(config) {
                Ok(thread) => sampler.add(thread).map_err(|fault| fault.inside(&table))?,
                Err(why) if config.required() => {
                    let what = format!("power source {} is required and cannot be read", config.name());
                    return Err(Fault::new(table, what, why).remedy("fix it or set required = false"));
                }
                Err(why) => sampler.unavailable.push(format!("{}: {why}", config.name())),
            }
        }
        Ok(sampler)
    }

    /// Opens a source in the thread that reads it: it may hang in a driver, and a command that it starts lives as long as that thread.
    fn open(&self, config: &Config) -> Result<Thread, String> {
        let (sender, opened) = channel();
        let (start, started) = channel();
        let (source, required) = (config.name(), config.required());
        let period = Duration::from_secs_f64(1.0 / config.sample_hz());
        let (stop, session_id, anchor) = (self.stop.clone(), self.session_id.clone(), self.anchor);
        let (samples, config) = (self.samples.clone(), config.clone());
        let handle = std::thread::spawn(move || {
            let source = match config.open() {
                Ok(source) => source,
                Err(why) => return drop(sender.send(Err(why))),
            };
            let sensors = source.sensors().to_vec();
            let live = Arc::new(Live::of(&sensors));
            let (gpus, unavailable) = (source.gpus(), source.unavailable());
            let _ = sender.send(Ok((sensors, live.clone(), gpus, unavailable)));
            // Nothing is started where a sensor would be read twice, or after this took too long.
            if started.recv().is_ok() {
                Reader { source, period, live, stop, session_id, anchor, samples }.run();
            }
        });
        let late = |_| Err(format!("no answer within {} s", OPENING.as_secs()));
        let (sensors, live, gpus, unavailable) = opened.recv_timeout(OPENING).unwrap_or_else(late)?;
        let handle = Some(handle);
        Ok(Thread { source, required, period, sensors, gpus, unavailable, live, start, handle })
    }

    fn add(&mut self, mut thread: Thread) -> Result<(), Fault> {
        let same = |a: &&Sensor| self.sensors().any(|b| a.device_id == b.device_id && a.kind == b.kind);
        if let Some(twice) = thread.sensors.iter().find(same) {
            let what = format!("a sensor would be read twice by power source {}", thread.source);
            let value = format!("{} ({})", twice.device_id, twice.kind.name());
            return Err(Fault::new("", what, value).remedy("name it once in [[collect.power]]"));
        }
        self.gpus.append(&mut thread.gpus);
        self.unavailable.extend(thread.unavailable.drain(..).map(|why| format!("{}: {why}", thread.source)));
        let _ = thread.start.send(());
        self.threads.push(thread);
        Ok(())
    }

    pub fn sensors(&self) -> impl Iterator<Item = &Sensor> {
        self.threads.iter().flat_map(|t| &t.sensors)
    }

    /// Each device once.
    pub fn devices(&self) -> Vec<String> {
        let mut devices: Vec<String> = self.sensors().map(|s| s.device_id.clone()).collect();
        devices.dedup();
        devices
    }

    /// Waits until every source was read after `monotonic_ns`, so that a window is bracketed; for each at most two of its
    /// intervals, as a source may have fallen silent.
    pub fn wait_past(&self, monotonic_ns: i64) {
        let started = Instant::now();
        for thread in &self.threads {
            let interval = Duration::from_nanos(thread.live.interval_ns.load(Ordering::Acquire).unsigned_abs());
            let longest = 2 * thread.period.max(interval);
            while thread.live.read_ns.load(Ordering::Acquire) <= monotonic_ns && started.elapsed() < longest {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Time in which every sensor that a run needs says something new: of a required source the inferred period of its
    /// slowest device, each in its fastest way of reading, and never less than the time between two looks.
    pub fn update_period_ns(&self) -> i64 {
        let slowest = self.threads.iter().map(|t| {
            let look_ns = t.period.as_nanos() as i64;
            let devices = if t.required { t.fastest_ns() } else { HashMap::new() };
            devices.into_values().flatten().fold(look_ns, i64::max)
        });
        slowest.max().unwrap_or(0)
    }

    /// Required devices that have not said enough yet to tell their period.
    pub fn without_period(&self) -> Vec<String> {
        let required = self.threads.iter().filter(|t| t.required);
        let unknown = required.flat_map(|t| t.fastest_ns().into_iter().filter(|(_, period)| period.is_none()));
        let mut unknown: Vec<String> = unknown.map(|(device, _)| device.to_string()).collect();
        unknown.sort();
        unknown
    }

    /// Readings that failed and deadlines that passed unread.
    pub fn faults(&self) -> (u64, u64) {
        let errors = |t: &Thread| t.live.seen().iter().map(|s| s.errors).sum::<u64>();
        let missed = |t: &Thread| t.live.missed.load(Ordering::Relaxed);
        (self.threads.iter().map(errors).sum(), self.threads.iter().map(missed).sum())
    }

    /// Each source with the share of one processor that reading it took.
    pub fn costs_pct(&self) -> Vec<(&'static str, f64)> {
        self.threads.iter().map(|t| (t.source, self.cost_pct(t))).collect()
    }

    fn cost_pct(&self, thread: &Thread) -> f64 {
        let wall = self.started.elapsed().as_secs_f64().max(1e-3);
        thread.live.cpu_ns.load(Ordering::Relaxed) as f64 / 1e9 / wall * 100.0
    }

    pub fn states(&self) -> Vec<State> {
        let of_thread = |t: &Thread| {
            let missed = t.live.missed.load(Ordering::Relaxed);
            let cost_pct = self.cost_pct(t);
            let hangs = t.live.hangs_for().map(|time| format!("no answer for {:.1} s", time.as_secs_f64()));
            let seen = t.live.seen();
            let pairs = t.sensors.iter().zip(seen.iter());
            let state = |(sensor, seen): (&Sensor, &Seen)| State {
                session_id: self.session_id.clone(),
                sensor: sensor.clone(),
                source: t.source.into(),
                missed,
                errors: seen.errors + u64::from(hangs.is_some()),
                last_error: hangs.clone().or_else(|| seen.last_error.clone()),
                cost_pct,
            };
            pairs.map(state).collect::<Vec<_>>()
        };
        self.threads.iter().flat_map(of_thread).collect()
    }

    /// Each sensor with what was seen of it so far.
    pub fn each_seen(&self, mut each: impl FnMut(&Sensor, &Seen)) {
        for thread in &self.threads {
            thread.sensors.iter().zip(thread.live.seen().iter()).for_each(|(sensor, seen)| each(sensor, seen));
        }
    }

    /// Ends the reading and writes what is left; returns the last state of every sensor.
    pub fn stop(mut self) -> io::Result<Vec<State>> {
        self.end();
        self.samples.flush()?;
        Ok(self.states())
    }

    /// A thread that hangs in a driver is left to itself.
    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let until = Instant::now() + LAST_READ;
        let handles: Vec<JoinHandle<()>> = self.threads.iter_mut().filter_map(|t| t.handle.take()).collect();
        handles.iter().for_each(|handle| handle.thread().unpark());
        for handle in handles {
            if children::finished(&handle, until.saturating_duration_since(Instant::now())) {
                drop(handle.join());
            }
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.end();
    }
}

impl Thread {
    /// Each device with the period of its fastest way of reading, where that is known.
    fn fastest_ns(&self) -> HashMap<&str, Option<i64>> {
        let mut fastest: HashMap<&str, Option<i64>> = HashMap::new();
        for (sensor, seen) in self.sensors.iter().zip(self.live.seen().iter()) {
            let made_by_reading = sensor.kind.made_by_reading().then_some(self.period.as_nanos() as i64);
            let period = made_by_reading.or_else(|| seen.updates.period_ns());
            let known = fastest.entry(sensor.device_id.as_str()).or_default();
            *known = [*known, period].into_iter().flatten().min();
        }
        fastest
    }
}
