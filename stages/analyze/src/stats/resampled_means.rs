//! The kernel of the bootstrap of a mean.
//!
//! To draw one of the n^k sums of k values is to draw k values independently. So the sums of all k-tuples are tabled while
//! they fit the cache (k = 2 for 100 values, 4 for 7), and a resample is a few look-ups: exact, and k times fewer draws.

use super::generator::{Generator, split};

/// Sums tabled at most: 128 KiB, what a core's second cache holds beside everything else.
const MOST_SUMS: usize = 1 << 14;

/// Fills `means` with means of resamples of `x`. `sums` is scratch.
pub fn resampled_means(x: &[f64], mut generator: Generator, sums: &mut Vec<f64>, means: &mut [f64]) {
    let tuple = tabulate(x, sums);
    let (draws, rest) = (x.len() / tuple, x.len() % tuple);
    let per_word = words(sums.len());
    let scale = 1.0 / x.len() as f64;
    let n = sums.len() as u64;
    for mean in means.iter_mut() {
        let sum = match per_word {
            4.. => drawn::<4>(sums, n, draws, &mut generator),
            3 => drawn::<3>(sums, n, draws, &mut generator),
            2 => drawn::<2>(sums, n, draws, &mut generator),
            _ => drawn::<1>(sums, n, draws, &mut generator),
        };
        let last: f64 = (0..rest).map(|_| x[generator.below(x.len())]).sum();
        *mean = (sum + last) * scale;
    }
}

/// `draws` of the sums, `WORD` indices from each random word.
#[inline(always)]
fn drawn<const WORD: usize>(sums: &[f64], n: u64, draws: usize, generator: &mut Generator) -> f64 {
    let mut parts = [0.0; WORD];
    for _ in 0..draws / WORD {
        let mut bits = generator.next();
        for part in &mut parts {
            let (index, left) = split(bits, n);
            *part += sums[index as usize];
            bits = left;
        }
    }
    let mut bits = generator.next();
    for _ in 0..draws % WORD {
        let (index, left) = split(bits, n);
        parts[0] += sums[index as usize];
        bits = left;
    }
    parts.iter().sum()
}

/// Indices below `n` that one word gives: their product stays under 2^44, so each is off from uniform by less than 1e-6 of its
/// probability.
fn words(n: usize) -> usize {
    let bits = usize::BITS - n.leading_zeros();
    (44 / bits as usize).clamp(1, 4)
}

/// Puts the sums of all k-tuples into `sums` and gives k.
fn tabulate(x: &[f64], sums: &mut Vec<f64>) -> usize {
    sums.clear();
    sums.extend_from_slice(x);
    let mut tuple = 1;
    while sums.len() * x.len() <= MOST_SUMS && tuple < x.len() {
        let shorter = std::mem::take(sums);
        sums.extend(x.iter().flat_map(|v| shorter.iter().map(move |s| v + s)));
        tuple += 1;
    }
    tuple
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_are_all_there() {
        let mut sums = Vec::new();
        assert_eq!(tabulate(&[1.0, 10.0], &mut sums), 2);
        assert_eq!(sums, [2.0, 11.0, 11.0, 20.0]);
        let hundred: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!((tabulate(&hundred, &mut sums), sums.len()), (2, 10_000));
        assert_eq!(tabulate(&vec![1.0; 20_000], &mut sums), 1);
        assert_eq!([2, 100, 10_000, 1 << 20, 1 << 40].map(words), [4, 4, 3, 2, 1]);
    }

    #[test]
    fn all_resamples_of_two_values_are_as_likely() {
        let mut means = vec![0.0; 40_000];
        resampled_means(&[0.0, 1.0], Generator::new(5, 6), &mut Vec::new(), &mut means);
        for (value, share) in [(0.0, 0.25), (0.5, 0.5), (1.0, 0.25)] {
            let found = means.iter().filter(|m| **m == value).count() as f64 / 40_000.0;
            assert!((found - share).abs() < 0.01, "{value} {found}");
        }
    }

    #[test]
    fn means_and_variances_of_resamples_are_known() {
        for n in [3, 7, 50, 100, 500] {
            let x: Vec<f64> = (0..n).map(|i| f64::from(i * i)).collect();
            let mut means = vec![0.0; 20_000];
            resampled_means(&x, Generator::new(1, n as u64), &mut Vec::new(), &mut means);
            let (size, centre) = (f64::from(n), x.iter().sum::<f64>() / f64::from(n));
            let variance = x.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / size / size;
            let found = means.iter().sum::<f64>() / 20_000.0;
            let spread = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / 20_000.0;
            assert!((found - centre).abs() < 4.0 * (variance / 20_000.0).sqrt(), "{n}");
            assert!((spread / variance - 1.0).abs() < 0.05, "{n} {spread} {variance}");
        }
    }
}
