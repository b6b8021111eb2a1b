//! When the load ran, and what a box of any width would have seen of it, or of another reading.

use super::updates::Reading;

/// Intervals in which the GPU was loaded, ascending and disjoint, in seconds.
#[derive(Debug, Clone, Default)]
pub struct OnTimes(pub Vec<(f64, f64)>);

/// What a sensor is modelled to see: the load, between 0 (idle) and 1, after a lag of first order, since clocks and voltages of a GPU
/// take time to rise; or the power that a faster reading saw.
#[derive(Debug)]
pub struct Level {
    edges: Vec<Edge>,
    rise_s: f64,
}

#[derive(Debug)]
struct Edge {
    t: f64,
    on: f64,
    level: f64,
    integral: f64,
}

impl Level {
    /// `rise_s`: time constant; 0 for a load that is there at once.
    pub fn new(on: &OnTimes, rise_s: f64) -> Self {
        let mut level = Level { edges: Vec::with_capacity(2 * on.0.len() + 1), rise_s };
        level.edges.push(Edge { t: f64::NEG_INFINITY, on: 0.0, level: 0.0, integral: 0.0 });
        for (t, on) in on.0.iter().flat_map(|(start, end)| [(*start, 1.0), (*end, 0.0)]) {
            let (before, integral) = level.at(t);
            level.edges.push(Edge { t, on, level: before, integral });
        }
        level
    }

    /// Each value of a reading stands for the time since the one before it.
    pub fn seen(values: &[Reading]) -> Self {
        let mut level = Level { edges: Vec::with_capacity(values.len() + 1), rise_s: 0.0 };
        let mut integral = 0.0;
        for pair in values.windows(2) {
            level.edges.push(Edge { t: pair[0].0, on: pair[1].1, level: pair[1].1, integral });
            integral += pair[1].1 * (pair[1].0 - pair[0].0);
        }
        level
    }

    /// Level at `t`, and its integral from the beginning, in seconds.
    pub fn at(&self, t: f64) -> (f64, f64) {
        let before = self.edges.partition_point(|e| e.t <= t).max(1) - 1;
        let Some(edge) = self.edges.get(before).filter(|e| e.t > f64::NEG_INFINITY) else { return (0.0, 0.0) };
        let dt = t - edge.t;
        if self.rise_s <= 0.0 {
            return (edge.on, edge.integral + edge.on * dt);
        }
        let left = (edge.level - edge.on) * (-dt / self.rise_s).exp();
        let passed = (edge.level - edge.on) - left;
        (edge.on + left, edge.integral + edge.on * dt + passed * self.rise_s)
    }

    /// Mean over `[from, to]`.
    pub fn mean(&self, from: f64, to: f64) -> f64 {
        (self.at(to).1 - self.at(from).1) / (to - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_the_share_of_time_that_was_loaded() {
        let on = OnTimes(vec![(1.0, 2.0), (3.0, 3.5)]);
        let level = Level::new(&on, 0.0);
        for (from, to, mean) in [(0.0, 1.0, 0.0), (1.0, 2.0, 1.0), (0.5, 1.5, 0.5), (1.5, 3.5, 0.5), (4.0, 9.0, 0.0)] {
            assert!((level.mean(from, to) - mean).abs() < 1e-12, "{from} to {to}");
        }
    }

    #[test]
    fn a_reading_stands_for_the_time_before_it() {
        let level = Level::seen(&[(1.0, 5.0), (2.0, 10.0), (4.0, 20.0)]);
        for (from, to, mean) in [(1.0, 2.0, 10.0), (2.0, 4.0, 20.0), (1.0, 4.0, 50.0 / 3.0), (1.5, 2.5, 15.0)] {
            assert!((level.mean(from, to) - mean).abs() < 1e-12, "{from} to {to}");
        }
        assert_eq!(Level::seen(&[]).at(1.0), (0.0, 0.0));
    }

    #[test]
    fn a_rise_delays_energy_and_loses_none() {
        let on = OnTimes(vec![(1.0, 2.0)]);
        let level = Level::new(&on, 0.1);
        assert!((level.at(1.1).0 - (1.0 - (-1.0f64).exp())).abs() < 1e-12);
        assert!((level.at(20.0).1 - 1.0).abs() < 1e-9);
        // By numbers: the integral of what `at` says.
        let steps = 100_000;
        let sum: f64 = (0..steps).map(|i| level.at(3.0 * (f64::from(i) + 0.5) / f64::from(steps)).0).sum();
        assert!((sum * 3.0 / f64::from(steps) - level.at(3.0).1).abs() < 1e-6);
    }
}
