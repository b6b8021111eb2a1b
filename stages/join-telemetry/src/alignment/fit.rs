//! Which shift of the log, and which averaging of the sensor, make power follow the pattern of runs best.
//!
//! Power in a bin of time is idle power plus a step times the share of the bin in which runs went on: least squares give both for
//! any shift. Shifts are told apart by their squared errors in blocks of time, as the accuracy of two forecasts is (Diebold and
//! Mariano 1995, doi:10.1080/07350015.1995.10524599): a shift is possible unless it does worse block by block.

use super::pattern::Pattern;

/// Blocks of time.
pub const BLOCKS: usize = 10;
/// Two-sided 95 % of Student's t with `BLOCKS - 1` degrees of freedom.
const T95: f64 = 2.262_157;
/// What a shift that is one of thousands must reach against none at all: standard errors over blocks, and share of the variance.
const BEYOND_DOUBT: f64 = 5.0;
const CLEARLY_MORE: f64 = 0.1;

/// Squared errors of shifts that explain power equally well differ by no more.
const ALIKE: f64 = 1.1;

/// Mean power of a bin of time, in s and W.
#[derive(Debug, Clone, Copy)]
pub struct Bin {
    pub from: f64,
    pub to: f64,
    pub power: f64,
}

/// How the log lies: it says `t + shift` for what happened at `t`, of power averaged over `averaging`; both in s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub shift: f64,
    pub averaging: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Moments {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
        self.yy += y * y;
    }

    fn plus(self, other: &Moments) -> Moments {
        Moments {
            n: self.n + other.n,
            x: self.x + other.x,
            y: self.y + other.y,
            xx: self.xx + other.xx,
            xy: self.xy + other.xy,
            yy: self.yy + other.yy,
        }
    }

    /// Slope; a pattern that never changes has none.
    fn slope(&self) -> f64 {
        let spread = self.xx - self.x * self.x / self.n;
        if spread > 1e-9 * self.n { (self.xy - self.x * self.y / self.n) / spread } else { 0.0 }
    }

    /// Intercept and slope of power, which no run makes smaller.
    fn line(&self) -> (f64, f64) {
        let slope = self.slope().max(0.0);
        ((self.y - slope * self.x) / self.n, slope)
    }

    fn squares(&self, (base, slope): (f64, f64)) -> f64 {
        self.yy - 2.0 * (base * self.y + slope * self.xy)
            + base * base * self.n
            + 2.0 * base * slope * self.x
            + slope * slope * self.xx
    }
}

/// A candidate against the power that was read.
#[derive(Debug, Clone)]
pub struct Fit {
    pub candidate: Candidate,
    /// W more in runs than between them.
    pub step: f64,
    /// Of the step, from block to block.
    pub step_se: f64,
    /// Share of the variance of power that the pattern explains.
    pub explained: f64,
    squares: [f64; BLOCKS],
}

impl Fit {
    /// `None` for fewer bins than blocks.
    pub fn new(bins: &[Bin], pattern: &Pattern, candidate: Candidate) -> Option<Self> {
        let Candidate { shift, averaging } = candidate;
        let mut blocks = [Moments::default(); BLOCKS];
        for (at, bin) in bins.iter().enumerate() {
            blocks[at * BLOCKS / bins.len()].add(pattern.share(bin.from - shift, bin.to - shift, averaging), bin.power);
        }
        if bins.len() < 2 * BLOCKS {
            return None;
        }
        let all = blocks.iter().fold(Moments::default(), |sum, block| sum.plus(block));
        let line = all.line();
        let squares = blocks.map(|block| block.squares(line).max(0.0));
        let total = all.yy - all.y * all.y / all.n;
        // Jackknife of the slope.
        let without = |left: usize| {
            let rest = blocks.iter().enumerate().filter(|(at, _)| *at != left);
            rest.fold(Moments::default(), |sum, (_, block)| sum.plus(block)).slope()
        };
        let slopes: Vec<f64> = (0..BLOCKS).map(without).collect();
        let mean = slopes.iter().sum::<f64>() / BLOCKS as f64;
        let spread: f64 = slopes.iter().map(|slope| (slope - mean).powi(2)).sum();
        Some(Fit {
            candidate,
            step: line.1,
            step_se: (spread * (BLOCKS - 1) as f64 / BLOCKS as f64).sqrt(),
            explained: if total > 0.0 { 1.0 - squares.iter().sum::<f64>() / total } else { 0.0 },
            squares,
        })
    }

    fn error(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// How much worse another fit of the same bins is, in standard errors over blocks.
    fn worse(&self, other: &Fit) -> f64 {
        let differences = self.squares.iter().zip(&other.squares).map(|(ours, theirs)| theirs - ours);
        let mean = differences.clone().sum::<f64>() / BLOCKS as f64;
        let variance: f64 = differences.map(|d| (d - mean).powi(2)).sum::<f64>() / (BLOCKS - 1) as f64;
        let error = (variance / BLOCKS as f64).sqrt();
        match mean {
            0.0 => 0.0,
            _ => mean / error,
        }
    }

    /// Whether power is higher in runs than between them beyond chance.
    pub fn has_step(&self) -> bool {
        self.step > 0.0 && self.step > 4.0 * self.step_se
    }
}

/// The fit with the smallest squared error; of equals the one nearest to no shift.
fn best(fits: &[Fit]) -> Option<&Fit> {
    let distance = |fit: &Fit| fit.candidate.shift.abs();
    fits.iter().min_by(|a, b| a.error().total_cmp(&b.error()).then(distance(a).total_cmp(&distance(b))))
}

/// Where to look closely: no shift, unless another is better beyond doubt. Of several equally good ones it is the smallest, and
/// whether others lie further away than `apart`.
pub fn coarse(bins: &[Bin], pattern: &Pattern, averaging: f64, furthest: f64, step: f64, apart: f64) -> (f64, bool) {
    let count = (furthest / step).floor() as i64;
    let fits: Vec<Fit> = (-count..=count)
        .filter_map(|at| Fit::new(bins, pattern, Candidate { shift: at as f64 * step, averaging }))
        .collect();
    let (Some(best), Some(none)) = (best(&fits), fits.iter().find(|fit| fit.candidate.shift == 0.0)) else {
        return (0.0, false);
    };
    let is_elsewhere =
        best.worse(none) > BEYOND_DOUBT && best.explained > none.explained + CLEARLY_MORE && best.has_step();
    let equal = |fit: &&Fit| fit.step > 0.0 && best.worse(fit) < T95 && fit.error() <= ALIKE * best.error();
    let centre = match is_elsewhere {
        false => 0.0,
        true => {
            let nearest = fits.iter().filter(equal).map(|fit| fit.candidate.shift);
            nearest.min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0)
        }
    };
    // The best one near the nearest.
    let near: Vec<Fit> = fits.iter().filter(|fit| (fit.candidate.shift - centre).abs() <= apart).cloned().collect();
    let found = match (is_elsewhere, self::best(&near)) {
        (true, Some(fit)) => fit.candidate.shift,
        _ => 0.0,
    };
    let others = fits.iter().filter(equal).any(|fit| (fit.candidate.shift - found).abs() > apart);
    (found, others && best.has_step())
}

/// What a close look found: the best fit, and the shifts that are possible beside it.
#[derive(Debug)]
pub struct Found {
    pub fit: Fit,
    pub low: f64,
    pub high: f64,
    /// Averaging times that are possible, of those tried.
    pub averaging: (f64, f64),
}

/// Shifts within `width` of `centre`, and averaging times of a list, in steps of `step` and then finer.
pub fn fine(bins: &[Bin], pattern: &Pattern, averagings: &[f64], centre: f64, width: f64, step: f64) -> Option<Found> {
    let count = (width / step).ceil() as i64;
    let grid = |centre: f64, step: f64, averagings: &[f64]| -> Vec<Fit> {
        let shifts = (-count..=count).map(|at| centre + at as f64 * step);
        let candidates =
            shifts.flat_map(|shift| averagings.iter().map(move |&averaging| Candidate { shift, averaging }));
        candidates.filter_map(|candidate| Fit::new(bins, pattern, candidate)).collect()
    };
    let rough = grid(centre, step, averagings);
    let first = best(&rough)?.clone();
    let possible = |fit: &&Fit| first.worse(fit) < T95;
    let times = || rough.iter().filter(possible).map(|fit| fit.candidate.averaging);
    let averaging = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    // Of the best averaging, all shifts that are possible, rough and fine.
    let own = [first.candidate.averaging];
    let close = grid(first.candidate.shift, step / count.max(1) as f64 * 2.0, &own);
    let fit = best(&close)?.clone();
    let shifts: Vec<f64> = rough
        .iter()
        .filter(|other| other.candidate.averaging == own[0])
        .chain(&close)
        .filter(|other| fit.worse(other) < T95)
        .map(|other| other.candidate.shift)
        .collect();
    // Between the last shift that is possible and the next, which is not, nothing was tried.
    let untried = step / count.max(1) as f64 * 2.0;
    let low = shifts.iter().copied().fold(fit.candidate.shift, f64::min) - untried;
    let high = shifts.iter().copied().fold(fit.candidate.shift, f64::max) + untried;
    Some(Found { fit, low, high, averaging })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs of `length` s about every `period` s, and power of 60 W between and 250 W in them, seen `shift` s late as means of
    /// `averaging` s.
    fn seen(shift: f64, averaging: f64, length: f64, period: f64, jitter: &[f64]) -> (Pattern, Vec<Bin>) {
        let start = |i: usize| i as f64 * period + jitter[i];
        let windows: Vec<(f64, f64)> = (0..jitter.len()).map(|i| (start(i), start(i) + length)).collect();
        let pattern = Pattern::new(&windows);
        let end = windows.last().map_or(0.0, |w| w.1) + 20.0;
        let width = 0.1;
        let bins = (-100..(end / width) as i64).map(|i| {
            let from = i as f64 * width;
            let noise = ((i * 7919).rem_euclid(101) as f64 - 50.0) / 10.0;
            let share = pattern.share(from - shift, from + width - shift, averaging);
            Bin { from, to: from + width, power: 60.0 + 190.0 * share + noise }
        });
        let bins = bins.collect();
        (pattern, bins)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_shift_is_found_within_its_interval(shift in -8.0f64..8.0, averaging in prop_oneof![Just(0.0), Just(1.0)],
                                                jitter in proptest::collection::vec(0.0f64..1.0, 12..40)) {
            // Runs that repeat exactly fit as well elsewhere.
            prop_assume!(jitter.windows(2).filter(|pair| (pair[0] - pair[1]).abs() > 0.2).count() > jitter.len() / 2);
            let (pattern, bins) = seen(shift, averaging, 5.0, 10.0, &jitter);
            let (centre, _) = coarse(&bins, &pattern, averaging, 30.0, 0.1, 1.5);
            let found = fine(&bins, &pattern, &[0.0, 0.5, 1.0, 2.0], centre, 1.5, 0.05).unwrap();
            prop_assert!((found.fit.candidate.shift - shift).abs() < 0.05, "{shift} {averaging}: {found:?}");
            // Of 95 %: it may miss, and then hardly.
            let step = (found.high - found.low).min(0.01) / 2.0;
            prop_assert!(found.low - step <= shift && shift <= found.high + step, "{shift}: {found:?}");
            prop_assert_eq!(found.fit.candidate.averaging, averaging);
            prop_assert!(found.fit.has_step() && found.fit.explained > 0.95);
        }
    }

    #[test]
    fn the_interval_of_a_shift_holds_it_in_95_of_100_worlds() {
        // Knuth's MMIX constants.
        let mut state = 1_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let held = (0..100).filter(|world| {
            let (shift, averaging) = (16.0 * next() - 8.0, f64::from(world % 2));
            let jitter: Vec<f64> = (0..12 + world / 4).map(|_| next()).collect();
            let (pattern, bins) = seen(shift, averaging, 5.0, 10.0, &jitter);
            let (centre, _) = coarse(&bins, &pattern, averaging, 30.0, 0.1, 1.5);
            let found = fine(&bins, &pattern, &[0.0, 0.5, 1.0, 2.0], centre, 1.5, 0.05).unwrap();
            found.low <= shift && shift <= found.high
        });
        let held = held.count();
        assert!(held >= 95, "{held} of 100");
    }

    #[test]
    fn runs_that_repeat_exactly_leave_the_shift_open() {
        let (pattern, bins) = seen(0.0, 0.0, 2.0, 4.0, &[0.0; 40]);
        assert_eq!(coarse(&bins, &pattern, 0.0, 30.0, 0.1, 1.5).0, 0.0);
    }

    #[test]
    fn steady_power_has_no_step() {
        let (pattern, mut bins) = seen(0.0, 0.0, 2.0, 5.0, &[0.3; 40]);
        bins.iter_mut().enumerate().for_each(|(i, bin)| bin.power = 100.0 + (i * 7919 % 101) as f64);
        let (centre, _) = coarse(&bins, &pattern, 0.0, 30.0, 0.1, 1.5);
        assert_eq!(centre, 0.0);
        assert!(!fine(&bins, &pattern, &[0.0], centre, 1.5, 0.05).unwrap().fit.has_step());
    }
}
