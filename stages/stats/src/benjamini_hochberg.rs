//! Benjamini and Hochberg's step-up adjustment, which bounds the share of false discoveries (Benjamini, Hochberg 1995,
//! doi:10.1111/j.2517-6161.1995.tb02031.x).

use super::holm::ascending;

/// Adjusted p-values in the order given; absent ones and NaN stay what they are and do not count.
pub fn benjamini_hochberg(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let order = ascending(p);
    let m = order.len() as f64;
    let (mut adjusted, mut smallest) = (p.to_vec(), 1f64);
    for (rank, (p, i)) in order.into_iter().enumerate().rev() {
        smallest = smallest.min(m / (rank + 1) as f64 * p);
        adjusted[i] = Some(smallest);
    }
    adjusted
}
