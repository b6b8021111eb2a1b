//! All pairs of groups at one family-wise level. Differences are b - a.
//!
//! Tukey's honestly significant difference with Kramer's unequal sizes (Tukey 1953; Kramer 1956, doi:10.2307/3001469)
//! supposes equal variances: q = |m_b - m_a| / sqrt(MS_within / 2 (1 / n_a + 1 / n_b)), N - k degrees of freedom. Games and
//! Howell (1976, doi:10.3102/10769986001002113) give every pair its own variance and Welch's degrees of freedom.

use super::{
    studentized_range::{studentized_range_quantile, studentized_range_tail},
    t_test::moments,
    unfit::{Fit, groups, share, varies},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub a: usize,
    pub b: usize,
    pub difference: f64,
    /// The studentised range statistic: sqrt 2 times t.
    pub statistic: f64,
    pub df: f64,
    pub p: f64,
    pub ci_low: f64,
    pub ci_high: f64,
}

type Moments = (f64, f64, f64);

/// Tukey-Kramer. Every group has at least two values.
pub fn tukey<G: AsRef<[f64]>>(samples: &[G], level: f64) -> Fit<Vec<Pair>> {
    let parts = parts(samples, level)?;
    let df: f64 = parts.iter().map(|(n, ..)| n - 1.0).sum();
    let means: Vec<f64> = parts.iter().map(|(_, m, _)| *m).collect();
    let within = varies(parts.iter().map(|(n, _, v)| (n - 1.0) * v).sum::<f64>() / df, &means)?;
    let quantile = studentized_range_quantile(1.0 - level, parts.len(), df)?;
    pairs(&parts, |a, b| Ok((within / 2.0 * (1.0 / a.0 + 1.0 / b.0), df, quantile)))
}

/// Games-Howell. Every group has at least two values; a pair of constant groups is an error.
pub fn games_howell<G: AsRef<[f64]>>(samples: &[G], level: f64) -> Fit<Vec<Pair>> {
    let parts = parts(samples, level)?;
    pairs(&parts, |a, b| {
        let (va, vb) = (a.2 / a.0, b.2 / b.0);
        let sum = varies(va + vb, &[a.1, b.1])?;
        let df = sum * sum / (va * va / (a.0 - 1.0) + vb * vb / (b.0 - 1.0));
        Ok((sum / 2.0, df, studentized_range_quantile(1.0 - level, parts.len(), df)?))
    })
}

fn parts<G: AsRef<[f64]>>(samples: &[G], level: f64) -> Fit<Vec<Moments>> {
    groups(samples, 2)?;
    share("level", level)?;
    samples.iter().map(|g| moments(g.as_ref())).collect()
}

/// `scale` gives half the variance of a difference, its degrees of freedom and the quantile of Q.
fn pairs(parts: &[Moments], scale: impl Fn(&Moments, &Moments) -> Fit<(f64, f64, f64)>) -> Fit<Vec<Pair>> {
    let both = (0..parts.len()).flat_map(|a| (a + 1..parts.len()).map(move |b| (a, b)));
    let pair = |(a, b): (usize, usize)| {
        let (variance, df, quantile) = scale(&parts[a], &parts[b])?;
        let difference = parts[b].1 - parts[a].1;
        let statistic = difference.abs() / variance.sqrt();
        let half = quantile * variance.sqrt();
        let (ci_low, ci_high) = (difference - half, difference + half);
        let p = studentized_range_tail(statistic, parts.len(), df)?;
        Ok(Pair { a, b, difference, statistic, df, p, ci_low, ci_high })
    };
    both.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{fixtures::statistic, unfit::Unfit},
        *,
    };

    fn all(pairs: Fit<Vec<Pair>>) -> Vec<(String, f64)> {
        let of = |p: Pair| {
            let named = [("p", p.p), ("low", p.ci_low), ("high", p.ci_high)];
            named.map(|(name, value)| (format!("{name}_{}_{}", p.a, p.b), value))
        };
        pairs.unwrap().into_iter().flat_map(of).collect()
    }

    #[test]
    fn against_scipy_and_r() {
        // R is off in the seventh digit.
        statistic("tukey", 1e-6, |g| all(tukey(g, 0.95)));
        statistic("games_howell", 1e-8, |g| all(games_howell(g, 0.95)));
    }

    #[test]
    fn degenerate() {
        assert_eq!(tukey(&[[1.0, 1.0], [2.0, 2.0]], 0.95), Err(Unfit::NoVariance));
        assert_eq!(games_howell(&[[1.0, 1.0], [2.0, 2.0]], 0.95), Err(Unfit::NoVariance));
        assert!(tukey(&[vec![1.0, 2.0]], 0.95).is_err());
    }
}
