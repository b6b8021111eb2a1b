//! How often a sensor says something new, and by how much: inferred from its readings.

/// Differences below this are the rounding of two doubles, not a step of a sensor: a counter of 1e6 J has 1e-10 J.
const ROUNDING: f64 = 1e-9;
const PER_ROUNDING: f64 = 1e9;

/// Readings of one sensor, seen one after another.
#[derive(Debug, Default)]
pub struct Updates {
    last: Option<f64>,
    changed_ns: Option<i64>,
    intervals_ns: Vec<i64>,
    step: Option<f64>,
    /// Intervals that are kept at most; zero: all.
    bound: usize,
}

impl Updates {
    /// Keeps a bounded number of intervals, the first ones.
    pub fn bounded(bound: usize) -> Self {
        Updates { bound, ..Updates::default() }
    }

    pub fn see(&mut self, t_ns: i64, value: f64) {
        let Some(last) = self.last.replace(value) else { return };
        let step = (value - last).abs();
        if step <= ROUNDING {
            return;
        }
        self.step = Some(self.step.map_or(step, |smallest| smallest.min(step)));
        if let Some(before) = self.changed_ns.replace(t_ns)
            && (self.bound == 0 || self.intervals_ns.len() < self.bound)
        {
            self.intervals_ns.push(t_ns - before);
        }
    }

    /// Median time between two changes. Each change is seen up to one reading late, so it is no finer than the readings.
    pub fn period_ns(&self) -> Option<i64> {
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

    /// Smallest step between two readings.
    pub fn step(&self) -> Option<f64> {
        self.step.map(|step| (step * PER_ROUNDING).round() / PER_ROUNDING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_slower_than_its_readings_is_found_out() {
        let mut updates = Updates::default();
        assert_eq!((updates.period_ns(), updates.step()), (None, None));
        // Read every 20, new every 100, in steps of 5 and 1.
        for t in (0..1000).step_by(20) {
            let n = t / 100;
            updates.see(t, f64::from(3 * n as i32 + 2 * (n % 2) as i32));
        }
        assert_eq!((updates.period_ns(), updates.step()), (Some(100), Some(1.0)));
    }

    #[test]
    fn a_value_that_stands_still_or_moves_once_has_no_period() {
        let mut updates = Updates::default();
        for t in 0..10 {
            updates.see(t, 25.0 + 1e-12 * t as f64);
        }
        assert_eq!((updates.period_ns(), updates.step()), (None, None));
        updates.see(10, 26.0);
        assert_eq!(updates.period_ns(), None);
        assert!((updates.step().unwrap() - 1.0).abs() < 1e-8);
    }

    #[test]
    fn a_bound_keeps_the_first_intervals() {
        let mut updates = Updates::bounded(2);
        for (t, value) in [(0, 0.0), (10, 1.0), (20, 2.0), (30, 3.0), (1000, 4.0)] {
            updates.see(t, value);
        }
        assert_eq!(updates.period_ns(), Some(10));
    }
}
