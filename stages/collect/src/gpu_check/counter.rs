//! The energy counter: how often it is renewed, by how much, how late it is, and how it agrees with powers that are integrated.

use super::{
    fit::{Axis, descend, half_widths, least_squares},
    on_times::{Level, OnTimes},
    updates::{Reading, Updates},
};

/// What was found of a counter.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    /// Greatest common divisor of its steps: the resolution, where it is more than the unit of 1 mJ.
    pub resolution_j: f64,
    /// Age of the energy when it appears, and half the width of its 95 % interval.
    pub delay_ms: f64,
    pub delay_half_ms: f64,
    pub idle_w: f64,
    pub load_w: f64,
    pub explained: f64,
}

/// delay and rise, in seconds.
const AXES: [Axis; 2] = [Axis { low: -0.05, high: 2.0, step: 0.02 }, Axis { low: 0.0, high: 0.5, step: 0.01 }];
const STARTS_S: [f64; 6] = [0.0, 0.02, 0.05, 0.1, 0.3, 1.0];
/// Step of the numeric derivative by the delay, seconds.
const EPSILON_S: f64 = 0.0005;

/// How a counter of J follows the load, or why that is not known.
pub fn counter(updates: &Updates, on: &OnTimes) -> Result<Counter, String> {
    if let Some(back) = updates.at.windows(2).find(|r| r[1].1 < r[0].1) {
        return Err(format!("it went back from {:.3} to {:.3} J", back[0].1, back[1].1));
    }
    let seen = updates.thinned()?;
    let (t0, e0) = seen[0];
    let of = |p: &[f64; 2]| {
        let level = Level::new(on, p[1]);
        least_squares(seen.iter().map(|(t, joules)| ([1.0, t - t0, level.at(t - p[0]).1], joules - e0)))
    };
    let cost = |p: &[f64; 2]| of(p).map_or(f64::INFINITY, |(squares, _)| squares);
    let descents = STARTS_S.iter().map(|start| descend([*start, 0.0], &AXES, &cost));
    let (best, least) = descents.min_by(|a, b| a.1.total_cmp(&b.1)).ok_or("no delay can be tried")?;
    let (_, [start_j, idle_w, load_w]) = of(&best).ok_or("the load has not changed while it was read")?;
    // Against a straight line: a counter rises whatever the load does.
    let line = least_squares(seen.iter().map(|(t, joules)| ([1.0, t - t0], joules - e0))).map_or(f64::NAN, |l| l.0);
    let explained = 1.0 - least / line;
    if explained.is_nan() || explained < 0.9 {
        let share = 100.0 * explained.max(0.0);
        return Err(format!("the load says {share:.0} % of what departs from steady power"));
    }
    let level = Level::new(on, best[1]);
    let added = |t: f64, by: f64| level.at(t - best[0] - by).1;
    let row = |(t, _): &Reading| {
        let slope = (added(*t, EPSILON_S) - added(*t, -EPSILON_S)) / (2.0 * EPSILON_S);
        [1.0, t - t0, added(*t, 0.0), load_w * slope]
    };
    let rows: Vec<[f64; 4]> = seen.iter().map(row).collect();
    let residual = |(t, joules): &Reading| joules - e0 - start_j - idle_w * (t - t0) - load_w * added(*t, 0.0);
    let residuals: Vec<f64> = seen.iter().map(residual).collect();
    Ok(Counter {
        resolution_j: resolution_j(updates),
        delay_ms: best[0] * 1e3,
        delay_half_ms: half_widths(&rows, &residuals).map_or(f64::INFINITY, |half| half[3] * 1e3),
        idle_w,
        load_w,
        explained,
    })
}

fn resolution_j(updates: &Updates) -> f64 {
    let millijoules = updates.at.windows(2).map(|r| ((r[1].1 - r[0].1) * 1e3).round() as u64);
    millijoules.fold(0, divisor) as f64 / 1e3
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// J between two instants, each interpolated between the readings around it.
pub fn counted(readings: &[Reading], from: f64, to: f64) -> Option<f64> {
    let at = |t: f64| {
        let after = readings.partition_point(|r| r.0 <= t);
        let (a, b) = (readings.get(after.checked_sub(1)?)?, readings.get(after)?);
        Some(a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0))
    };
    Some(at(to)? - at(from)?)
}

/// J of a power between two instants: each reading holds until the next one.
pub fn integrated(readings: &[Reading], from: f64, to: f64) -> Option<f64> {
    let covered = readings.first()?.0 <= from && readings.last()?.0 >= to;
    let part = |r: &[Reading]| r[0].1 * (r[1].0.min(to) - r[0].0.max(from)).max(0.0);
    covered.then(|| readings.windows(2).map(part).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gpu_check::schedule::Schedule, gpu_check::updates::Period};
    use protocol::random::SplitMix;

    fn wave() -> OnTimes {
        let (mut t, mut on) = (1.0, Vec::new());
        for step in Schedule::random(40.0, 4).steps {
            on.push((t, t + step.on_s));
            t += step.on_s + step.off_s;
        }
        OnTimes(on)
    }

    /// A counter that is renewed every `period_s` (0: always) in steps of `step_mj`, `delay_s` late, read every 3 ms.
    fn read(on: &OnTimes, period_s: f64, step_mj: f64, delay_s: f64) -> Vec<Reading> {
        let level = Level::new(on, 0.0);
        let mut random = SplitMix::new(6);
        let mut t = 0.0;
        let one = || {
            t += 0.003 * (0.8 + 0.4 * random.unit());
            let seen = if period_s > 0.0 { (t / period_s).floor() * period_s } else { t } - delay_s;
            let millijoules = 1e3 * (60.0 * (seen + 5.0) + 200.0 * level.at(seen).1);
            (t, (millijoules / step_mj).floor() * step_mj / 1e3)
        };
        std::iter::repeat_with(one).take_while(|r| r.0 < 45.0).collect()
    }

    #[test]
    fn period_resolution_and_delay_are_found() {
        let on = wave();
        for (period_s, step_mj, delay_s) in
            [(0.0, 1.0, 0.0), (0.02, 1.0, 0.0), (0.1, 1.0, 0.0), (0.1, 1.0, 0.05), (0.02, 15.0, 0.03)]
        {
            let updates = Updates::of(&read(&on, period_s, step_mj, delay_s));
            match updates.period {
                Period::AtMost(ms) => assert!(period_s == 0.0 && ms < 4.0, "{ms}"),
                Period::Every(ms, _) => assert!((ms - 1e3 * period_s).abs() < 0.01 * ms, "{ms} of {period_s}"),
                other => panic!("{period_s}: {other:?}"),
            }
            let found = counter(&updates, &on).unwrap();
            assert_eq!(found.resolution_j, step_mj / 1e3);
            assert!((found.delay_ms - 1e3 * delay_s).abs() < 1.5, "{period_s} {delay_s}: {found:?}");
            assert!((found.idle_w - 60.0).abs() < 1.0 && (found.load_w - 200.0).abs() < 2.0, "{found:?}");
        }
    }

    #[test]
    fn counter_and_integral_of_one_power_agree() {
        let on = wave();
        let counter = read(&on, 0.02, 1.0, 0.0);
        let level = Level::new(&on, 0.0);
        let power: Vec<Reading> =
            (0..22_500).map(|i| f64::from(i) * 0.002).map(|t| (t, 60.0 + 200.0 * level.at(t).0)).collect();
        let (counted, integrated) = (counted(&counter, 0.5, 44.0).unwrap(), integrated(&power, 0.5, 44.0).unwrap());
        assert!((counted / integrated - 1.0).abs() < 2e-3, "{counted} and {integrated}");
        assert_eq!(super::integrated(&power, -1.0, 3.0), None, "not covered");
        assert_eq!(super::counted(&counter, 1.0, 99.0), None);
    }

    #[test]
    fn a_counter_that_goes_back_or_stands_still_is_told() {
        let on = wave();
        let mut readings = read(&on, 0.02, 1.0, 0.0);
        readings.iter_mut().skip(8000).for_each(|r| r.1 -= 300.0);
        let why = counter(&Updates::of(&readings), &on).unwrap_err();
        assert!(why.starts_with("it went back from "), "{why}");
        assert_eq!(counter(&Updates::of(&[]), &on).unwrap_err(), "0 new values, 30 are needed");
    }
}
