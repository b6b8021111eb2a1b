//! Resamples of n values as a matrix of counts: which value is drawn how often in which resample.
//!
//! The counts do not depend on the values. Cells of one length share them, as the rows of one call of SciPy's `bootstrap` do, and
//! the means of all resamples of all cells are one product of matrices, resamples x values times values x cells: as many
//! operations as drawing, in the order in which a processor is fastest.

use super::generator::Generator;
use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};
use rayon::prelude::*;

/// Counts kept at most: 64 MiB. Longer cells are drawn one resample at a time.
const MOST_COUNTS: usize = 1 << 23;

/// Resamples of any `n` values.
#[derive(Debug)]
pub struct Resamples {
    n: usize,
    seed: u64,
    resamples: usize,
    /// Resamples x values; none where they would be too many.
    counts: Option<Vec<f64>>,
}

impl Resamples {
    /// Resample `i` draws `n` indices from stream `i` of the seed, as `bootstrap` does.
    pub fn new(n: usize, resamples: usize, seed: u64) -> Self {
        Self::keeping(n, resamples, seed, MOST_COUNTS)
    }

    fn keeping(n: usize, resamples: usize, seed: u64, most: usize) -> Self {
        let counts = n.checked_mul(resamples).filter(|size| *size <= most && n > 0).map(|size| {
            let mut counts = vec![0.0; size];
            counts.par_chunks_exact_mut(n).enumerate().for_each(|(stream, row)| {
                let mut generator = Generator::new(seed, stream as u64);
                (0..n).for_each(|_| row[generator.below(n)] += 1.0);
            });
            counts
        });
        Self { n, seed, resamples, counts }
    }

    /// Fills `sums` (cells x resamples) with the sum of every resample of every cell (cells x values), row after row.
    ///
    /// # Panics
    /// Where the shapes do not fit.
    pub fn sums(&self, cells: &[f64], sums: &mut [f64]) {
        let count = cells.len() / self.n;
        match &self.counts {
            Some(counts) => {
                let cells = ArrayView2::from_shape((count, self.n), cells);
                let counts = ArrayView2::from_shape((self.resamples, self.n), counts);
                let sums = ArrayViewMut2::from_shape((count, self.resamples), sums);
                let (Ok(cells), Ok(counts), Ok(mut sums)) = (cells, counts, sums) else {
                    unreachable!("{count} cells of {} values, {} resamples", self.n, self.resamples)
                };
                general_mat_mul(1.0, &cells, &counts.t(), 0.0, &mut sums);
            }
            None => {
                for (cell, sums) in cells.chunks_exact(self.n).zip(sums.chunks_exact_mut(self.resamples)) {
                    sums.par_iter_mut().enumerate().for_each(|(stream, sum)| {
                        let mut generator = Generator::new(self.seed, stream as u64);
                        *sum = (0..self.n).map(|_| cell[generator.below(self.n)]).sum();
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(x: &[f64], n: usize, resamples: usize, most: usize) -> Vec<f64> {
        let mut sums = vec![f64::NAN; x.len() / n * resamples];
        Resamples::keeping(n, resamples, 5, most).sums(x, &mut sums);
        sums
    }

    #[test]
    fn all_resamples_of_two_values_are_as_likely() {
        let found = sums(&[0.0, 1.0], 2, 40_000, MOST_COUNTS);
        for (value, share) in [(0.0, 0.25), (1.0, 0.5), (2.0, 0.25)] {
            let share_found = found.iter().filter(|sum| **sum == value).count() as f64 / 40_000.0;
            assert!((share_found - share).abs() < 0.01, "{value} {share_found}");
        }
    }

    #[test]
    fn means_and_variances_of_resamples_are_known() {
        for n in [3, 7, 50, 100, 500] {
            let x: Vec<f64> = (0..n).map(|i| f64::from(i * i)).collect();
            let size = f64::from(n);
            let means: Vec<f64> = sums(&x, x.len(), 20_000, usize::MAX).iter().map(|sum| sum / size).collect();
            let centre = x.iter().sum::<f64>() / size;
            let variance = x.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / size / size;
            let found = means.iter().sum::<f64>() / 20_000.0;
            let spread = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / 20_000.0;
            assert!((found - centre).abs() < 4.0 * (variance / 20_000.0).sqrt(), "{n}");
            assert!((spread / variance - 1.0).abs() < 0.05, "{n} {spread} {variance}");
        }
    }

    #[test]
    fn kept_counts_and_single_draws_are_the_same_resamples() {
        let cells: Vec<f64> = (0..3 * 40).map(|i| f64::from(i * i % 97) / 7.0).collect();
        let (kept, drawn) = (sums(&cells, 40, 1000, MOST_COUNTS), sums(&cells, 40, 1000, 0));
        for (kept, drawn) in kept.iter().zip(&drawn) {
            assert!((kept / drawn - 1.0).abs() < 1e-12, "{kept} {drawn}");
        }
    }
}
