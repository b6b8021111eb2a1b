//! Bootstrap intervals, bias-corrected and accelerated (Efron 1987, doi:10.1080/01621459.1987.10478410; Efron, Tibshirani 1993,
//! section 14.3). Seeded: the same values and seed give the same interval, in any order of rows and on any number of threads.
//!
//! With under about 20 values a BCa interval is too narrow (the calibration bench shows by how much): prefer t on logs.

use super::{
    Estimate,
    generator::Generator,
    mean::{mean, variance},
    resampled_means::resampled_means,
    tails::{normal_cdf, normal_quantile},
    unfit::{Fit, Unfit, at_least, share, values, varies},
};
use rayon::prelude::*;

#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub resamples: usize,
    pub level: f64,
    pub seed: u64,
}

impl Settings {
    pub fn check(&self) -> Fit<()> {
        share("level", self.level)?;
        at_least("resamples", 100, self.resamples)
    }
}

/// The mean of each cell with its BCa interval, cells in parallel; cell `i` draws from stream `i`.
pub fn bootstrap_means<C: AsRef<[f64]> + Sync>(cells: &[C], settings: Settings) -> Vec<Fit<Estimate>> {
    let one =
        |scratch: &mut Scratch, (stream, cell): (usize, &C)| of_mean(cell.as_ref(), settings, stream as u64, scratch);
    cells.par_iter().enumerate().map_init(Scratch::default, one).collect()
}

/// The mean of one cell.
pub fn bootstrap_mean(cell: &[f64], settings: Settings) -> Fit<Estimate> {
    of_mean(cell, settings, 0, &mut Scratch::default())
}

/// Kept from cell to cell by a thread.
#[derive(Default)]
struct Scratch {
    sorted: Vec<f64>,
    sums: Vec<f64>,
    means: Vec<f64>,
}

fn of_mean(cell: &[f64], settings: Settings, stream: u64, scratch: &mut Scratch) -> Fit<Estimate> {
    values(cell, 2)?;
    settings.check()?;
    let Scratch { sorted, sums, means } = scratch;
    sorted.clear();
    sorted.extend_from_slice(cell);
    sorted.sort_unstable_by(f64::total_cmp);
    let centre = mean(sorted).ok_or(Unfit::NotFinite)?;
    varies(variance(sorted).ok_or(Unfit::NoVariance)?, sorted)?;
    means.resize(settings.resamples, 0.0);
    resampled_means(sorted, Generator::new(settings.seed, stream), sums, means);
    // Leaving out value i moves the mean by (centre - x_i) / (n - 1): the jackknife in closed form.
    let (mut squares, mut cubes) = (0.0, 0.0);
    for from in sorted.iter().map(|v| v - centre) {
        squares += from * from;
        cubes += from * from * from;
    }
    let acceleration = cubes / (6.0 * squares.powf(1.5));
    bca(centre, means, acceleration, settings.level, cell.len(), "mean of runs, BCa bootstrap interval")
}

/// Any statistic that does not depend on the order of values; resamples in parallel, resample `i` draws from stream `i`.
pub fn bootstrap(x: &[f64], settings: Settings, statistic: impl Fn(&[f64]) -> f64 + Sync) -> Fit<Estimate> {
    values(x, 2)?;
    settings.check()?;
    let mut sorted = x.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let resample = |buffer: &mut Vec<f64>, stream: usize| {
        let mut generator = Generator::new(settings.seed, stream as u64);
        buffer.clear();
        buffer.extend((0..sorted.len()).map(|_| sorted[generator.below(sorted.len())]));
        statistic(buffer)
    };
    let mut found: Vec<f64> = (0..settings.resamples).into_par_iter().map_init(Vec::new, resample).collect();
    let left_out: Vec<f64> = (0..sorted.len()).map(|i| statistic(&[&sorted[..i], &sorted[i + 1..]].concat())).collect();
    values(&found, 2)?;
    values(&left_out, 2)?;
    let centre = mean(&left_out).ok_or(Unfit::NotFinite)?;
    let squares: f64 = left_out.iter().map(|v| (centre - v).powi(2)).sum();
    let cubes: f64 = left_out.iter().map(|v| (centre - v).powi(3)).sum();
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
    bca(statistic(&sorted), &mut found, acceleration, settings.level, x.len(), "BCa bootstrap interval")
}

/// The interval from resampled statistics, whose order is lost. Quantiles interpolate linearly, as NumPy and SciPy do.
pub fn bca(
    estimate: f64,
    found: &mut [f64],
    acceleration: f64,
    level: f64,
    n: usize,
    method: &'static str,
) -> Fit<Estimate> {
    let size = found.len() as f64;
    let (mut below, mut equal, mut sum, mut squares) = (0u32, 0u32, 0.0, 0.0);
    for v in found.iter() {
        below += u32::from(*v < estimate);
        equal += u32::from(*v == estimate);
        let from = v - estimate;
        sum += from;
        squares += from * from;
    }
    let centre = (f64::from(below) + f64::from(equal) / 2.0) / size;
    if centre <= 0.0 || centre >= 1.0 {
        return Err(Unfit::NoVariance);
    }
    let bias = normal_quantile(centre);
    let at = |p: f64| {
        let z = bias + normal_quantile(p);
        normal_cdf(bias + z / (1.0 - acceleration * z))
    };
    let std_error = ((squares - sum * sum / size) / (size - 1.0)).sqrt();
    let (low, high) = (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0));
    let (ci_low, ci_high) = quantiles(found, low, high);
    Ok(Estimate {
        estimate,
        std_error: Some(std_error),
        ci_low: Some(ci_low),
        ci_high: Some(ci_high),
        ci_level: level,
        n,
        method,
    })
}

/// Two quantiles by selection: what lies above the high one is not looked at again for the low one.
pub fn quantiles(found: &mut [f64], low: f64, high: f64) -> (f64, f64) {
    let (high_value, from) = quantile_within(found, high.max(low), found.len());
    let (low_value, _) = quantile_within(found, low.min(high), from);
    if low <= high { (low_value, high_value) } else { (high_value, low_value) }
}

/// The quantile at `p` of all values, the smallest `end` of which stand first; and where its lower neighbour now stands.
fn quantile_within(found: &mut [f64], p: f64, end: usize) -> (f64, usize) {
    let place = p * (found.len() - 1) as f64;
    let lower = place.floor() as usize;
    let (within, beyond) = found.split_at_mut(end.max(lower + 1));
    let (_, value, above) = within.select_nth_unstable_by(lower, f64::total_cmp);
    let next = if above.is_empty() { beyond } else { above }.iter().copied().reduce(f64::min).unwrap_or(*value);
    let value = *value;
    (value + (place - lower as f64) * (next - value), lower)
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};
    use proptest::prelude::*;

    const SETTINGS: Settings = Settings { resamples: 2000, level: 0.95, seed: 11 };

    #[test]
    fn the_interval_against_scipy_from_its_own_resamples() {
        let [(_, python), _] = fixtures::documents();
        let mut largest = 0f64;
        for (set, expected) in python["bca"].as_object().unwrap() {
            let x = &fixtures::sample(set)[0];
            let mut means: Vec<f64> =
                expected["means"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let centre = mean(x).unwrap();
            let squares: f64 = x.iter().map(|v| (v - centre).powi(2)).sum();
            let cubes: f64 = x.iter().map(|v| (v - centre).powi(3)).sum();
            let e = bca(centre, &mut means, cubes / (6.0 * squares.powf(1.5)), 0.95, x.len(), "").unwrap();
            for (found, name) in [(e.ci_low, "low"), (e.ci_high, "high")] {
                let off = (found.unwrap() / expected[name].as_f64().unwrap() - 1.0).abs();
                assert!(off < 1e-9, "{set} {name} {found:?} {}", expected[name]);
                largest = largest.max(off);
            }
        }
        println!("{:28} {:8} largest difference {largest:.1e}", "BCa of given resamples", "python");
    }

    #[test]
    fn the_fast_mean_and_the_plain_one_agree() {
        let x = &fixtures::sample("one_skewed")[0];
        let settings = Settings { resamples: 40_000, ..SETTINGS };
        let (fast, plain) =
            (bootstrap_mean(x, settings).unwrap(), bootstrap(x, settings, |v| mean(v).unwrap()).unwrap());
        let se = fast.std_error.unwrap();
        for (a, b) in [(fast.ci_low, plain.ci_low), (fast.ci_high, plain.ci_high), (fast.std_error, plain.std_error)] {
            assert!((a.unwrap() - b.unwrap()).abs() < 0.08 * se, "{fast:?} {plain:?}");
        }
        // The standard error is known: sqrt((n - 1) / n) of the usual one.
        let n = x.len() as f64;
        let exact = (variance(x).unwrap() * (n - 1.0) / n / n).sqrt();
        assert!((se / exact - 1.0).abs() < 0.02);
    }

    #[test]
    fn threads_and_rows_do_not_matter() {
        let cells: Vec<Vec<f64>> =
            ["one_7", "one_25", "one_200", "one_skewed"].map(|s| fixtures::sample(s).remove(0)).to_vec();
        let turned: Vec<Vec<f64>> = cells.iter().map(|c| c.iter().rev().copied().collect()).collect();
        let with = |threads: usize, cells: &[Vec<f64>]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (bootstrap_means(cells, SETTINGS), bootstrap(&cells[1], SETTINGS, |v| variance(v).unwrap()))
            })
        };
        let one = with(1, &cells);
        assert_eq!(one, with(3, &cells));
        assert_eq!(one, with(2, &turned));
        assert_ne!(one.0, bootstrap_means(&cells, Settings { seed: 12, ..SETTINGS }));
    }

    #[test]
    fn degenerate() {
        assert_eq!(bootstrap_mean(&[0.1; 5], SETTINGS), Err(Unfit::NoVariance));
        assert_eq!(bootstrap_mean(&[1.0], SETTINGS), Err(Unfit::TooFew { what: "values", needed: 2, got: 1 }));
        assert_eq!(bootstrap_mean(&[1.0, f64::NAN], SETTINGS), Err(Unfit::NotFinite));
        assert!(bootstrap_mean(&[1.0, 2.0], Settings { resamples: 10, ..SETTINGS }).is_err());
        assert_eq!(bootstrap(&[1.0, 2.0], SETTINGS, |_| f64::NAN), Err(Unfit::NotFinite));
    }

    proptest! {
        #[test]
        fn selection_gives_the_quantiles_of_a_sorted_list(
            x in prop::collection::vec(-9.0..9.0f64, 2..50), p in 0.0..=1.0f64, q in 0.0..=1.0f64,
        ) {
            let mut sorted = x.clone();
            sorted.sort_by(f64::total_cmp);
            let plain = |p: f64| {
                let place = p * (x.len() - 1) as f64;
                let (i, rest) = (place.floor() as usize, place.fract());
                sorted[i] + rest * (sorted[(i + 1).min(x.len() - 1)] - sorted[i])
            };
            prop_assert_eq!(quantiles(&mut x.clone(), p, q), (plain(p), plain(q)));
        }
    }
}
