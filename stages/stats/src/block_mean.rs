//! Groups compared over fixed blocks, the replicates within each block being the error.
//!
//! A group's mean over k blocks is the mean of its block means; its variance is the sum of s_b^2 / n_b over k^2, with Welch's and
//! Satterthwaite's degrees of freedom (Welch 1947, doi:10.1093/biomet/34.1-2.28; Satterthwaite 1946, doi:10.2307/3002019). The
//! difference of two groups adds their variances: with one block this is Welch's t test. What it says holds for these blocks; for
//! blocks like these, compare block means (`t_test::paired_t`).

use super::{
    cohens_d::Effect,
    mean::{mean, variance},
    t_test::TTest,
    unfit::{Fit, Unfit, at_least, same_length, values, varies},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockMean {
    pub mean: f64,
    /// Of the mean.
    pub variance: f64,
    pub df: f64,
    /// Sum of squares within blocks, and its degrees of freedom.
    pub within: (f64, f64),
}

/// At least two replicates in every block.
pub fn block_mean<G: AsRef<[f64]>>(blocks: &[G]) -> Fit<BlockMean> {
    at_least("blocks", 1, blocks.len())?;
    let k = blocks.len() as f64;
    let (mut total, mut sum, mut squares, mut within) = (0.0, 0.0, 0.0, (0.0, 0.0));
    for block in blocks.iter().map(AsRef::as_ref) {
        values(block, 2)?;
        let (centre, spread) = mean(block).zip(variance(block)).ok_or(Unfit::NotFinite)?;
        let (n, df) = (block.len() as f64, block.len() as f64 - 1.0);
        total += centre;
        sum += spread / n;
        squares += (spread / n).powi(2) / df;
        within = (within.0 + spread * df, within.1 + df);
    }
    let df = if squares > 0.0 { sum * sum / squares } else { within.1 };
    Ok(BlockMean { mean: total / k, variance: sum / (k * k), df, within })
}

/// b - a.
pub fn contrast(a: &BlockMean, b: &BlockMean, level: f64) -> Fit<TTest> {
    let sum = varies(a.variance + b.variance, &[a.mean, b.mean])?;
    let df = sum * sum / (a.variance.powi(2) / a.df + b.variance.powi(2) / b.df);
    TTest::new(b.mean - a.mean, sum.sqrt(), df, level)
}

/// Cohen's d of b - a with the standard deviation of replicates within blocks, pooled over blocks and groups. Its interval is exact
/// for normal replicates of equal variance.
pub fn within_block_d<G: AsRef<[f64]>>(a: &[G], b: &[G], level: f64) -> Fit<Effect> {
    same_length(&vec![0.0; a.len()], &vec![0.0; b.len()])?;
    let (of_a, of_b) = (block_mean(a)?, block_mean(b)?);
    let df = of_a.within.1 + of_b.within.1;
    let pooled = varies((of_a.within.0 + of_b.within.0) / df, &[of_a.mean, of_b.mean])?;
    let per_run = |group: &[G]| group.iter().map(|g| (g.as_ref().len() as f64).recip()).sum::<f64>();
    let root = ((per_run(a) + per_run(b)) / (a.len() as f64).powi(2)).sqrt();
    Effect::new((of_b.mean - of_a.mean) / (pooled.sqrt() * root), df, root, level)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{cohens_d::cohens_d, t_test::welch_t},
        *,
    };
    use proptest::prelude::*;

    #[test]
    fn two_blocks_by_hand() {
        // Block 1 of a: 0, 2 (mean 1, variance 2), block 2: 2, 4 (mean 3, variance 2): mean 2, variance (1 + 1) / 4, df 2^2 / (1 + 1).
        // b is 3 more with twice the spread: variance (4 + 4) / 4, df 2. Sum 2.5, df 2.5^2 / (0.5^2 / 2 + 2^2 / 2) = 2.941.
        let a = block_mean(&[vec![0.0, 2.0], vec![2.0, 4.0]]).unwrap();
        assert_eq!((a.mean, a.variance, a.df, a.within), (2.0, 0.5, 2.0, (4.0, 2.0)));
        let b = block_mean(&[vec![2.0, 6.0], vec![4.0, 8.0]]).unwrap();
        let t = contrast(&a, &b, 0.95).unwrap();
        assert!((t.difference - 3.0).abs() < 1e-12 && (t.std_error - 2.5f64.sqrt()).abs() < 1e-12);
        assert!((t.df - 6.25 / 2.125).abs() < 1e-12);
        // Pooled variance (4 + 16) / 4.
        let d = within_block_d(&[vec![0.0, 2.0], vec![2.0, 4.0]], &[vec![2.0, 6.0], vec![4.0, 8.0]], 0.95).unwrap();
        assert!((d.d - 3.0 / 5f64.sqrt()).abs() < 1e-12 && d.d_low < d.d && d.d < d.d_high);
    }

    #[test]
    fn degenerate() {
        assert_eq!(block_mean(&[vec![1.0]]), Err(Unfit::TooFew { what: "values", needed: 2, got: 1 }));
        let still = block_mean(&[vec![1.0, 1.0]]).unwrap();
        assert_eq!(contrast(&still, &still, 0.95), Err(Unfit::NoVariance));
    }

    proptest! {
        #[test]
        fn one_block_is_welch_and_cohen(
            a in prop::collection::vec(0.0..3.0f64, 2..9), b in prop::collection::vec(1.0..3.0f64, 2..9),
        ) {
            let ours = contrast(&block_mean(&[&a]).unwrap(), &block_mean(&[&b]).unwrap(), 0.95).unwrap();
            let welch = welch_t(&a, &b, 0.95).unwrap();
            prop_assert!((ours.p - welch.p).abs() < 1e-12 && (ours.ci_low - welch.ci_low).abs() < 1e-9);
            let (d, known) = (within_block_d(&[&a], &[&b], 0.95).unwrap(), cohens_d(&a, &b, 0.95).unwrap());
            prop_assert!((d.d - known.d).abs() < 1e-9 && (d.d_low - known.d_low).abs() < 1e-6);
        }

        #[test]
        fn block_effects_cancel(
            a in prop::collection::vec(0.0..3.0f64, 2..6), b in prop::collection::vec(0.0..3.0f64, 2..6), shift in -99.0..99.0f64,
        ) {
            let moved = |v: &[f64]| v.iter().map(|x| x + shift).collect::<Vec<f64>>();
            let of = |shifted: bool| {
                let second = |v: &Vec<f64>| if shifted { moved(v) } else { v.clone() };
                let mean = |v: &Vec<f64>| block_mean(&[v.clone(), second(v)]).unwrap();
                contrast(&mean(&a), &mean(&b), 0.95).unwrap()
            };
            prop_assert!((of(true).difference - of(false).difference).abs() < 1e-9);
            prop_assert!((of(true).std_error - of(false).std_error).abs() < 1e-9);
        }
    }
}
