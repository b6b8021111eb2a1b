//! How often a reading is renewed, from readings that are taken much more often.

/// A reading: seconds, and W or J.
pub type Reading = (f64, f64);

/// The readings that were new, and how often they come.
#[derive(Debug, Clone, Default)]
pub struct Updates {
    /// Values that differ from the one before them, each half-way between the last reading without and the first with it. Those
    /// after a pause of the reading thread are left out, since it is not known when they came.
    pub at: Vec<Reading>,
    pub period: Period,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Period {
    /// Too few values.
    #[default]
    Unknown,
    /// Every reading was new, so that the period is this or less, ms.
    AtMost(f64),
    /// ms, with the half width of its 95 % interval.
    Every(f64, f64),
    /// No one period: the median and the middle half of the intervals, ms.
    Irregular(f64, f64, f64),
}

/// Fewest intervals that a period is told from.
const FEWEST: usize = 10;
/// Updates that a model is fitted to: at least so many, and at most what is enough for one part in a thousand.
const FEWEST_FITTED: usize = 30;
const MOST_FITTED: usize = 1500;
/// Intervals within this share of a multiple of the period are regular.
const NEAR: f64 = 0.25;
/// Share of intervals that must be.
const REGULAR: f64 = 0.7;

impl Updates {
    pub fn of(readings: &[Reading]) -> Self {
        let gaps = sorted(readings.windows(2).map(|r| r[1].0 - r[0].0));
        let read_every_s = quantile(&gaps, 0.5);
        let (mut at, mut changes) = (Vec::new(), Vec::new());
        for pair in readings.windows(2) {
            if pair[0].1 != pair[1].1 {
                let (gap, middle) = (pair[1].0 - pair[0].0, (pair[0].0 + pair[1].0) / 2.0);
                let punctual = gap <= 3.0 * read_every_s;
                changes.push((middle, punctual));
                at.extend(punctual.then_some((middle, pair[1].1, pair[1].0)));
            }
        }
        let intervals = changes.windows(2).filter(|c| c[0].1 && c[1].1).map(|c| c[1].0 - c[0].0);
        let period = period(&sorted(intervals), read_every_s);
        // A value that is new whenever it is read is that of the instant in which it is read.
        let always = matches!(period, Period::AtMost(_));
        let at = at.into_iter().map(|(middle, value, seen)| (if always { seen } else { middle }, value)).collect();
        Updates { at, period }
    }

    /// Those that are fitted, spread over all; the error is that there are too few.
    pub fn thinned(&self) -> Result<Vec<Reading>, String> {
        let every = self.at.len().div_ceil(MOST_FITTED).max(1);
        match self.at.len() {
            ..FEWEST_FITTED => Err(format!("{} new values, {FEWEST_FITTED} are needed", self.at.len())),
            _ => Ok(self.at.iter().step_by(every).copied().collect()),
        }
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted.get((share * sorted.len() as f64) as usize).copied().unwrap_or(f64::NAN)
}

/// Values that happen to be equal hide an update, so that an interval may be several periods; the shortest that is common is
/// one. Then all that are near a multiple say how long it is.
fn period(intervals: &[f64], read_every_s: f64) -> Period {
    if intervals.len() < FEWEST {
        return Period::Unknown;
    }
    let median = quantile(intervals, 0.5);
    if median <= 1.5 * read_every_s {
        return Period::AtMost(median.max(read_every_s) * 1e3);
    }
    let short = quantile(intervals, 0.2);
    let one: Vec<f64> = intervals.iter().copied().filter(|d| (d / short - 1.0).abs() < NEAR).collect();
    let mut period = one.iter().sum::<f64>() / one.len() as f64;
    // Two readings say where an interval ends, so that short ones are never nearer than that.
    let near_s = |period: f64| (NEAR * period).max(1.5 * read_every_s).min(period / 2.0);
    for _ in 0..10 {
        let near = intervals.iter().filter_map(|d| {
            let periods = (d / period).round().max(1.0);
            ((d - periods * period).abs() < near_s(period)).then_some((*d, periods))
        });
        let (time, periods, kept) = near.fold((0.0, 0.0, 0), |(t, p, n), (d, periods)| (t + d, p + periods, n + 1));
        if (kept as f64) < REGULAR * intervals.len() as f64 {
            let ms = |share| quantile(intervals, share) * 1e3;
            return Period::Irregular(ms(0.5), ms(0.25), ms(0.75));
        }
        period = time / periods;
    }
    // Each end of a chain is seen up to one reading late; the chain is as long as all its intervals.
    let spread = intervals.iter().map(|d| (d - (d / period).round().max(1.0) * period).powi(2)).sum::<f64>();
    let half = 1.96 * (spread / intervals.len() as f64).sqrt() / (intervals.len() as f64).sqrt();
    Period::Every(period * 1e3, half.max(read_every_s / intervals.len() as f64) * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::random::SplitMix;

    /// Readings every 2 ms (with jitter and pauses) of a value that is new every `period_s`, except a share that repeats.
    fn readings(period_s: f64, repeats: f64, random: &mut SplitMix) -> Vec<Reading> {
        let (mut t, mut update, mut value, mut all) = (0.0, random.unit() * period_s, 0.0, Vec::new());
        while t < 40.0 {
            t += 0.002 * (0.8 + 0.4 * random.unit()) + if random.unit() < 0.001 { 0.03 } else { 0.0 };
            while update <= t {
                update += period_s;
                value = if random.unit() < repeats { value } else { random.unit() };
            }
            all.push((t, value));
        }
        all
    }

    #[test]
    fn a_period_is_found_whatever_it_is() {
        let mut random = SplitMix::new(7);
        for _ in 0..200 {
            let period_s = 0.008 * 125f64.powf(random.unit());
            let repeats = 0.5 * random.unit();
            let found = Updates::of(&readings(period_s, repeats, &mut random)).period;
            let Period::Every(ms, half) = found else { panic!("{period_s}: {found:?}") };
            let off = (ms - period_s * 1e3).abs();
            assert!(off < 0.01 * ms, "{ms} instead of {}", period_s * 1e3);
            assert!(off < 2.5 * half, "{ms} +- {half} instead of {}", period_s * 1e3);
        }
    }

    #[test]
    fn what_has_no_period_is_given_none() {
        let mut random = SplitMix::new(8);
        let found = Updates::of(&readings(0.0005, 0.0, &mut random)).period;
        assert!(matches!(found, Period::AtMost(ms) if (1.5..3.5).contains(&ms)), "{found:?}");
        let (mut t, mut value) = (0.0, 0.0);
        let wild = (0..20_000).map(|_| {
            t += 0.002;
            value = if random.unit() < 0.02 { t } else { value };
            (t, value)
        });
        let found = Updates::of(&wild.collect::<Vec<_>>()).period;
        assert!(matches!(found, Period::Irregular(..)), "{found:?}");
        assert_eq!(Updates::of(&[(0.0, 1.0), (1.0, 1.0)]).period, Period::Unknown);
        assert_eq!(Updates::of(&[]).period, Period::Unknown);
    }
}
