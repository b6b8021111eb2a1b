//! Many families of tests in one report: the level of each, so that the report as a whole errs as seldom as one family is to.

use super::holm::ascending;

/// `alpha R / m`: of m families with these p-values R are selected by Benjamini and Hochberg, and each is then tested at this level
/// (Benjamini, Bogomolov 2014, doi:10.1111/rssb.12028). Where nothing is different the report says so anywhere with a probability of
/// alpha at most; where all families differ each keeps alpha. Absent p-values do not count.
pub fn family_level(p: &[Option<f64>], alpha: f64) -> f64 {
    let order = ascending(p);
    let m = order.len() as f64;
    let selected = order.iter().enumerate().rev().find(|(rank, (p, _))| *p <= alpha * (rank + 1) as f64 / m);
    alpha * selected.map_or(1.0, |(rank, _)| (rank + 1) as f64) / m.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-15;
        assert!(close(family_level(&[], 0.05), 0.05) && close(family_level(&[None, Some(0.9)], 0.05), 0.05));
        assert!(close(family_level(&[Some(0.04); 10], 0.05), 0.05), "all differ");
        assert!(close(family_level(&[Some(0.6), Some(0.03), Some(0.2), Some(0.9)], 0.05), 0.0125), "none is selected");
        // 0.001 <= 0.05 / 4 and 0.02 <= 2 * 0.05 / 4, the third is not.
        assert!(close(family_level(&[Some(0.02), Some(0.2), Some(0.001), Some(0.9)], 0.05), 0.025));
    }
}
