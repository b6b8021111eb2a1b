//! Whether a reading can be one of what its sensor covers. One that cannot is a failed reading, with the reason.

use super::source::Values;
use sensor::{Kind, Sensor, bounds_w};

/// Largest count of a counter, J: what 64 bits of microjoules hold.
const COUNT_J: f64 = 1.9e13;
/// A counter may rise by what was drawn since it was last renewed, which is at most this long before.
const RENEWED_NS: i64 = 1_000_000_000;

/// Follows the readings of one sensor.
#[derive(Debug, Default)]
pub struct Plausible {
    /// The last plausible count.
    before: Option<(i64, f64)>,
}

impl Plausible {
    /// What is wrong with a reading, if anything is.
    pub fn fault(&mut self, sensor: &Sensor, t_ns: i64, values: &Values) -> Option<String> {
        let (_, most_w) = bounds_w(sensor.scope);
        let range_j = values.energy_range_j;
        if let Some(range) = range_j.filter(|range| !(*range > 0.0 && *range <= COUNT_J)) {
            return Some(format!("no range of a counter, {range} J"));
        }
        let others = [values.memory_mb, values.utilisation_pct, values.clock_mhz, values.power_limit_w];
        if let Some(value) = others.iter().flatten().find(|v| !(v.is_finite() && **v >= 0.0)) {
            return Some(format!("no reading beside a power, {value}"));
        }
        if let Some(watts) = values.power_w.filter(|w| !(*w >= 0.0 && *w <= most_w)) {
            return Some(format!("no power of a {}, {watts} W, at most {most_w} W can be", sensor.scope.name()));
        }
        let count = values.energy_j.filter(|_| sensor.kind == Kind::Counter)?;
        if !(0.0..=range_j.unwrap_or(COUNT_J)).contains(&count) {
            return Some(format!("no count of a counter, {count} J"));
        }
        if let Some((t, before)) = self.before {
            let ns = t_ns.saturating_sub(t).max(RENEWED_NS);
            let joules = rise(before, count, range_j);
            let watts = joules / (ns as f64 / 1e9);
            if watts > most_w {
                let scope = sensor.scope.name();
                return Some(format!("a counter of a {scope} rose by {joules} J at once, at most {most_w} W can be"));
            }
        }
        self.before = Some((t_ns, count));
        None
    }
}

/// What a counter rose by; a fall by more than half of its range, or without one, is a new beginning (as in `join-telemetry`).
fn rise(before: f64, count: f64, range_j: Option<f64>) -> f64 {
    let rise = count - before;
    match range_j.map(|range| (rise + range, range)) {
        _ if rise >= 0.0 => rise,
        Some((wrapped, range)) if wrapped >= 0.0 && wrapped <= range / 2.0 => wrapped,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensor::Scope;

    #[test]
    fn a_power_is_one_of_its_scope() {
        let sensor = |scope| Sensor::new("a", Kind::Instant, scope);
        let fault = |scope, watts| {
            Plausible::default().fault(&sensor(scope), 0, &Values { power_w: Some(watts), ..Values::default() })
        };
        for (scope, fine) in [(Scope::Gpu, 2700.0), (Scope::CpuPackage, 0.0), (Scope::Node, 20e3)] {
            assert_eq!(fault(scope, fine), None);
        }
        assert_eq!(fault(Scope::Node, 1e308).unwrap()[..20], *"no power of a node, ");
        assert_eq!(fault(Scope::Gpu, -50.0).unwrap(), "no power of a gpu, -50 W, at most 10000 W can be");
        for watts in [f64::NAN, f64::INFINITY, 9.2e12, -1e9] {
            assert!(fault(Scope::Gpu, watts).is_some(), "{watts}");
        }
    }

    #[test]
    fn a_counter_counts_up_wraps_and_begins_anew_but_does_not_jump() {
        let sensor = Sensor::new("rapl", Kind::Counter, Scope::CpuPackage);
        let mut plausible = Plausible::default();
        let mut fault = |ms: i64, joules: f64, range: Option<f64>| {
            let values = Values { energy_j: Some(joules), energy_range_j: range, ..Values::default() };
            plausible.fault(&sensor, ms * 1_000_000, &values)
        };
        assert_eq!(fault(0, 262_000.0, Some(262_143.0)), None);
        assert_eq!(fault(50, 262_100.0, Some(262_143.0)), None, "a renewal that was late");
        assert_eq!(fault(100, 57.0, Some(262_143.0)), None, "it wrapped");
        assert_eq!(
            fault(150, 100_057.0, Some(262_143.0)).unwrap(),
            "a counter of a cpu_package rose by 100000 J at once, at most 4000 W can be"
        );
        assert_eq!(fault(200, 60.0, Some(262_143.0)), None, "and goes on from what was plausible");
        assert_eq!(fault(60_000, 100_060.0, Some(262_143.0)), None, "a minute later it can be");
        assert_eq!(fault(60_050, 0.0, None), None, "a new beginning");
        for (joules, range) in [
            (-5.0, None),
            (f64::NAN, None),
            (9e300, None),
            (5.0, Some(f64::NAN)),
            (5.0, Some(1.0)),
            (5.0, Some(f64::INFINITY)),
        ] {
            assert!(fault(60_100, joules, range).is_some(), "{joules} of {range:?}");
        }
    }
}
