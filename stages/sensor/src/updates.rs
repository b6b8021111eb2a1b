//! How often a sensor says something new, and in what steps: inferred from its readings.

use std::collections::BTreeSet;

/// Rounding of doubles: readings that differ by less are the same one.
const ROUNDING: f64 = 1e-9;
/// The same in relation to the largest value, some units in its last place.
const RELATIVE: f64 = 16.0 * f64::EPSILON;
/// No step is looked for below this many units.
const SMALLEST: f64 = 1e-13;
/// Values that a load with some steady levels may take: changes between so few tell of the load and not of the sensor.
const LEVELS: usize = 8;

/// Greatest common divisor of the values of a power, or of the steps of a counter, as far as they were seen.
#[derive(Debug, Clone, Copy)]
struct Divisor {
    size: f64,
    /// Largest error of `size`.
    error: f64,
    /// How many of it the values add up to from which it is the mean.
    count: f64,
}

/// Readings of one sensor, seen one after another.
#[derive(Debug, Default)]
pub struct Updates {
    counts: bool,
    last: Option<f64>,
    largest: f64,
    changed_ns: Option<i64>,
    intervals_ns: Vec<i64>,
    /// Bits of the first different values.
    levels: BTreeSet<u64>,
    quantum: Option<Divisor>,
    /// Intervals that are kept at most; zero: all.
    bound: usize,
}

impl Updates {
    /// Of a counter, whose origin is arbitrary, or of a power.
    pub fn of(counts: bool) -> Self {
        Updates { counts, ..Updates::default() }
    }

    /// Keeps a bounded number of intervals, the first ones.
    pub fn bounded(self, bound: usize) -> Self {
        Updates { bound, ..self }
    }

    pub fn see(&mut self, t_ns: i64, value: f64) {
        self.largest = self.largest.max(value.abs());
        let before = self.last.replace(value);
        if !self.counts && before != Some(value) {
            self.divide(value.abs());
        }
        let Some(last) = before else { return };
        let step = (value - last).abs();
        if step <= ROUNDING {
            return;
        }
        if self.counts {
            self.divide(step);
        }
        if self.levels.len() < LEVELS {
            self.levels.insert(if self.counts { step } else { value }.to_bits());
        }
        if let Some(before) = self.changed_ns.replace(t_ns)
            && (self.bound == 0 || self.intervals_ns.len() < self.bound)
        {
            self.intervals_ns.push(t_ns - before);
        }
    }

    /// Takes a value for a multiple of the quantum, or makes the quantum smaller. The quantum is a sum of values over the number of quanta
    /// in it, so it is the better known the more it has seen.
    fn divide(&mut self, value: f64) {
        let noise = self.noise();
        if value <= noise {
            return;
        }
        let Some(Divisor { size, error, count }) = self.quantum else {
            self.quantum = Some(Divisor { size: value, error: noise, count: 1.0 });
            return;
        };
        let times = (value / size).round();
        if times >= 1.0 && (value - times * size).abs() <= noise + times * error {
            let all = count + times;
            self.quantum =
                Some(Divisor { size: (size * count + value) / all, error: (error * count + noise) / all, count: all });
            return;
        }
        // Euclid's algorithm; a remainder within the error that it carries is none.
        let (mut a, mut b) = ((value, noise), (size, error));
        if a.0 < b.0 {
            (a, b) = (b, a);
        }
        while b.0 > 0.0 {
            let times = (a.0 / b.0).floor();
            let (rest, error) = (a.0 - times * b.0, a.1 + times * b.1);
            let none = rest <= error || b.0 - rest <= error + b.1;
            (a, b) = (b, if none { (0.0, 0.0) } else { (rest, error) });
        }
        self.quantum = Some(Divisor { size: a.0, error: a.1, count: 1.0 });
    }

    fn noise(&self) -> f64 {
        SMALLEST.max(RELATIVE * self.largest)
    }

    /// Median time between two changes. Each change is seen up to one reading late, so it is no finer than the readings. A load with few
    /// steady levels changes when it begins and ends: its changes are no renewals, and there is no period.
    pub fn period_ns(&self) -> Option<i64> {
        if self.levels.len() < LEVELS && !self.counts {
            return None;
        }
        let mut sorted = self.intervals_ns.clone();
        sorted.sort_unstable();
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            n if n % 2 == 1 => Some(sorted[middle]),
            _ => Some(sorted[middle - 1] + (sorted[middle] - sorted[middle - 1]) / 2),
        }
    }

    /// How many changes the period is the median of, less one.
    pub fn intervals(&self) -> usize {
        self.intervals_ns.len()
    }

    /// Largest step of which all values of a power, or all rises of a counter, are multiples; `None` where they have no common step
    /// beyond the rounding of doubles.
    pub fn quantum(&self) -> Option<f64> {
        let noise = self.noise();
        self.quantum.map(|divisor| divisor.size).filter(|size| *size > 1e3 * noise).map(round)
    }
}

/// To ten significant digits: what a remainder of doubles is good for.
fn round(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gcd(a: u64, b: u64) -> u64 {
        if b == 0 { a } else { gcd(b, a % b) }
    }

    #[test]
    fn a_sensor_slower_than_its_readings_is_found_out() {
        let mut updates = Updates::default();
        assert_eq!((updates.period_ns(), updates.quantum()), (None, None));
        // Read every 20, new every 100, in whole numbers.
        for t in (0..1000).step_by(20) {
            let n = t / 100;
            updates.see(t, f64::from(30 + 3 * n as i32 + 2 * (n % 2) as i32));
        }
        assert_eq!((updates.period_ns(), updates.quantum()), (Some(100), Some(1.0)));
    }

    #[test]
    fn two_steady_levels_tell_nothing_of_the_sensor() {
        let mut updates = Updates::default();
        (0..400).for_each(|i| updates.see(i * 100, if i / 23 % 2 == 0 { 60.0 } else { 250.5 }));
        assert_eq!((updates.period_ns(), updates.quantum()), (None, Some(1.5)));
    }

    #[test]
    fn a_counter_that_moves_once_has_a_step_and_no_period() {
        let mut updates = Updates::of(true);
        for t in 0..10 {
            updates.see(t, 25.0 + 1e-12 * t as f64);
        }
        assert_eq!((updates.period_ns(), updates.quantum()), (None, None));
        updates.see(10, 3625.0);
        assert_eq!((updates.period_ns(), updates.quantum()), (None, Some(3600.0)));
    }

    #[test]
    fn a_bound_keeps_the_first_intervals() {
        let mut updates = Updates::of(true).bounded(2);
        for (t, value) in [(0, 0.0), (10, 1.0), (20, 2.0), (30, 3.0), (1000, 4.0)] {
            updates.see(t, value);
        }
        assert_eq!(updates.period_ns(), Some(10));
    }

    proptest! {
        /// A meter of so many digits has its step found, in whatever unit it counts and wherever it began.
        #[test]
        fn the_step_of_a_meter_is_found(digits in 0u32..5, unit in prop_oneof![Just(1.0), Just(60.0), Just(3600.0), Just(3.6e6)],
                                        from in 0u64..1_000_000, rises in proptest::collection::vec(0u64..400, 40..200)) {
            let step = unit / f64::from(10u32.pow(digits));
            let mut updates = Updates::of(true);
            let mut count = from;
            let mut all = 0;
            for (t, rise) in rises.iter().enumerate() {
                count += rise;
                updates.see(t as i64, count as f64 / f64::from(10u32.pow(digits)) * unit);
                // The first reading's rise is not seen.
                all = if t == 0 { 0 } else { gcd(all, *rise) };
            }
            prop_assume!(all > 0);
            let found = updates.quantum().unwrap();
            prop_assert!((found / (step * all as f64) - 1.0).abs() < 1e-4, "{found} {step}");
        }

        /// A counter that counts in no steps has none, or one that is negligible.
        #[test]
        fn a_counter_of_reals_has_no_step(seed in 1u64..1000) {
            let mut updates = Updates::of(true);
            let mut joules = 1e5;
            for t in 0..400 {
                joules += 6.0 + ((seed * 7919 + t * 104_729) % 100_003) as f64 / 1e5 * std::f64::consts::PI;
                updates.see(t as i64, joules);
            }
            prop_assert!(updates.quantum().unwrap_or(0.0) < 1e-3, "{:?}", updates.quantum());
        }
    }
}
