//! Does a run resemble the one before it, and how much wider does that make an interval? One lag-1 autocorrelation for all cells of
//! a session, since a cell of four runs cannot tell its own.
//!
//! A cell's r = sum e_i e_(i+1) / sum e_i^2 of its logs' deviations from their mean has, for independent runs, the expectation -1/n
//! (Moran 1948, doi:10.1093/biomet/35.3-4.255), and for a first-order autoregressive series about -1/n + A rho (1 - c rho) with
//! A = (n - 2)(n - 1.5) / (n (n + 1)) and c = 1.15 / n: fitted to 40,000 simulated series for each n from 3 to 50 and rho from 0 to
//! 0.9, off by at most 0.02. Pooled with weights n A, that is a quadratic equation in rho.

use super::{mean::mean, tails::normal_tail};

/// Cells of at least so many runs speak for themselves.
pub const OWN_RUNS: usize = 25;
/// Above this standard error nothing is said of rho: 0 and 0.8 could not be told apart.
pub const MAX_STD_ERROR: f64 = 0.4;
/// Runs that resemble each other more than this are a trend, not a series around a mean.
pub const MAX_RHO: f64 = 0.8;

/// The serial correlation of the runs of a pool of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// `None` where its standard error is above [`MAX_STD_ERROR`].
    pub rho: Option<f64>,
    /// Of independence, against runs that resemble those before them: normal, one-sided.
    pub p: Option<f64>,
    pub std_error: f64,
    pub cells: usize,
}

/// `A` and `c` of the expectation of r.
fn slope(n: f64) -> (f64, f64) {
    ((n - 2.0) * (n - 1.5) / (n * (n + 1.0)), 1.15 / n)
}

/// r of one cell's runs in order; `None` for under three, or where nothing varies.
fn lag_one(logs: &[f64]) -> Option<f64> {
    let centre = mean(logs).filter(|_| logs.len() > 2)?;
    let from: Vec<f64> = logs.iter().map(|v| v - centre).collect();
    let sum: f64 = from.iter().map(|e| e * e).sum();
    let largest = logs.iter().fold(0f64, |m, v| m.max(v.abs()));
    let varies = sum > logs.len() as f64 * (4.0 * f64::EPSILON * largest).powi(2);
    varies.then(|| from.iter().zip(&from[1..]).map(|(a, b)| a * b).sum::<f64>() / sum)
}

/// Of the logs of each cell's runs, in the order of execution. `None` where no cell varies over three runs.
pub fn dependence<C: AsRef<[f64]>>(cells: &[C]) -> Option<Dependence> {
    let (mut y, mut a, mut b, mut variance, mut used) = (0.0, 0.0, 0.0, 0.0, 0);
    for logs in cells.iter().map(AsRef::as_ref) {
        let Some(r) = lag_one(logs) else { continue };
        let n = logs.len() as f64;
        let (slope, bend) = slope(n);
        let weight = n * slope;
        y += weight * (r + 1.0 / n);
        a += weight * slope;
        b += weight * slope * bend;
        variance += weight * weight * (n - 1.0) / (n * (n + 2.0));
        used += 1;
    }
    (used > 0).then(|| {
        let std_error = variance.sqrt() / a;
        let rho = (a - (a * a - 4.0 * b * y).max(0.0).sqrt()) / (2.0 * b);
        let known = std_error <= MAX_STD_ERROR;
        let p = known.then(|| normal_tail(rho / std_error));
        Dependence { rho: known.then_some(rho), p, std_error, cells: used }
    })
}

impl Dependence {
    /// The fewest runs of each of these cells from which rho can be told; the cells' number stays.
    pub fn runs_wanted(&self) -> usize {
        let error = |n: usize| {
            let n = n as f64;
            ((n - 1.0) / (n * (n + 2.0)) / self.cells as f64).sqrt() / slope(n).0
        };
        (3..1000).find(|n| error(*n) <= MAX_STD_ERROR).unwrap_or(1000)
    }
}

/// tau = 1 + 2 sum (1 - k/n) rho^k, what the variance of a mean of n runs is multiplied by; never under 1.
pub fn tau(rho: f64, n: f64) -> f64 {
    let rho = rho.clamp(0.0, MAX_RHO);
    (1.0 + rho) / (1.0 - rho) - 2.0 * rho * (1.0 - rho.powf(n)) / (n * (1.0 - rho).powi(2))
}

/// What s^2 / n is multiplied by to be the variance of the mean: tau, and the sample variance of a dependent series is too small by
/// (n - tau) / (n - 1) (Bayley, Hammersley 1946, doi:10.2307/2983560).
pub fn widening(rho: f64, n: usize) -> f64 {
    let n = n as f64;
    let tau = tau(rho, n);
    if n < 2.0 { 1.0 } else { (tau * (n - 1.0) / (n - tau)).max(1.0) }
}

#[cfg(test)]
mod tests {
    use super::{super::calibration::series, *};
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn by_hand() {
        // Deviations -1, 0, 1 of three runs: r = 0; A = 1 * 1.5 / 12.
        let d = dependence(&[[1.0, 2.0, 3.0]]).unwrap();
        assert_eq!((d.rho, d.cells), (None, 1), "one cell of three runs tells nothing");
        assert!((d.std_error - (2.0f64 / 15.0).sqrt() / 0.125).abs() < 1e-12);
        // rho 0.5, n 2: 1 + 2 * 0.5 * 0.5 = 1.5, and 1.5 * 1 / 0.5 = 3.
        assert!((tau(0.5, 2.0) - 1.5).abs() < 1e-12 && (widening(0.5, 2) - 3.0).abs() < 1e-12);
        assert_eq!((widening(-0.5, 9), widening(0.0, 4)), (1.0, 1.0), "runs that avoid each other earn nothing");
        assert!(dependence(&[[2.0; 4]]).is_none() && dependence(&[[1.0, 2.0]]).is_none());
        assert_eq!(widening(0.99, 4), widening(MAX_RHO, 4));
    }

    #[test]
    fn finds_the_rho_that_was_put_in_whatever_the_number_of_runs() {
        let mut rng = StdRng::seed_from_u64(7);
        for rho in [0.0, 0.3, 0.5, 0.7] {
            for n in [4, 5, 7, 12, 30] {
                let cells: Vec<Vec<f64>> = (0..6000).map(|_| series(&mut rng, rho, n)).collect();
                let found = dependence(&cells).unwrap();
                assert!((found.rho.unwrap() - rho).abs() < 0.07, "n {n}: {found:?}, not {rho}");
                assert_eq!(found.p.unwrap() < 0.001, rho > 0.0, "n {n}: {found:?}");
            }
        }
    }

    #[test]
    fn says_how_many_runs_would_tell() {
        let cells: Vec<Vec<f64>> = (0..10).map(|i| vec![1.0, 2.0, f64::from(i), 3.0]).collect();
        let few = dependence(&cells).unwrap();
        assert_eq!((few.rho, few.runs_wanted()), (None, 5));
        assert!(dependence(&[cells.clone(), cells].concat()).unwrap().rho.is_some());
    }
}
