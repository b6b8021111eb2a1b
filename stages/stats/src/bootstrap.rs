//! Bootstrap intervals, bias-corrected and accelerated (Efron 1987, doi:10.1080/01621459.1987.10478410; Efron, Tibshirani 1993,
//! section 14.3). Seeded: the same values and seed give the same interval, in any order of rows and on any number of threads.
//!
//! With under about 20 values a BCa interval is too narrow (the calibration bench shows by how much): prefer t on logs.

use super::{
    Estimate,
    generator::Generator,
    mean::{mean, variance},
    resamples::Resamples,
    tails::{normal_cdf, normal_quantile},
    unfit::{Fit, Unfit, at_least, share, values, varies},
};
use rayon::prelude::*;
use std::collections::BTreeMap;

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

/// Cells that are resampled together: their sums take 10 MiB with 10,000 resamples.
const TILE: usize = 128;

/// The mean of each cell with its BCa interval, cells in parallel. Cells of one length share their resamples, so a cell's
/// interval depends on its own values, the seed and nothing else.
pub fn bootstrap_means<C: AsRef<[f64]> + Sync>(cells: &[C], settings: Settings) -> Vec<Fit<Estimate>> {
    let mut by_length: BTreeMap<usize, Vec<(usize, Centred)>> = BTreeMap::new();
    let prepared: Vec<Fit<Centred>> = cells.par_iter().map(|cell| Centred::of(cell.as_ref(), settings)).collect();
    let mut found = Vec::with_capacity(cells.len());
    for (i, centred) in prepared.into_iter().enumerate() {
        found.push(centred.as_ref().map_or_else(|unfit| Err(*unfit), |_| Err(Unfit::NotFinite)));
        if let Ok(centred) = centred {
            by_length.entry(centred.deviations.len()).or_default().push((i, centred));
        }
    }
    for (n, cells) in by_length {
        let resamples = Resamples::new(n, settings.resamples, settings.seed);
        let tile = |scratch: &mut Scratch, tile: &[(usize, Centred)]| of_tile(tile, &resamples, settings, scratch);
        let tiles: Vec<_> = cells.par_chunks(TILE).map_init(Scratch::default, tile).collect();
        for (i, estimate) in tiles.into_iter().flatten() {
            found[i] = estimate;
        }
    }
    found
}

/// The mean of one cell.
pub fn bootstrap_mean(cell: &[f64], settings: Settings) -> Fit<Estimate> {
    bootstrap_means(&[cell], settings).pop().unwrap_or(Err(Unfit::NotFinite))
}

/// A cell's values as what they are off from their mean, in ascending order.
struct Centred {
    mean: f64,
    deviations: Vec<f64>,
}

impl Centred {
    fn of(cell: &[f64], settings: Settings) -> Fit<Self> {
        values(cell, 2)?;
        settings.check()?;
        let mut sorted = cell.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mean = mean(&sorted).ok_or(Unfit::NotFinite)?;
        varies(variance(&sorted).ok_or(Unfit::NoVariance)?, &sorted)?;
        sorted.iter_mut().for_each(|v| *v -= mean);
        Ok(Self { mean, deviations: sorted })
    }
}

/// Kept from tile to tile by a thread.
#[derive(Default)]
struct Scratch {
    deviations: Vec<f64>,
    sums: Vec<f64>,
}

fn of_tile(
    tile: &[(usize, Centred)],
    resamples: &Resamples,
    settings: Settings,
    scratch: &mut Scratch,
) -> Vec<(usize, Fit<Estimate>)> {
    let Scratch { deviations, sums } = scratch;
    deviations.clear();
    tile.iter().for_each(|(_, cell)| deviations.extend_from_slice(&cell.deviations));
    sums.resize(tile.len() * settings.resamples, 0.0);
    resamples.sums(deviations, sums);
    let one = |((i, cell), sums): (&(usize, Centred), &[f64])| (*i, of_mean(cell, sums, settings.level));
    tile.iter().zip(sums.chunks_exact(settings.resamples)).map(one).collect()
}

/// The interval of a cell from the sums of resamples of its deviations.
fn of_mean(cell: &Centred, sums: &[f64], level: f64) -> Fit<Estimate> {
    let n = cell.deviations.len();
    // Leaving out value i moves the mean by (mean - x_i) / (n - 1): the jackknife in closed form.
    let (mut squares, mut cubes) = (0.0, 0.0);
    for from in &cell.deviations {
        squares += from * from;
        cubes += from * from * from;
    }
    let acceleration = cubes / (6.0 * squares.powf(1.5));
    let e = bca(0.0, sums, acceleration, (level, TIE), n, "mean of runs, BCa bootstrap interval")?;
    let mean = |sum: f64| cell.mean + sum / n as f64;
    Ok(Estimate {
        estimate: cell.mean,
        std_error: e.std_error.map(|se| se / n as f64),
        ci_low: e.ci_low.map(mean),
        ci_high: e.ci_high.map(mean),
        ..e
    })
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
    let found: Vec<f64> = (0..settings.resamples).into_par_iter().map_init(Vec::new, resample).collect();
    let left_out: Vec<f64> = (0..sorted.len()).map(|i| statistic(&[&sorted[..i], &sorted[i + 1..]].concat())).collect();
    values(&found, 2)?;
    values(&left_out, 2)?;
    let centre = mean(&left_out).ok_or(Unfit::NotFinite)?;
    let squares: f64 = left_out.iter().map(|v| (centre - v).powi(2)).sum();
    let cubes: f64 = left_out.iter().map(|v| (centre - v).powi(3)).sum();
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
    bca(statistic(&sorted), &found, acceleration, (settings.level, TIE), x.len(), "BCa bootstrap interval")
}

/// Resamples that are another order of the sample have its statistic, up to rounding: in standard errors, less than this.
const TIE: f64 = 1e-9;

/// The interval from resampled statistics; those within `tie` standard errors of the estimate count as half below it. Quantiles
/// interpolate linearly, as NumPy and SciPy do.
pub fn bca(
    estimate: f64,
    found: &[f64],
    acceleration: f64,
    (level, tie): (f64, f64),
    n: usize,
    method: &'static str,
) -> Fit<Estimate> {
    let size = found.len() as f64;
    let [sum, squares] = total(found, |v| [v - estimate, (v - estimate) * (v - estimate)]);
    let std_error = ((squares - sum * sum / size) / (size - 1.0)).max(0.0).sqrt();
    let (tie_low, tie_high) = (estimate - tie * std_error, estimate + tie * std_error);
    let count = |yes: bool| if yes { 1.0 } else { 0.0 };
    let [below, not_above] = total(found, |v| [count(v < tie_low), count(v <= tie_high)]);
    let centre = (below + not_above) / 2.0 / size;
    if centre <= 0.0 || centre >= 1.0 {
        return Err(Unfit::NoVariance);
    }
    let bias = normal_quantile(centre);
    let at = |p: f64| {
        let z = bias + normal_quantile(p);
        normal_cdf(bias + z / (1.0 - acceleration * z))
    };
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

/// Two sums over all values, in eight parts so that a processor need not wait for one addition to begin the next.
fn total(values: &[f64], of: impl Fn(f64) -> [f64; 2]) -> [f64; 2] {
    let (eights, rest) = values.as_chunks::<8>();
    let mut parts = [[0.0; 8]; 2];
    for eight in eights {
        for (i, v) in eight.iter().enumerate() {
            let [a, b] = of(*v);
            parts[0][i] += a;
            parts[1][i] += b;
        }
    }
    let of_rest = rest.iter().map(|v| of(*v)).fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
    [parts[0].iter().sum::<f64>() + of_rest[0], parts[1].iter().sum::<f64>() + of_rest[1]]
}

/// Two quantiles of finite values, with linear interpolation.
pub fn quantiles(found: &[f64], low: f64, high: f64) -> (f64, f64) {
    let at = |p: f64| {
        let place = p * (found.len() - 1) as f64;
        let (value, next) = neighbours(found, place.floor() as usize);
        value + place.fract() * (next - value)
    };
    (at(low), at(high))
}

/// Values that say about where a quantile lies.
const LOOKED_AT: usize = 256;

/// The value at `place` in ascending order and the one after it (at the last place, itself).
///
/// Floyd and Rivest (1975, doi:10.1145/360680.360694): a small sample says which values surely lie on the far side, and only the
/// others are sought through. Where the sample misled, all are.
fn neighbours(found: &[f64], place: usize) -> (f64, f64) {
    let (size, last) = (found.len(), found.len() - 1);
    let mut near = Vec::new();
    let mut passed_over = 0;
    if size > 4 * LOOKED_AT {
        let mut looked_at: Vec<f64> = found.iter().step_by(size / LOOKED_AT).copied().collect();
        let n = looked_at.len() as f64;
        let share = place as f64 / last as f64;
        let slack = 3.0 * (n * share * (1.0 - share)).sqrt() + 2.0;
        if place < size / 2 {
            let (_, limit, _) = looked_at.select_nth_unstable_by((n * share + slack) as usize, f64::total_cmp);
            within(found, &mut near, |v| v <= *limit);
        } else {
            let (_, limit, _) = looked_at.select_nth_unstable_by((n * share - slack) as usize, f64::total_cmp);
            within(found, &mut near, |v| v >= *limit);
            passed_over = size - near.len();
        }
    }
    if place < passed_over || (place + 1).min(last) - passed_over >= near.len() {
        (near, passed_over) = (found.to_vec(), 0);
    }
    let (_, value, above) = near.select_nth_unstable_by(place - passed_over, f64::total_cmp);
    (*value, above.iter().copied().reduce(f64::min).unwrap_or(*value))
}

/// Adds the values that are wanted. Which are cannot be foreseen, so nothing branches on it.
fn within(found: &[f64], near: &mut Vec<f64>, wanted: impl Fn(f64) -> bool) {
    for some in found.chunks(64) {
        let (mut kept, mut count) = ([0.0; 64], 0);
        for v in some {
            kept[count] = *v;
            count += usize::from(wanted(*v));
        }
        near.extend_from_slice(&kept[..count]);
    }
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
            let means: Vec<f64> = expected["means"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let centre = mean(x).unwrap();
            let squares: f64 = x.iter().map(|v| (v - centre).powi(2)).sum();
            let cubes: f64 = x.iter().map(|v| (v - centre).powi(3)).sum();
            // SciPy takes for a tie what is equal to the last bit.
            let e = bca(centre, &means, cubes / (6.0 * squares.powf(1.5)), (0.95, 0.0), x.len(), "").unwrap();
            for (found, name) in [(e.ci_low, "low"), (e.ci_high, "high")] {
                let off = (found.unwrap() / expected[name].as_f64().unwrap() - 1.0).abs();
                assert!(off < 1e-9, "{set} {name} {found:?} {}", expected[name]);
                largest = largest.max(off);
            }
        }
        println!("{:28} {:8} largest difference {largest:.1e}", "BCa of given resamples", "python");
    }

    #[test]
    fn the_fast_mean_is_the_plain_one() {
        let x = &fixtures::sample("one_skewed")[0];
        let settings = Settings { resamples: 40_000, ..SETTINGS };
        let (fast, plain) =
            (bootstrap_mean(x, settings).unwrap(), bootstrap(x, settings, |v| mean(v).unwrap()).unwrap());
        let se = fast.std_error.unwrap();
        for (a, b) in [(fast.ci_low, plain.ci_low), (fast.ci_high, plain.ci_high), (fast.std_error, plain.std_error)] {
            assert!((a.unwrap() - b.unwrap()).abs() < 1e-9 * se, "{fast:?} {plain:?}");
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
        let alone: Vec<_> = cells.iter().map(|cell| bootstrap_mean(cell, SETTINGS)).collect();
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
        assert_eq!(one.0, alone, "a cell's interval does not depend on the other cells");
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
            x in prop_oneof![
                prop::collection::vec(-9.0..9.0f64, 2..50),
                prop::collection::vec((0u8..20).prop_map(f64::from), 2..50),
                prop::collection::vec(-9.0..9.0f64, 2000..2100),
            ],
            ascending in any::<bool>(),
            p in 0.0..=1.0f64, q in 0.0..=1.0f64,
        ) {
            let mut sorted = x.clone();
            sorted.sort_by(f64::total_cmp);
            // The order in which the sample misleads most.
            let x = if ascending { [&sorted[x.len() / 2..], &sorted[..x.len() / 2]].concat() } else { x };
            let plain = |p: f64| {
                let place = p * (x.len() - 1) as f64;
                let (i, rest) = (place.floor() as usize, place.fract());
                sorted[i] + rest * (sorted[(i + 1).min(x.len() - 1)] - sorted[i])
            };
            prop_assert_eq!(quantiles(&x, p, q), (plain(p), plain(q)));
        }
    }
}
