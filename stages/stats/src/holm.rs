//! Holm's step-down adjustment (Holm 1979, Scandinavian Journal of Statistics 6:65).

/// Adjusted p-values in the order given; absent ones and NaN stay what they are and do not count.
pub fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let order = ascending(p);
    let m = order.len();
    let (mut adjusted, mut largest) = (p.to_vec(), 0f64);
    for (rank, (p, i)) in order.into_iter().enumerate() {
        largest = largest.max(((m - rank) as f64 * p).min(1.0));
        adjusted[i] = Some(largest);
    }
    adjusted
}

/// Those that are numbers, with their places, smallest first.
pub fn ascending(p: &[Option<f64>]) -> Vec<(f64, usize)> {
    let numbers = p.iter().enumerate().filter_map(|(i, p)| Some(((*p).filter(|p| !p.is_nan())?, i)));
    let mut order: Vec<(f64, usize)> = numbers.collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{benjamini_hochberg::benjamini_hochberg, fixtures::statistic};
    use proptest::prelude::*;

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

    #[test]
    fn both_against_statsmodels_scipy_and_r() {
        statistic("adjusted", 1e-12, |g| {
            let p: Vec<Option<f64>> = g[0].iter().copied().map(Some).collect();
            let both = [("holm", holm(&p)), ("bh", benjamini_hochberg(&p))];
            let tagged = |(tag, v): (&str, Vec<Option<f64>>)| {
                v.into_iter().enumerate().map(|(i, p)| (format!("{tag}_{i}"), p.unwrap())).collect::<Vec<_>>()
            };
            both.into_iter().flat_map(tagged).collect()
        });
    }

    #[test]
    fn nan_stays_and_does_not_count() {
        let p = [Some(0.04), Some(f64::NAN), None, Some(0.03)];
        for adjusted in [holm(&p), benjamini_hochberg(&p)] {
            assert!(adjusted[1].unwrap().is_nan() && adjusted[2].is_none());
        }
        assert_eq!((holm(&p)[0], holm(&p)[3]), (Some(0.06), Some(0.06)));
        assert_eq!(benjamini_hochberg(&p)[0], Some(0.04));
    }

    proptest! {
        #[test]
        fn monotone_bounded_and_blind_to_order(p in prop::collection::vec(prop::option::of(0.0..=1.0f64), 0..30)) {
            for adjust in [holm, benjamini_hochberg] {
                let adjusted = adjust(&p);
                let mut pairs: Vec<(f64, f64)> =
                    p.iter().zip(&adjusted).filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
                pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
                prop_assert!(pairs.windows(2).all(|w| w[0].1 <= w[1].1));
                prop_assert!(pairs.iter().all(|(p, q)| q >= p && *q <= 1.0));
                let reversed: Vec<Option<f64>> = p.iter().rev().copied().collect();
                let back: Vec<Option<f64>> = adjust(&reversed).into_iter().rev().collect();
                prop_assert_eq!(back, adjusted);
            }
            for (h, b) in holm(&p).into_iter().zip(benjamini_hochberg(&p)) {
                prop_assert!(h >= b, "Holm bounds more than the rate");
            }
        }
    }
}
