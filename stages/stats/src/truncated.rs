//! The interval of a difference that is shown because it was large: conditional on having passed its test.
//!
//! Of a normal estimate x with standard error s that is reported only above c: the limits are the deltas for which the chance of a
//! larger x, given that it is above c, is (1 - level) / 2 and (1 + level) / 2 (Zhong, Prentice 2008, doi:10.1093/biostatistics/kxn001,
//! section 3, for one side). Far above c it is the usual interval; near c it reaches down to 0, as it must: what only just passed may
//! be next to nothing. The estimate is taken for a normal one whose interval is as wide as its t interval.

use super::{
    interval::t_quantile,
    root::root,
    t_test::TTest,
    tails::{normal_quantile, normal_tail, t_tail},
};

/// Limits of the difference of a test that was reported because its two-sided p is below `alpha`. `None` unless it is, with a difference
/// above 0.
pub fn selected_interval(t: &TTest, alpha: f64, level: f64) -> Option<(f64, f64)> {
    let tail = t_tail(t.statistic, t.df);
    if t.difference <= 0.0 || 2.0 * tail >= alpha {
        return None;
    }
    // So far above that having been selected means nothing.
    if t.statistic > 30.0 {
        return Some((t.ci_low, t.ci_high));
    }
    // In units in which the usual interval is a normal one: the deviate seen, and the one that would just have been reported.
    let z = normal_quantile((1.0 + level) / 2.0);
    let unit = t.std_error * t_quantile(level, t.df)? / z;
    let (seen, least) = (t.difference / unit, t_quantile(1.0 - alpha, t.df)? * t.std_error / unit);
    let above = |delta: f64| normal_tail(seen - delta) / normal_tail(least - delta);
    let at = |share: f64| root(least - 30.0, seen + 8.0, |delta| above(delta) - share);
    // That it is the other way round is the error that the test itself allows: nothing below 0 is told.
    let low = at((1.0 - level) / 2.0).unwrap_or(0.0).max(0.0);
    Some((low * unit, at((1.0 + level) / 2.0)? * unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use rand_distr::{Distribution, Normal};

    #[test]
    fn far_above_the_threshold_it_is_the_usual_interval_and_at_it_nothing_is_known() {
        let very = TTest::new(1.0, 0.01, 1e5, 0.95).unwrap();
        assert_eq!(selected_interval(&very, 0.05, 0.95), Some((very.ci_low, very.ci_high)));
        let far = TTest::new(1.0, 0.1, 1e5, 0.95).unwrap();
        let (low, high) = selected_interval(&far, 0.05, 0.95).unwrap();
        assert!((low - far.ci_low).abs() < 1e-4 && (high - far.ci_high).abs() < 1e-4, "{low} {high}");
        let just = TTest::new(1.0, 0.5, 1e5, 0.95).unwrap();
        let (low, high) = selected_interval(&just, 0.05, 0.95).unwrap();
        assert!(low == 0.0 && high < just.ci_high, "{low} {high}");
        assert!(selected_interval(&TTest::new(1.0, 0.6, 1e5, 0.95).unwrap(), 0.05, 0.95).is_none(), "not reported");
        assert!(selected_interval(&TTest::new(-9.0, 0.6, 1e5, 0.95).unwrap(), 0.05, 0.95).is_none());
    }

    #[test]
    fn covers_what_is_reported() {
        let mut rng = StdRng::seed_from_u64(3);
        for delta in [0.5, 1.0, 2.0, 4.0] {
            let (mut reported, mut covered, mut usual) = (0, 0, 0);
            for x in Normal::new(delta, 1.0).unwrap().sample_iter(&mut rng).take(60_000) {
                let t = TTest::new(x, 1.0, 1e6, 0.95).unwrap();
                if let Some((low, high)) = selected_interval(&t, 0.05, 0.95) {
                    reported += 1;
                    covered += i32::from(low <= delta && delta <= high);
                    usual += i32::from(t.ci_low <= delta && delta <= t.ci_high);
                }
            }
            let share = |n: i32| f64::from(n) / f64::from(reported);
            println!(
                "delta {delta}: reported {reported}, conditional {:.3}, usual {:.3}",
                share(covered),
                share(usual)
            );
            assert!((0.94..=0.985).contains(&share(covered)), "{delta}: {}", share(covered));
        }
    }
}
