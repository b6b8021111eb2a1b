//! Ranks from 1, ties get the mean of the ranks they take up (Kendall 1945, doi:10.1093/biomet/33.3.239).

/// The ranks in the order given, and the tie term: the sum of t^3 - t over groups of t equal values.
pub fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut ranks, mut ties) = (vec![0.0; values.len()], 0.0);
    let mut start = 0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let size = group.len() as f64;
        group.iter().for_each(|&i| ranks[i] = start as f64 + (size + 1.0) / 2.0);
        ties += size * size * size - size;
        start += group.len();
    }
    (ranks, ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_share_a_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.5]), (vec![3.5, 2.0, 3.5, 1.0], 6.0));
        assert_eq!(ranks(&[]), (vec![], 0.0));
    }

    proptest! {
        #[test]
        fn their_sum_is_known(values in prop::collection::vec(-9i8..9, 0..40)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let n = values.len() as f64;
            prop_assert_eq!(ranks(&values).0.iter().sum::<f64>(), n * (n + 1.0) / 2.0);
        }
    }
}
