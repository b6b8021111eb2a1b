//! One number for several scenarios, on the log scale, with the error that runs within scenarios give it. The scenarios are fixed.
//!
//! What adds up (dollars, kWh, grams, joules for a token) is averaged arithmetically: a million tokens, as many from each scenario, cost
//! the mean of the scenarios' costs. What describes a typical run (times, rates, powers) is averaged geometrically: scenarios differ
//! tenfold, and the longest must not decide alone. A ratio of two backends is a ratio of these means.

use super::{
    Estimate,
    block_mean::{BlockMean, block_mean},
    interval::t_quantile,
    mean::{mean, variance},
    positive_mean::{Cell, log_variance},
    t_test::TTest,
    unfit::{Fit, Unfit, at_least, same_length, values, varies},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Arithmetic,
    Geometric,
}

impl Over {
    /// Of a quantity that scenarios add up to, or not.
    pub fn of(adds_up: bool) -> Self {
        if adds_up { Over::Arithmetic } else { Over::Geometric }
    }

    pub fn name(self) -> &'static str {
        match self {
            Over::Arithmetic => "arithmetic",
            Over::Geometric => "geometric",
        }
    }

    /// The log of the mean over scenarios; `None` for none, or one whose mean has no log.
    pub fn log(self, scenarios: &[Cell<'_>]) -> Option<f64> {
        let centre = match self {
            Over::Arithmetic => mean(&scenarios.iter().map(|c| mean(c.runs)).collect::<Option<Vec<_>>>()?)?.ln(),
            Over::Geometric => mean(&scenarios.iter().map(|c| mean(&c.logs()?)).collect::<Option<Vec<_>>>()?)?,
        };
        centre.is_finite().then_some(centre)
    }

    /// The same with its variance and degrees of freedom (Welch 1947; Satterthwaite 1946). At least two runs in each scenario.
    pub fn with_error(self, scenarios: &[Cell<'_>]) -> Fit<BlockMean> {
        at_least("blocks", 1, scenarios.len())?;
        let centre = self.log(scenarios).ok_or(Unfit::NotFinite)?;
        let k = scenarios.len() as f64;
        let (mut sum, mut squares, mut runs) = (0.0, 0.0, 0.0);
        for cell in scenarios {
            values(cell.runs, 2)?;
            // To first order, a scenario moves the log of the sum by its share of it.
            let part = match self {
                Over::Arithmetic => {
                    let share = mean(cell.runs).ok_or(Unfit::NotFinite)? / (k * centre.exp());
                    share * share * log_variance(cell)?
                }
                Over::Geometric => {
                    let spread = variance(&cell.logs().ok_or(Unfit::NotFinite)?).ok_or(Unfit::NotFinite)?;
                    spread / cell.runs.len() as f64 * cell.widening / (k * k)
                }
            };
            let df = cell.runs.len() as f64 - 1.0;
            sum += part;
            squares += part * part / df;
            runs += df;
        }
        let df = if squares > 0.0 { sum * sum / squares } else { runs };
        Ok(BlockMean { mean: centre, variance: sum, df, within: (0.0, 0.0) })
    }

    /// The mean over scenarios with its interval, in the unit of the runs; `None` where it has no log.
    pub fn estimate(self, scenarios: &[Cell<'_>], level: f64) -> Option<Estimate> {
        if self == Over::Arithmetic && scenarios.iter().any(|c| c.logs().is_none()) {
            return linear(scenarios, level);
        }
        let estimate = self.log(scenarios)?.exp();
        let error = self.with_error(scenarios).ok();
        let half = error.and_then(|e| match e.variance.sqrt() {
            0.0 => Some(0.0),
            error => Some(t_quantile(level, e.df)? * error),
        });
        Some(Estimate {
            estimate,
            std_error: error.map(|e| estimate * e.variance.sqrt()),
            ci_low: half.map(|half| estimate * (-half).exp()),
            ci_high: half.map(|half| estimate * half.exp()),
            ci_level: level,
            n: scenarios.iter().map(|c| c.runs.len()).sum(),
            method: match (self, half) {
                (Over::Arithmetic, Some(_)) => {
                    "arithmetic mean of scenarios, t interval on its log from runs within scenarios"
                }
                (Over::Arithmetic, None) => "arithmetic mean of scenarios, single runs, no interval",
                (Over::Geometric, Some(_)) => {
                    "geometric mean of scenarios, t interval on logs from runs within scenarios"
                }
                (Over::Geometric, None) => "geometric mean of scenarios, single runs, no interval",
            },
        })
    }

    /// Log of the ratio of two means over the same scenarios, the scenarios being the replicates: of geometric means the paired t test
    /// of logs; of arithmetic ones the ratio estimator with linearised residuals b_i / mean(b) - a_i / mean(a) (Cochran 1977, Sampling
    /// Techniques, section 6.4). `a` and `b` hold one positive value a scenario.
    pub fn paired(self, a: &[f64], b: &[f64], level: f64) -> Fit<TTest> {
        let logs = |x: &[f64]| x.iter().map(|v| v.ln()).collect::<Vec<f64>>();
        same_length(a, b)?;
        if self == Over::Geometric {
            return super::t_test::paired_t(&logs(a), &logs(b), level);
        }
        values(&logs(a), 2)?;
        values(&logs(b), 2)?;
        let (mean_a, mean_b) = mean(a).zip(mean(b)).ok_or(Unfit::NotFinite)?;
        let residuals: Vec<f64> = a.iter().zip(b).map(|(a, b)| b / mean_b - a / mean_a).collect();
        let largest = a.iter().map(|a| a / mean_a).fold(0f64, f64::max);
        let spread = varies(variance(&residuals).ok_or(Unfit::NoVariance)?, &[largest])?;
        let n = a.len() as f64;
        TTest::new((mean_b / mean_a).ln(), (spread / n).sqrt(), n - 1.0, level)
    }
}

/// Of runs that are not all positive, as energies net of idle.
fn linear(scenarios: &[Cell<'_>], level: f64) -> Option<Estimate> {
    let estimate = mean(&scenarios.iter().map(|c| mean(c.runs)).collect::<Option<Vec<_>>>()?)?;
    let widest = scenarios.iter().map(|c| c.widening).fold(1.0, f64::max);
    let error = block_mean(&scenarios.iter().map(|c| c.runs).collect::<Vec<_>>()).ok();
    let std_error = error.map(|e| (e.variance * widest).sqrt());
    let half = error.zip(std_error).and_then(|(e, error)| Some(t_quantile(level, e.df)? * error));
    Some(Estimate {
        estimate,
        std_error,
        ci_low: half.map(|half| estimate - half),
        ci_high: half.map(|half| estimate + half),
        ci_level: level,
        n: scenarios.iter().map(|c| c.runs.len()).sum(),
        method: match half {
            Some(_) => "arithmetic mean of scenarios, t interval from runs within scenarios (not all are positive)",
            None => "arithmetic mean of scenarios, single runs, no interval",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_adds_up_and_times_do_not() {
        assert_eq!([true, false].map(Over::of), [Over::Arithmetic, Over::Geometric]);
        let cells = [Cell::independent(&[1.0]), Cell::independent(&[4.0])];
        assert!((Over::Arithmetic.log(&cells).unwrap().exp() - 2.5).abs() < 1e-12);
        assert!((Over::Geometric.log(&cells).unwrap().exp() - 2.0).abs() < 1e-12);
        assert_eq!(Over::Arithmetic.estimate(&cells, 0.95).unwrap().ci_low, None);
        let net = Over::Arithmetic.estimate(&[Cell::independent(&[-1.0, 2.0])], 0.95).unwrap();
        assert!(net.estimate == 0.5 && net.ci_low.unwrap() < 0.0 && net.method.ends_with("(not all are positive)"));
    }

    #[test]
    fn two_scenarios_by_hand() {
        // Logs 0 and 2 (s^2 = 2), 2 and 4: geometric variance (2/2 + 2/2) / 4 = 0.5, df 2^2 / (1 + 1) = 2.
        let e = |x: f64| x.exp();
        let (x, y) = ([1.0, e(2.0)], [e(2.0), e(4.0)]);
        let cells = [Cell::independent(&x), Cell::independent(&y)];
        let g = Over::Geometric.with_error(&cells).unwrap();
        assert!((g.mean - 2.0).abs() < 1e-12 && (g.variance - 0.5).abs() < 1e-12 && (g.df - 2.0).abs() < 1e-12);
        // The second is e^2 times the first: shares 1 / (1 + e^2) and e^2 / (1 + e^2), each of variance 3.
        let a = Over::Arithmetic.with_error(&cells).unwrap();
        let (p, q) = (1.0 / (1.0 + e(2.0)), e(2.0) / (1.0 + e(2.0)));
        assert!((a.variance - 3.0 * (p * p + q * q)).abs() < 1e-12);
        assert!((a.df - (p * p + q * q).powi(2) / (p.powi(4) + q.powi(4))).abs() < 1e-9);
        let wide = Cell { runs: &x, widening: 3.0 };
        assert!((Over::Geometric.with_error(&[wide]).unwrap().variance - 3.0).abs() < 1e-12);
    }

    #[test]
    fn scenarios_as_replicates() {
        // Ratio of sums 33 / 30; residuals of 10, 20 against 12, 21: 12/16.5 - 10/15, 21/16.5 - 20/15: +-0.0606.
        let t = Over::Arithmetic.paired(&[10.0, 20.0], &[12.0, 21.0], 0.95).unwrap();
        assert!((t.difference - 1.1f64.ln()).abs() < 1e-12 && (t.std_error - 0.060_606_06).abs() < 1e-6);
        let logs = Over::Geometric.paired(&[10.0, 20.0], &[12.0, 21.0], 0.95).unwrap();
        assert!((logs.difference - (1.2f64 * 1.05).ln() / 2.0).abs() < 1e-12);
        assert!(Over::Arithmetic.paired(&[10.0, 20.0], &[11.0, 22.0], 0.95).is_err(), "one ratio in all");
    }
}
