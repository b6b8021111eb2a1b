//! Variances of many small samples that borrow from one another: each is shrunk towards the typical one, by as much as their spread
//! allows (Smyth 2004, doi:10.2202/1544-6115.1027, section 6.2).

use super::{mean::mean, root::root};
use statrs::function::gamma::digamma;

/// What all samples say of a variance: that it is like one of `df` degrees of freedom around `variance`. `df` is 0 where there is
/// nothing to borrow, and infinite where all variances are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub variance: f64,
    pub df: f64,
}

/// Degrees of freedom that are borrowed at most: samples of a few values do not show that all variances are one.
const MOST_DF: f64 = 40.0;

/// The derivative of digamma: recurrence to 6 and the asymptotic series (Abramowitz, Stegun 1964, 6.4.6 and 6.4.12).
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 6.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + 1.0 / x + y / 2.0 + y / x * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y / 30.0)))
}

impl Spread {
    /// Of sample variances with their degrees of freedom. Those of samples that do not vary say nothing.
    pub fn of(samples: impl Iterator<Item = (f64, f64)>) -> Self {
        let known: Vec<(f64, f64)> = samples.filter(|(variance, df)| *variance > 0.0 && *df > 0.0).collect();
        let e: Vec<f64> = known.iter().map(|(v, df)| v.ln() - digamma(df / 2.0) + (df / 2.0).ln()).collect();
        let m = e.len() as f64;
        let Some(centre) = mean(&e).filter(|_| known.len() > 2) else { return Spread { variance: 0.0, df: 0.0 } };
        let expected = mean(&known.iter().map(|(_, df)| trigamma(df / 2.0)).collect::<Vec<_>>()).unwrap_or(0.0);
        let beyond = e.iter().map(|e| (e - centre).powi(2)).sum::<f64>() / (m - 1.0) - expected;
        // trigamma(df / 2) falls from 4 / df^2: what exceeds chance is what variances differ by.
        let df = match beyond > trigamma(MOST_DF / 2.0) {
            true => root(1e-3, MOST_DF, |df| trigamma(df / 2.0) - beyond).unwrap_or(0.0),
            false => MOST_DF,
        };
        let bias = if df > 0.0 { digamma(df / 2.0) - (df / 2.0).ln() } else { 0.0 };
        Spread { variance: (centre + bias).exp(), df }
    }

    /// A sample's variance and degrees of freedom with what is borrowed.
    pub fn moderate(&self, variance: f64, df: f64) -> (f64, f64) {
        ((self.df * self.variance + df * variance) / (self.df + df), self.df + df)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use rand_distr::{ChiSquared, Distribution};

    #[test]
    fn trigamma_as_tabled() {
        // trigamma(1) = pi^2 / 6, trigamma(1/2) = pi^2 / 2 (Abramowitz, Stegun 1964, 6.4.2, 6.4.4).
        let pi2 = std::f64::consts::PI.powi(2);
        assert!((trigamma(1.0) - pi2 / 6.0).abs() < 1e-7 && (trigamma(0.5) - pi2 / 2.0).abs() < 1e-7);
    }

    #[test]
    fn finds_how_much_variances_differ() {
        let mut rng = StdRng::seed_from_u64(5);
        let (inner, prior) = (ChiSquared::new(3.0).unwrap(), ChiSquared::new(8.0).unwrap());
        let draw = |truth: f64, rng: &mut StdRng| (truth * inner.sample(rng) / 3.0, 3.0);
        let same: Vec<(f64, f64)> = (0..2000).map(|_| draw(4.0, &mut rng)).collect();
        let found = Spread::of(same.into_iter());
        assert!(found.df > 30.0 && (found.variance / 4.0 - 1.0).abs() < 0.1, "{found:?}");
        let apart: Vec<(f64, f64)> = (0..4000)
            .map(|_| {
                let truth = 4.0 * 8.0 / prior.sample(&mut rng);
                draw(truth, &mut rng)
            })
            .collect();
        let found = Spread::of(apart.into_iter());
        assert!((6.0..11.0).contains(&found.df) && (found.variance / 4.0 - 1.0).abs() < 0.1, "{found:?}");
        assert_eq!(Spread::of([(1.0, 3.0)].into_iter()).moderate(2.0, 3.0), (2.0, 3.0), "nothing to borrow");
        assert_eq!(Spread { variance: 1.0, df: 3.0 }.moderate(3.0, 3.0), (2.0, 6.0));
    }
}
