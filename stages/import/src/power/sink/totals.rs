//! Whether a column of energies is a running total or the energy of the time since the row before, by its name and its values.

use ::sensor::Scope;

/// What energies of a log are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Energies {
    /// A running total
    Counter,
    /// Of the time since the row before
    Interval,
}

/// How much is known before its values are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Totals {
    /// The format says that it is a running total.
    #[default]
    Stated,
    /// A reader made it of windows: nothing is to be asked.
    Made,
    /// A column of somebody's own, whose name says this.
    Named(Option<Energies>),
}

/// Words in names of columns.
const OF_INTERVALS: [&str; 12] =
    ["per", "delta", "interval", "period", "window", "task", "step", "diff", "increment", "inc", "rate", "chunk"];
const OF_TOTALS: [&str; 8] = ["total", "cumulative", "counter", "accumulated", "cum", "sum", "since", "meter"];

/// What the name of a column, and the names beside it, say of its energies.
pub fn by_name(column: &str, others: &[String]) -> Option<Energies> {
    let words = |name: &str| -> Vec<String> {
        name.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_string).collect()
    };
    let of = words(column);
    let has = |words: &[String], known: &[&str]| words.iter().any(|w| known.contains(&w.as_str()));
    if has(&of, &OF_INTERVALS) || others.iter().any(|name| name.eq_ignore_ascii_case("task_name")) {
        return Some(Energies::Interval);
    }
    has(&of, &OF_TOTALS).then_some(Energies::Counter)
}

/// The values of one counter in order of time.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    before: Option<(i64, f64)>,
    first: f64,
    pub readings: u64,
    pub rises: u64,
    pub falls: u64,
    /// Falls to less than a tenth of what was there: a new beginning.
    new: u64,
    /// Steps in time, of which the median is the usual one; the first of them.
    steps: Vec<i64>,
    pub counted_j: f64,
    pub seconds: f64,
}

const STEPS: usize = 1 << 14;

impl Tally {
    pub fn see(&mut self, t: i64, v: f64, range_j: Option<f64>) {
        self.readings += 1;
        let Some((then, before)) = self.before.replace((t, v)) else {
            self.first = v;
            return;
        };
        if self.steps.len() < STEPS {
            self.steps.push(t - then);
        }
        self.seconds += (t - then) as f64 / 1e9;
        let rise = v - before;
        let wraps = range_j.is_some_and(|range| rise < 0.0 && (0.0..=range / 2.0).contains(&(rise + range)));
        if wraps {
            self.rises += 1;
            self.counted_j += rise + range_j.unwrap_or(0.0);
        } else if rise > 0.0 {
            self.rises += 1;
            self.counted_j += rise;
        } else if rise < 0.0 {
            self.falls += 1;
            self.new += u64::from(v < 0.1 * before);
        }
    }

    pub fn step_ns(&self) -> Option<i64> {
        let mut steps = self.steps.clone();
        let middle = steps.len() / 2;
        (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1)
    }

    /// What the values look like; `None` where they could be either.
    fn by_values(&self) -> Option<Energies> {
        let steps = self.readings.saturating_sub(1);
        match (self.falls, self.rises) {
            (0, 0) if self.first == 0.0 || steps < 2 => Some(Energies::Counter),
            (0, 0) => None,
            (0, _) => Some(Energies::Counter),
            (falls, _) if falls == self.new && falls * 10 <= steps => Some(Energies::Counter),
            (falls, _) if falls * 5 >= steps && falls > self.new => Some(Energies::Interval),
            _ => None,
        }
    }

    /// What they are; `None` is a question.
    pub fn energies(&self, totals: Totals, asked: Option<Energies>) -> Option<Energies> {
        match (totals, asked) {
            (Totals::Made, _) => Some(Energies::Counter),
            (_, Some(asked)) => Some(asked),
            (Totals::Stated, None) => Some(Energies::Counter).filter(|_| self.by_values() != Some(Energies::Interval)),
            (Totals::Named(None), None) => self.by_values(),
            (Totals::Named(Some(named)), None) => match self.by_values() {
                // Rows of which none is lower than the one before, or that stand still, may be either.
                None => Some(named),
                Some(seen) => Some(named).filter(|named| *named == seen || self.rises == 0 && self.falls == 0),
            },
        }
    }

    pub fn text(&self) -> String {
        format!(
            "{} readings, of which {} are higher than the one before and {} lower",
            self.readings, self.rises, self.falls
        )
    }
}

/// What no sensor of a scope can have counted in a time, J.
pub fn most_j(scope: Scope, ns: i64) -> f64 {
    ::sensor::bounds_w(scope).1 * (ns.max(1_000_000_000) as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energies(values: &[f64], name: &str) -> Option<Energies> {
        let mut tally = Tally::default();
        values.iter().enumerate().for_each(|(i, v)| tally.see(i as i64 * 1_000_000_000, *v, None));
        tally.energies(Totals::Named(by_name(name, &[])), None)
    }

    #[test]
    fn totals_and_intervals_are_told_apart_by_values_and_names() {
        let (counter, interval) = (Some(Energies::Counter), Some(Energies::Interval));
        let rising: Vec<f64> = (0..40).map(|i| 1000.0 + 300.0 * f64::from(i)).collect();
        let level: Vec<f64> = (0..40).map(|i| 300.0 + f64::from(i * 7 % 11)).collect();
        let reset: Vec<f64> = (0..40).map(|i| 300.0 * f64::from(1 + i % 20)).collect();
        assert_eq!(energies(&rising, "energy_j"), counter);
        assert_eq!(energies(&level, "energy_j"), interval);
        assert_eq!(energies(&reset, "energy_j"), counter);
        // A column that stands still, and rising ones that are called energies of intervals, are questions.
        assert_eq!(energies(&[500.0; 9], "energy_j"), None);
        assert_eq!(energies(&rising, "energy_per_task_j"), None);
        assert_eq!(energies(&[500.0; 9], "energy_delta_j"), interval);
        assert_eq!(energies(&[500.0; 9], "energy_total_j"), counter);
        assert_eq!(energies(&level, "energy_total_j"), None);
        assert_eq!(energies(&[0.0; 9], "energy_j"), counter);
    }

    #[test]
    fn what_the_format_states_or_the_user_says_holds() {
        let mut tally = Tally::default();
        (0..40).for_each(|i| tally.see(i * 1_000_000_000, 300.0 + (i * 7 % 11) as f64, None));
        assert_eq!(tally.energies(Totals::Stated, None), None);
        assert_eq!(tally.energies(Totals::Made, None), Some(Energies::Counter));
        assert_eq!(tally.energies(Totals::Stated, Some(Energies::Interval)), Some(Energies::Interval));
        assert_eq!(tally.step_ns(), Some(1_000_000_000));
    }
}
