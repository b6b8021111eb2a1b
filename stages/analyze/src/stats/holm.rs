//! Holm's step-down adjustment (Holm 1979, Scandinavian Journal of Statistics 6:65).

/// Adjusted p-values in the order given; absent ones stay absent and do not count.
pub fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(f64, usize)> = p.iter().enumerate().filter_map(|(i, p)| Some(((*p)?, i))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let m = order.len();
    let (mut adjusted, mut largest) = (vec![None; p.len()], 0f64);
    for (rank, (p, i)) in order.into_iter().enumerate() {
        largest = largest.max(((m - rank) as f64 * p).min(1.0));
        adjusted[i] = Some(largest);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_r() {
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")  # 0.03 0.06 0.06 0.02
        let adjusted = holm(&[Some(0.01), Some(0.04), None, Some(0.03), Some(0.005)]);
        let expected = [Some(0.03), Some(0.06), None, Some(0.06), Some(0.02)];
        for (a, e) in adjusted.iter().zip(expected) {
            assert_eq!(a.is_some(), e.is_some());
            assert!((a.unwrap_or(0.0) - e.unwrap_or(0.0)).abs() < 1e-15);
        }
    }
}
