//! The inside of a sampling thread: looks on absolute deadlines, and what the other threads may know of them.

use super::{
    plausible::Plausible,
    source::{Look, Sample, Source},
};
use crate::{
    clock::{Anchor, thread_cpu_ns},
    journal::{LineFile, seal},
};
use protocol::{monotonic_ns, peer};
use sensor::{Kind, Sensor, updates::Updates};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Intervals between updates that are kept of each sensor: enough for a median.
const INTERVALS: usize = 4096;

/// A look that takes longer hangs in a driver.
const HANGS: Duration = Duration::from_millis(500);

/// What a sampling thread tells the others.
#[derive(Default)]
pub struct Live {
    /// CLOCK_MONOTONIC up to which the source was read.
    pub read_ns: AtomicI64,
    /// The last interval between two such instants.
    pub interval_ns: AtomicI64,
    /// CLOCK_MONOTONIC at which a look began that has not ended; zero between looks.
    pub looking_ns: AtomicI64,
    pub missed: AtomicU64,
    pub cpu_ns: AtomicU64,
    seen: Mutex<Vec<Seen>>,
}

/// What was seen of a sensor.
pub struct Seen {
    pub readings: u64,
    pub errors: u64,
    pub last_error: Option<String>,
    pub updates: Updates,
}

impl Live {
    pub fn of(sensors: &[Sensor]) -> Self {
        let new = |sensor: &Sensor| {
            let updates = Updates::of(sensor.kind == Kind::Counter).bounded(INTERVALS);
            Seen { readings: 0, errors: 0, last_error: None, updates }
        };
        Live { seen: Mutex::new(sensors.iter().map(new).collect()), ..Live::default() }
    }

    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a look has been going on, where that is too long.
    pub fn hangs_for(&self) -> Option<Duration> {
        let since_ns = self.looking_ns.load(Ordering::Relaxed);
        let looking = Duration::from_nanos((monotonic_ns() - since_ns).unsigned_abs());
        (since_ns > 0 && looking > HANGS).then_some(looking)
    }

    fn read_until(&self, read_ns: i64) {
        let before = self.read_ns.swap(read_ns, Ordering::AcqRel);
        if before > 0 && read_ns > before {
            self.interval_ns.store(read_ns - before, Ordering::Release);
        }
    }
}

/// What a sampling thread has; it ends when `stop` says so.
pub struct Reader {
    pub source: Box<dyn Source>,
    pub period: Duration,
    pub live: Arc<Live>,
    pub stop: Arc<AtomicBool>,
    pub session_id: String,
    pub anchor: Anchor,
    pub samples: LineFile,
}

impl Reader {
    pub fn run(&mut self) {
        let sensors = self.source.sensors().to_vec();
        let (mut look, mut lines) = (Look::default(), Vec::new());
        let mut plausible: Vec<Plausible> = sensors.iter().map(|_| Plausible::default()).collect();
        let mut deadline = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            look.clear();
            let before = monotonic_ns();
            self.live.looking_ns.store(before, Ordering::Relaxed);
            self.source.read(&mut look);
            self.live.looking_ns.store(0, Ordering::Relaxed);
            let t_ns = before + (monotonic_ns() - before) / 2;
            let utc_ns = self.anchor.utc(t_ns);
            let spoken = self.source.spoken_until();
            let stamps = spoken.is_some() || look.readings.iter().any(|reading| reading.utc_ns.is_some());
            let step_ns = if stamps { self.anchor.step_ns() } else { 0 };
            look.refuse(&mut |reading| {
                let sensor = &sensors[reading.sensor];
                if reading.utc_ns.is_some() && step_ns != 0 {
                    let seconds = step_ns as f64 / 1e9;
                    let id = &sensor.device_id;
                    return Some(format!(
                        "{id}: the clock was set by {seconds:.3} s, a stamp may be of either time, start again"
                    ));
                }
                let why = plausible[reading.sensor].fault(sensor, reading.utc_ns.unwrap_or(utc_ns), &reading.values)?;
                Some(format!("{}: {why}", sensor.device_id))
            });
            self.keep(&sensors, &mut look, utc_ns, &mut lines);
            let spoken = spoken.filter(|_| step_ns == 0);
            self.live.read_until(spoken.map_or(t_ns, |utc| self.anchor.monotonic(utc)));
            self.live.cpu_ns.store(thread_cpu_ns(), Ordering::Relaxed);
            deadline += self.period;
            let late = Instant::now().saturating_duration_since(deadline);
            let missed = late.as_nanos().div_ceil(self.period.as_nanos().max(1)) as u32;
            deadline += self.period * missed;
            self.live.missed.fetch_add(missed.into(), Ordering::Relaxed);
            // The end wakes it; anything else that does finds the deadline ahead.
            while let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                if self.stop.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::park_timeout(left);
            }
        }
    }

    /// Readings to the journal, and what they say of their sensors to the other threads.
    fn keep(&self, sensors: &[Sensor], look: &mut Look, t_ns: i64, lines: &mut Vec<u8>) {
        lines.clear();
        for reading in &look.readings {
            let sensor = &sensors[reading.sensor];
            let sample = Sample {
                session_id: self.session_id.as_str().into(),
                device_id: sensor.device_id.as_str().into(),
                kind: sensor.kind,
                scope: sensor.scope,
                t_ns: reading.utc_ns.unwrap_or(t_ns),
                values: reading.values,
            };
            let from = lines.len();
            match serde_json::to_writer(&mut *lines, &sample) {
                Ok(()) => seal(lines, from),
                Err(_) => lines.truncate(from),
            }
        }
        if let Err(e) = self.samples.append(lines) {
            let unwritten: Vec<usize> = look.readings.drain(..).map(|r| r.sensor).collect();
            unwritten.into_iter().for_each(|s| look.fail(s, format!("samples cannot be written, {e}")));
        }
        let mut seen = self.live.seen();
        for reading in &look.readings {
            let of = &mut seen[reading.sensor];
            of.readings += 1;
            if let Some(value) = reading.values.energy_j.or(reading.values.power_w) {
                of.updates.see(reading.utc_ns.unwrap_or(t_ns), value);
            }
        }
        for (sensor, why) in look.failures.drain(..) {
            seen[sensor].errors += 1;
            seen[sensor].last_error = Some(peer::words(&why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::source::{Reading, Values};
    use sensor::Scope;

    /// Two sensors: the first is slow now and then, the second fails every other look.
    struct Moody {
        sensors: [Sensor; 2],
        looks: u64,
    }

    impl Source for Moody {
        fn sensors(&self) -> &[Sensor] {
            &self.sensors
        }

        fn read(&mut self, look: &mut Look) {
            self.looks += 1;
            if self.looks == 5 {
                std::thread::sleep(Duration::from_millis(105));
            }
            look.power(0, self.looks as f64);
            match self.looks % 2 {
                0 => look.fail(1, format!("look {}", self.looks)),
                _ => look.power(1, 1.0),
            }
        }
    }

    /// Stamps its readings by the wall clock.
    struct Stamping([Sensor; 1]);

    impl Source for Stamping {
        fn sensors(&self) -> &[Sensor] {
            &self.0
        }

        fn read(&mut self, look: &mut Look) {
            let values = Values { power_w: Some(40.0), ..Values::default() };
            look.readings.push(Reading { sensor: 0, utc_ns: Some(Anchor::now().realtime_ns), values });
        }
    }

    #[test]
    fn stamps_of_a_clock_that_was_set_are_no_readings() {
        for set_ns in [0, 1_000_000, 5_000_000_000, -5_000_000_000] {
            let samples = LineFile::to_nowhere("reader").unwrap();
            let sensors = [Sensor::new("plug", Kind::Instant, Scope::Node)];
            let live = Arc::new(Live::of(&sensors));
            let stop = Arc::new(AtomicBool::default());
            let now = Anchor::now();
            let mut reader = Reader {
                source: Box::new(Stamping(sensors)),
                period: Duration::from_millis(5),
                live: live.clone(),
                stop: stop.clone(),
                session_id: "s".into(),
                anchor: Anchor { realtime_ns: now.realtime_ns - set_ns, ..now },
                samples,
            };
            let thread = std::thread::spawn(move || reader.run());
            std::thread::sleep(Duration::from_millis(60));
            stop.store(true, Ordering::Relaxed);
            thread.thread().unpark();
            thread.join().unwrap();
            let seen = live.seen();
            let (kept, left_out) = (seen[0].readings > 0, seen[0].errors > 0);
            assert_eq!(
                (kept, left_out),
                if set_ns.abs() < 10_000_000 { (true, false) } else { (false, true) },
                "{set_ns}"
            );
            let said = seen[0].last_error.clone().unwrap_or_default();
            let seconds = set_ns / 1_000_000_000;
            assert!(!left_out || said.contains(&format!("plug: the clock was set by {seconds}.0")), "{said}");
        }
    }

    #[test]
    fn deadlines_are_absolute_and_those_that_pass_are_counted() {
        let samples = LineFile::to_nowhere("reader").unwrap();
        let sensors = ["a", "b"].map(|id| Sensor::new(id, Kind::Instant, Scope::Node));
        let live = Arc::new(Live::of(&sensors));
        let stop = Arc::new(AtomicBool::default());
        let mut reader = Reader {
            source: Box::new(Moody { sensors, looks: 0 }),
            period: Duration::from_millis(10),
            live: live.clone(),
            stop: stop.clone(),
            session_id: "s".into(),
            anchor: Anchor::now(),
            samples: samples.clone(),
        };
        let started = Instant::now();
        let thread = std::thread::spawn(move || reader.run());
        std::thread::sleep(Duration::from_millis(400));
        stop.store(true, Ordering::Relaxed);
        thread.thread().unpark();
        thread.join().unwrap();
        let periods = started.elapsed().as_millis() as i64 / 10;
        let (missed, seen) = (live.missed.load(Ordering::Relaxed) as i64, live.seen());
        let looks = seen[0].readings as i64;
        assert!(missed >= 10, "{missed} missed while a look took 105 ms");
        assert!((looks + missed - periods).abs() <= 2, "{looks} looks and {missed} missed in {periods} periods");
        assert_eq!((seen[1].readings + seen[1].errors) as i64, looks);
        assert_eq!(seen[1].last_error, Some(format!("look {}", looks - looks % 2)));
        assert!(live.cpu_ns.load(Ordering::Relaxed) > 0);
        samples.flush().unwrap();
        let mut rows: Vec<schemas::text::Row> = Vec::new();
        let mut keep = |line: &[u8]| rows.push(serde_json::from_slice(line).unwrap());
        samples.read(|line| (keep(line), true).1).unwrap();
        assert_eq!(rows.len() as u64, seen[0].readings + seen[1].readings);
        let times: Vec<i64> =
            rows.iter().filter(|r| r["device_id"] == "a").filter_map(|r| r["t_ns"].as_i64()).collect();
        assert!(times.windows(2).all(|t| t[0] < t[1]), "{times:?}");
        assert_eq!(rows[0].keys().collect::<Vec<_>>().len(), 6, "absent values are left out: {:?}", rows[0]);
    }
}
