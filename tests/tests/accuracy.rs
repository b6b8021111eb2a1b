//! Energy of windows over power whose integral is known, through the stage's own models: sensors that jitter, lose readings, average,
//! look only part of the time, count in steps. The stated error must hold what it says, and what is called known must be.

use crate::energy::{Config, joined};
use serde::Deserialize;
use serde_json::{Value, json};

const S: f64 = 1e9;
const LENGTH_S: f64 = 150.0;
const WINDOWS: usize = 60;

/// SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195).
struct Random(u64);

impl Random {
    /// In [0, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// Power as straight pieces `(from, to, watt at from, watt at to)`, with the energy before each.
struct Power {
    pieces: Vec<(f64, f64, f64, f64)>,
    before_j: Vec<f64>,
}

impl Power {
    fn new(pieces: Vec<(f64, f64, f64, f64)>) -> Self {
        let mut joules = 0.0;
        let before_j = pieces.iter().map(|(from, to, a, b)| {
            let before = joules;
            joules += (to - from) * (a + b) / 2.0;
            before
        });
        Power { before_j: before_j.collect(), pieces }
    }

    fn at(&self, s: f64) -> usize {
        self.pieces.partition_point(|piece| piece.1 <= s).min(self.pieces.len() - 1)
    }

    fn watt(&self, s: f64) -> f64 {
        let (from, to, a, b) = self.pieces[self.at(s)];
        a + (b - a) * (s - from) / (to - from)
    }

    /// Energy from the beginning until `s`.
    fn joule(&self, s: f64) -> f64 {
        let index = self.at(s);
        let (from, ..) = self.pieces[index];
        self.before_j[index] + (s - from) * (self.pieces[index].2 + self.watt(s)) / 2.0
    }

    fn mean(&self, from: f64, to: f64) -> f64 {
        (self.joule(to) - self.joule(from)) / (to - from)
    }

    fn pieces(mut next: impl FnMut(f64) -> (f64, f64, f64)) -> Self {
        let (mut pieces, mut s) = (Vec::new(), -2.0);
        while s < LENGTH_S + 2.0 {
            let (length, a, b) = next(s);
            pieces.push((s, s + length, a, b));
            s += length;
        }
        Power::new(pieces)
    }

    fn steps(random: &mut Random) -> Self {
        Power::pieces(|_| {
            let watt = random.between(60.0, 300.0);
            (random.between(0.1, 4.0), watt, watt)
        })
    }

    fn ramps(random: &mut Random) -> Self {
        let mut last = 100.0;
        Power::pieces(|_| {
            let (from, to) = (last, random.between(60.0, 300.0));
            last = to;
            (random.between(0.5, 6.0), from, to)
        })
    }

    fn square(period: f64) -> Self {
        let mut high = false;
        Power::pieces(|_| {
            high = !high;
            if high { (period * 0.3, 300.0, 300.0) } else { (period * 0.7, 70.0, 70.0) }
        })
    }
}

/// A sensor: its readings `(s, value)` of some power.
struct Sensor {
    name: &'static str,
    kind: &'static str,
    update_period_ms: Option<f64>,
    resolution_j: Option<f64>,
    averaging_ms: Option<f64>,
    resolution_w: Option<f64>,
    hz: f64,
    /// Share of the time between readings by which one may come early or late, and share of readings that are lost.
    jitter: f64,
    lost: f64,
    value: fn(&Power, f64, f64) -> f64,
}

const SENSORS: &[Sensor] = &[
    Sensor {
        name: "instant, 50 Hz, jitter, 2 % lost",
        kind: "instant",
        update_period_ms: None,
        resolution_j: None,
        averaging_ms: None,
        resolution_w: Some(0.001),
        hz: 50.0,
        jitter: 0.2,
        lost: 0.02,
        value: |power, s, _| (power.watt(s) * 1e3).round() / 1e3,
    },
    Sensor {
        name: "instant, 10 Hz, jitter",
        kind: "instant",
        update_period_ms: None,
        resolution_j: None,
        averaging_ms: None,
        resolution_w: None,
        hz: 10.0,
        jitter: 0.2,
        lost: 0.0,
        value: |power, s, _| power.watt(s),
    },
    Sensor {
        name: "mean of 1 s, 10 Hz",
        kind: "average",
        update_period_ms: Some(100.0),
        resolution_j: None,
        averaging_ms: Some(1000.0),
        resolution_w: None,
        hz: 10.0,
        jitter: 0.05,
        lost: 0.0,
        value: |power, s, _| power.mean(s - 1.0, s),
    },
    Sensor {
        name: "25 ms of each 100 ms, read at 20 Hz",
        kind: "instant",
        update_period_ms: Some(100.0),
        resolution_j: None,
        averaging_ms: None,
        resolution_w: None,
        hz: 20.0,
        jitter: 0.1,
        lost: 0.0,
        value: |power, s, _| {
            let updated = (s / 0.1).floor() * 0.1;
            power.mean(updated - 0.025, updated)
        },
    },
    Sensor {
        name: "counter, every 20 ms, read at 50 Hz",
        kind: "counter",
        update_period_ms: Some(20.0),
        resolution_j: Some(0.001),
        averaging_ms: None,
        resolution_w: None,
        hz: 50.0,
        jitter: 0.2,
        lost: 0.02,
        value: |power, s, _| (power.joule((s / 0.02).floor() * 0.02) * 1e3).floor() / 1e3,
    },
    Sensor {
        name: "counter, every 100 ms, 1 J, read at 10 Hz",
        kind: "counter",
        update_period_ms: Some(100.0),
        resolution_j: Some(1.0),
        averaging_ms: None,
        resolution_w: None,
        hz: 10.0,
        jitter: 0.2,
        lost: 0.0,
        value: |power, s, _| power.joule((s / 0.1).floor() * 0.1).floor(),
    },
    Sensor {
        name: "interval mean, 10 Hz",
        kind: "interval_mean",
        update_period_ms: None,
        resolution_j: None,
        averaging_ms: None,
        resolution_w: None,
        hz: 10.0,
        jitter: 0.2,
        lost: 0.0,
        value: |power, s, last| power.mean(last, s),
    },
];

impl Sensor {
    fn readings(&self, power: &Power, random: &mut Random) -> Vec<(f64, f64)> {
        let period = 1.0 / self.hz;
        let phase = random.unit() * period;
        let (mut readings, mut last) = (Vec::new(), -1.5);
        for tick in 0..((LENGTH_S + 1.0) * self.hz) as usize {
            let s = -1.0 + phase + (tick as f64 + random.between(-self.jitter, self.jitter)) * period;
            if random.unit() >= self.lost {
                readings.push((s, (self.value)(power, s, last)));
                last = s;
            }
        }
        readings
    }
}

#[derive(Debug, Deserialize)]
struct Row {
    run_id: String,
    energy_gross_j: Option<f64>,
    energy_error_j: Option<f64>,
    reasons: Option<String>,
}

fn energies(sensor: &Sensor, readings: &[(f64, f64)], windows: &[(f64, f64)], max_error_pct: f64) -> Vec<Row> {
    let ns = |s: f64| (s * S).round() as i64;
    let value = if sensor.kind == "counter" { "energy_j" } else { "power_w" };
    let one = |(s, v): &(f64, f64)| json!({"session_id": "s", "device_id": "d", "kind": sensor.kind, "t_ns": ns(*s), "scope": "gpu", value: v});
    let samples: Vec<Value> = readings.iter().map(one).collect();
    let what = json!({"session_id": "s", "device_id": "d", "kind": sensor.kind, "scope": "gpu", "source": "test",
        "readings": readings.len(), "update_period_ms": sensor.update_period_ms, "resolution_j": sensor.resolution_j,
        "averaging_ms": sensor.averaging_ms, "resolution_w": sensor.resolution_w});
    let windows: Vec<(i64, i64)> = windows.iter().map(|(start, end)| (ns(*start), ns(*end))).collect();
    let config = Config { min_updates: 3, max_gap_ns: 1_000_000_000, max_error_pct, clock_error_ns: 0.0 };
    let sql =
        "select run_id, energy_gross_j, energy_error_j, reasons from run_energy where device_id = 'd' order by run_id";
    joined(&samples, &[what], &windows, config).select(sql).unwrap()
}

/// Of one sensor over all powers: windows with a stated error, those where it held, those known to 0.1 %, and the largest error of
/// these in per cent.
#[derive(Debug, Default)]
struct Found {
    stated: usize,
    held: usize,
    known: usize,
    asked: usize,
    worst_pct: f64,
    /// Windows in which the stated error did not hold: power, length, and error as a multiple of what was stated.
    missed: Vec<(&'static str, f64, f64)>,
}

fn measure(sensor: &Sensor, (name, power): &(&'static str, Power), random: &mut Random, found: &mut Found) {
    let windows: Vec<(f64, f64)> = (0..WINDOWS)
        .map(|_| {
            let length = 10f64.powf(random.between(-0.7, 2.0));
            let start = random.between(0.0, LENGTH_S - 2.0 - length);
            (start, start + length)
        })
        .collect();
    let readings = sensor.readings(power, random);
    let truth = |i: usize| power.joule(windows[i].1) - power.joule(windows[i].0);
    for (i, row) in energies(sensor, &readings, &windows, f64::MAX).iter().enumerate() {
        if let (Some(joules), Some(error)) = (row.energy_gross_j, row.energy_error_j) {
            let off = (joules - truth(i)).abs();
            let held = off <= error + 1e-9 * joules;
            found.stated += 1;
            found.held += usize::from(held);
            if !held {
                found.missed.push((name, windows[i].1 - windows[i].0, off / error));
            }
        }
    }
    for (i, row) in energies(sensor, &readings, &windows, 0.1).iter().enumerate() {
        found.asked += 1;
        assert_eq!(row.energy_gross_j.is_none(), row.reasons.is_some(), "{}: {row:?}", row.run_id);
        if let Some(joules) = row.energy_gross_j {
            found.known += 1;
            found.worst_pct = found.worst_pct.max(100.0 * (joules / truth(i) - 1.0).abs());
        }
    }
}

#[test]
fn stated_errors_hold_and_what_is_known_to_a_thousandth_is() {
    println!("{:44} {:>14} {:>22} {:>15}", "sensor", "error held", "known to 0.1 %", "worst of these");
    for sensor in SENSORS {
        let mut random = Random(20_261_125);
        let mut found = Found::default();
        let powers = [
            ("steps", Power::steps(&mut random)),
            ("other steps", Power::steps(&mut random)),
            ("ramps", Power::ramps(&mut random)),
            ("other ramps", Power::ramps(&mut random)),
            ("square, 13.7 ms", Power::square(0.0137)),
            ("square, 317 ms", Power::square(0.317)),
            ("square, 2.71 s", Power::square(2.71)),
        ];
        powers.iter().for_each(|power| measure(sensor, power, &mut random, &mut found));
        let Found { stated, held, known, asked, worst_pct, missed } = found;
        let share = 100.0 * held as f64 / stated as f64;
        println!(
            "{:44} {share:5.1} % of {stated:4} {:15.1} % of {asked:3} {worst_pct:13.3} %",
            sensor.name,
            100.0 * known as f64 / asked as f64
        );
        assert!(stated > 300, "{}: {stated} windows", sensor.name);
        assert!(share >= 95.0, "{}: the stated error held in {share:.1} %\n{missed:?}", sensor.name);
        assert!(worst_pct <= 0.1, "{}: {worst_pct} % off where 0.1 % was said", sensor.name);
    }
}

/// What no error bound can see: power that repeats in step with the sensor.
#[test]
fn power_in_step_with_the_sensor_is_not_seen() {
    let sensor = Sensor { jitter: 0.0, lost: 0.0, ..Sensor { ..SENSORS[1] } };
    let power = Power::square(0.1);
    let mut random = Random(7);
    let readings = sensor.readings(&power, &mut random);
    let rows = energies(&sensor, &readings, &[(10.0, 60.0)], f64::MAX);
    let (joules, error) = (rows[0].energy_gross_j.unwrap(), rows[0].energy_error_j.unwrap());
    let truth = power.joule(60.0) - power.joule(10.0);
    assert!((joules - truth).abs() > 10.0 * error, "{joules} {truth} {error}");
}

/// The bench of energies with fewer runs, through every stage from the import on.
#[test]
fn energies_of_simulated_logs_are_within_their_error() {
    let folder = tests::binary("join-telemetry").parent().unwrap().to_path_buf();
    let mut bench = std::process::Command::new("python3");
    bench
        .current_dir(tests::root())
        .args(["-B", "tests/bench/truth/energy.py"])
        .arg(folder)
        .args(["import.toml", "--short"]);
    let ran = tests::run(&mut bench);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.matches("held").count() > 15, "{}", ran.out);
}
