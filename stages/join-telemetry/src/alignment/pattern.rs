//! When runs went on: the pattern that power should follow, through a sensor that averages.

/// Runs as stretches of time that do not overlap, with what they add up to.
#[derive(Debug)]
pub struct Pattern {
    /// Where a stretch begins or ends, s, in turns.
    knots: Vec<f64>,
    /// Time spent in runs before each knot, s.
    spent: Vec<f64>,
    /// Integral of that time up to each knot, s^2.
    area: Vec<f64>,
}

impl Pattern {
    /// Of windows `(start, end)` in s, in any order; those that touch are one stretch.
    pub fn new(windows: &[(f64, f64)]) -> Self {
        let mut sorted: Vec<(f64, f64)> = windows.iter().copied().filter(|(start, end)| end > start).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut stretches: Vec<(f64, f64)> = Vec::new();
        for (start, end) in sorted {
            match stretches.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => stretches.push((start, end)),
            }
        }
        let knots: Vec<f64> = stretches.iter().flat_map(|(start, end)| [*start, *end]).collect();
        let (mut spent, mut area) = (vec![0.0; knots.len()], vec![0.0; knots.len()]);
        for at in 1..knots.len() {
            let width = knots[at] - knots[at - 1];
            let running = f64::from(u8::from(at % 2 == 1));
            spent[at] = spent[at - 1] + running * width;
            area[at] = area[at - 1] + spent[at - 1] * width + running * width * width / 2.0;
        }
        Pattern { knots, spent, area }
    }

    /// Time spent in runs before `t`, and its integral.
    fn until(&self, t: f64) -> (f64, f64) {
        let after = self.knots.partition_point(|knot| *knot <= t);
        let Some(at) = after.checked_sub(1) else { return (0.0, 0.0) };
        let past = t - self.knots[at];
        let running = f64::from(u8::from(at % 2 == 0));
        (self.spent[at] + running * past, self.area[at] + self.spent[at] * past + running * past * past / 2.0)
    }

    /// Share of `from..to` in which runs went on, as a sensor sees it that averages over the last `averaging` s.
    pub fn share(&self, from: f64, to: f64, averaging: f64) -> f64 {
        if averaging <= 0.0 {
            return (self.until(to).0 - self.until(from).0) / (to - from);
        }
        let area = |t: f64| self.until(t).1 - self.until(t - averaging).1;
        (area(to) - area(from)) / (averaging * (to - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_runs_are_one_stretch() {
        let pattern = Pattern::new(&[(4.0, 5.0), (1.0, 2.0), (1.5, 3.0), (9.0, 9.0)]);
        assert_eq!(pattern.knots, [1.0, 3.0, 4.0, 5.0]);
        assert_eq!(pattern.share(0.0, 2.0, 0.0), 0.5);
        assert_eq!(pattern.share(2.5, 4.5, 0.0), 0.5);
        assert_eq!(pattern.share(6.0, 8.0, 0.0), 0.0);
    }

    #[test]
    fn an_averaging_sensor_sees_the_mean_of_its_past() {
        let pattern = Pattern::new(&[(1.0, 3.0), (4.0, 5.0)]);
        for (from, to, averaging) in [(0.5, 2.5, 1.0), (3.1, 3.2, 0.7), (4.9, 6.4, 2.0), (0.0, 1.0, 0.5)] {
            let steps = 4000;
            let seen = |t: f64| pattern.share(t - averaging, t, 0.0);
            let width = (to - from) / f64::from(steps);
            let mean: f64 =
                (0..steps).map(|i| seen(from + (f64::from(i) + 0.5) * width)).sum::<f64>() / f64::from(steps);
            assert!((pattern.share(from, to, averaging) - mean).abs() < 1e-6, "{from} {to} {averaging}");
        }
    }
}
