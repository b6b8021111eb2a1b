//! Coverage intervals of a result that varies from run to run, has an uncertainty common to all runs, and a price with a range.
//!
//! A result above 0 has its interval on the log scale, so that no cost reaches below 0: ln(value) +- half width / value. For parts of a
//! few per cent that is the linear one.
//!
//! By default first-order propagation (delta method; JCGM 100:2008, "GUM", 5.1.2) of each part's half width, in quadrature; on request
//! propagation of distributions by Monte Carlo (JCGM 101:2008). Effective degrees of freedom (G.4) are not used: with few runs they make
//! an interval narrower when something unknown is added (Ballico 2000, Metrologia 37, 61).

use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal, StudentT};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// One result and what is not known about it, all in its unit.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub value: f64,
    /// Standard deviation of the mean over runs, and its degrees of freedom.
    pub u_runs: f64,
    pub df: f64,
    /// Standard uncertainty that all runs share, normal.
    pub u_common: f64,
    /// The price may be lower by this or higher by that, all equally likely (4.3.7).
    pub below: f64,
    pub above: f64,
}

impl Known {
    /// The interval that covers the result with probability `level`, 0 < level < 1. `None` without a degree of freedom.
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        if !self.is_known(level) {
            return None;
        }
        let p = (1.0 + level) / 2.0;
        let (t, z) = (StudentsT::new(0.0, 1.0, self.df).ok()?.inverse_cdf(p), Normal::standard().inverse_cdf(p));
        let middle = self.value + (self.above - self.below) / 2.0;
        if !self.is_positive() {
            let u_price = (self.below + self.above) / 12f64.sqrt();
            let half = (t * self.u_runs).hypot(z * self.u_common.hypot(u_price));
            return Some((middle - half, middle + half));
        }
        let relative = (t * self.u_runs).hypot(z * self.u_common) / self.value;
        // The middle share of a uniform range, to each side.
        let price = level * (self.below + self.above) / 2.0;
        let end = |price: f64, sign: f64| middle * (sign * relative.hypot((price / middle).ln_1p())).exp();
        // A price asked at one end of its range is still in it.
        Some((end(-price, -1.0).min(self.value), end(price, 1.0).max(self.value)))
    }

    /// The same from `draws` of all three distributions (5.3.2, the probabilistically symmetric interval). A seed gives the same draws.
    pub fn monte_carlo(&self, level: f64, draws: usize, seed: u64) -> Option<(f64, f64)> {
        if !self.is_known(level) || draws == 0 {
            return None;
        }
        let runs = StudentT::new(self.df).ok()?;
        let mut random = StdRng::seed_from_u64(seed);
        let mut drawn: Vec<f64> = (0..draws)
            .map(|_| {
                let common: f64 = StandardNormal.sample(&mut random);
                let price = (self.below + self.above) * random.random::<f64>() - self.below;
                let off = self.u_runs * runs.sample(&mut random) + self.u_common * common;
                if self.is_positive() {
                    (self.value + price) * (off / self.value).exp()
                } else {
                    self.value + off + price
                }
            })
            .collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let at = |p: f64| drawn[((p * draws as f64) as usize).min(draws - 1)];
        let (low, high) = (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0));
        Some(if self.is_positive() { (low.min(self.value), high.max(self.value)) } else { (low, high) })
    }

    /// A price may be nothing at all, but not less.
    fn is_positive(&self) -> bool {
        self.value > 0.0 && self.below <= self.value
    }

    fn is_known(&self, level: f64) -> bool {
        level > 0.0 && level < 1.0 && self.df > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Known = Known { value: 10.0, u_runs: 0.0, df: 3.0, u_common: 0.0, below: 0.0, above: 0.0 };

    fn half(interval: Option<(f64, f64)>) -> f64 {
        let (low, high) = interval.unwrap();
        (high - low) / 2.0
    }

    #[test]
    fn one_part_alone_gives_its_own_interval() {
        // t(0.975, 3) = 3.182446 and z(0.975) = 1.959964 (tables); 1 of 10 is 0.1 of a log.
        let log =
            |known: Known| known.interval(0.95).map(|(low, high)| ((low / 10.0).ln(), (high / 10.0).ln())).unwrap();
        let near = |(low, high): (f64, f64), half: f64| (low + half).abs() < 1e-6 && (high - half).abs() < 1e-6;
        assert!(near(log(Known { u_runs: 1.0, ..NOTHING }), 0.3182446));
        assert!(near(log(Known { u_common: 1.0, ..NOTHING }), 0.1959964));
        assert_eq!(NOTHING.interval(0.95), Some((10.0, 10.0)));
        assert_eq!(Known { df: 0.0, ..NOTHING }.interval(0.95), None);
        assert_eq!(Known { df: f64::NAN, ..NOTHING }.interval(0.95), None);
        let (low, high) = Known { below: 1.0, above: 3.0, ..NOTHING }.interval(0.95).unwrap();
        assert!((low - 9.1).abs() < 1e-12 && (high - 12.9).abs() < 1e-12, "the middle 95 % of 9 to 13");
        let (low, high) = Known { above: 20.0, ..NOTHING }.interval(0.95).unwrap();
        assert!(low == 10.0 && (high - 29.5).abs() < 1e-9, "asked at the least of 10 to 30: it is in its own interval");
        // As scattered as can be, and yet above 0; what may be below 0 stays linear.
        let (low, high) = Known { u_runs: 20.0, u_common: 5.0, below: 10.0, ..NOTHING }.interval(0.95).unwrap();
        assert!(low > 0.0 && high > 1000.0);
        assert!(Known { value: -1.0, u_runs: 2.0, ..NOTHING }.interval(0.95).unwrap().0 < -7.0);
    }

    #[test]
    fn gum_example_h1() {
        // JCGM 100:2008, H.1.6: u = 31.7 nm; all but 16 effective degrees of freedom from one part. t(0.995, 16) = 2.92.
        let known = Known { value: 0.0, u_runs: 31.7, df: 16.0, u_common: 0.0, below: 0.0, above: 0.0 };
        assert!((half(known.interval(0.99)) - 93.0).abs() < 0.6);
    }

    /// The two ways agree to a tenth of the half width.
    #[test]
    fn both_ways_agree() {
        for (u_runs, df, u_common, below, above) in [
            (1.0, 3.0, 0.0, 0.0, 0.0),
            (1.0, 27.0, 1.0, 0.0, 0.0),
            (1.0, 9.0, 0.5, 1.0, 1.0),
            (1.0, 3.0, 0.5, 0.2, 0.2),
            (1.0, 4.0, 2.0, 0.4, 0.8),
            (0.2, 4.0, 1.0, 0.5, 1.5),
            (1.0, 11.0, 0.0, 2.0, 2.0),
        ] {
            let known = Known { value: 10.0, u_runs, df, u_common, below, above };
            let (law, drawn) = (known.interval(0.95).unwrap(), known.monte_carlo(0.95, 400_000, 1).unwrap());
            for (law, drawn) in [(law.0, drawn.0), (law.1, drawn.1)] {
                assert!(
                    (law - drawn).abs() < 0.1 * half(Some(known.interval(0.95).unwrap())),
                    "{known:?}: {law} {drawn}"
                );
            }
        }
        let range = Known { below: 1.0, above: 1.0, ..NOTHING };
        assert!((half(range.interval(0.95)) - 0.95).abs() < 1e-12);
        assert!((half(range.monte_carlo(0.95, 400_000, 1)) - 0.95).abs() < 5e-3);
    }

    #[test]
    fn more_that_is_not_known_never_narrows_an_interval() {
        let runs = Known { u_runs: 1.0, ..NOTHING };
        let mut last = half(runs.interval(0.95));
        for u_common in [0.1, 0.5, 1.0, 3.0] {
            let wider = half(Known { u_common, ..runs }.interval(0.95));
            assert!(wider > last);
            last = wider;
        }
    }

    #[test]
    fn a_seed_gives_the_same_draws() {
        let known = Known { u_runs: 1.0, u_common: 1.0, above: 1.0, ..NOTHING };
        assert_eq!(known.monte_carlo(0.95, 1000, 7), known.monte_carlo(0.95, 1000, 7));
        assert_ne!(known.monte_carlo(0.95, 1000, 7), known.monte_carlo(0.95, 1000, 8));
    }
}
