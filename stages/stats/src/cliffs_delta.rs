//! Cliff's delta: how much more often b exceeds a than the other way round, in -1..1 (Cliff 1993,
//! doi:10.1037/0033-2909.114.3.494).
//!
//! Its variance is Cliff's unbiased one, at least (1 - d^2) / (n m - 1); the interval is the asymmetric one of Feng and Cliff
//! (2004, doi:10.22237/jmasm/1099267560): (d - d^3 +- z s sqrt((1 - d^2)^2 + z^2 s^2)) / (1 - d^2 + z^2 s^2).

use super::{
    tails::normal_quantile,
    unfit::{Fit, share, values},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delta {
    pub delta: f64,
    /// Absent where the samples don't overlap: the variance of a delta of 1 or -1 can't be told from such data.
    pub interval: Option<(f64, f64)>,
}

/// At least two values each.
pub fn cliffs_delta(a: &[f64], b: &[f64], level: f64) -> Fit<Delta> {
    values(a, 2)?;
    values(b, 2)?;
    share("level", level)?;
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (of_b, tied) = dominance(b, a);
    let (of_a, _) = dominance(a, b);
    let delta = of_b.iter().sum::<f64>() / m;
    let squares = |rows: &[f64], centre: f64| rows.iter().map(|r| (r - centre).powi(2)).sum::<f64>();
    // The sum over all pairs of (d_ij - d)^2; d_ij is 0 for a tie, else 1 or -1.
    let pairs = n * m - tied - n * m * delta * delta;
    let unbiased =
        (n * n * squares(&of_b, delta) + m * m * squares(&of_a, -delta) - pairs) / (n * m * (n - 1.0) * (m - 1.0));
    let variance = unbiased.max((1.0 - delta * delta) / (n * m - 1.0));
    let z = normal_quantile((1.0 + level) / 2.0);
    let rest = 1.0 - delta * delta;
    let interval = (rest > 0.0).then(|| {
        let zs = z * variance.sqrt();
        let half = zs * (rest * rest + zs * zs).sqrt();
        let (centre, scale) = (delta - delta.powi(3), rest + zs * zs);
        ((centre - half) / scale, (centre + half) / scale)
    });
    Ok(Delta { delta, interval })
}

/// For each value of `x` the mean sign of it minus a value of `y`; and the number of ties.
fn dominance(x: &[f64], y: &[f64]) -> (Vec<f64>, f64) {
    let mut sorted = y.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut ties = 0;
    let signs = x.iter().map(|v| {
        let (below, up_to) = (sorted.partition_point(|w| w < v), sorted.partition_point(|w| w <= v));
        ties += up_to - below;
        (below as f64 - (y.len() - up_to) as f64) / y.len() as f64
    });
    (signs.collect(), ties as f64)
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::statistic, *};
    use proptest::prelude::*;

    #[test]
    fn delta_against_numpy() {
        statistic("cliffs_delta", 1e-12, |g| vec![("delta".into(), cliffs_delta(&g[0], &g[1], 0.95).unwrap().delta)]);
    }

    #[test]
    fn variance_by_hand() {
        // a = 1, 3; b = 2, 4. Signs of b - a: (1, -1), (1, 1), delta 0.5. Of b: 0, 1; of a: -1, 0. Sums of squares
        // 0.5 and 0.5; over pairs 3 * 0.25 + 2.25 = 3. (4 * 0.5 + 4 * 0.5 - 3) / 4 = 0.25; the least is 0.75 / 3 = 0.25.
        let d = cliffs_delta(&[1.0, 3.0], &[2.0, 4.0], 0.95).unwrap();
        let (zs, rest): (f64, f64) = (1.959_963_984_540_054 * 0.5, 0.75);
        let half = zs * (rest * rest + zs * zs).sqrt();
        let expected = (0.375 + half) / (rest + zs * zs);
        assert_eq!(d.delta, 0.5);
        assert!((d.interval.unwrap().1 - expected).abs() < 1e-12);
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[3.0, 4.0], 0.95).unwrap(), Delta { delta: 1.0, interval: None });
    }

    proptest! {
        #[test]
        fn bounded_and_mirrored(a in prop::collection::vec(-9i8..9, 2..20), b in prop::collection::vec(-9i8..9, 2..20)) {
            let [a, b] = [a, b].map(|x| x.into_iter().map(f64::from).collect::<Vec<_>>());
            let (ab, ba) = (cliffs_delta(&a, &b, 0.95).unwrap(), cliffs_delta(&b, &a, 0.95).unwrap());
            prop_assert!((ab.delta + ba.delta).abs() < 1e-12);
            if let (Some((low, high)), Some((other, _))) = (ab.interval, ba.interval) {
                prop_assert!(-1.0 <= low && low <= ab.delta && ab.delta <= high && high <= 1.0);
                prop_assert!((high + other).abs() < 1e-9);
            }
        }
    }
}
