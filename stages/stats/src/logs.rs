//! Logarithms of replicates: what geometric means and ratios are computed on.

/// The log of every replicate; `None` where one has none.
pub fn logs<G: AsRef<[f64]>>(blocks: &[G]) -> Option<Vec<Vec<f64>>> {
    let logs: Vec<Vec<f64>> = blocks.iter().map(|b| b.as_ref().iter().map(|v| v.ln()).collect()).collect();
    logs.iter().flatten().all(|v: &f64| v.is_finite()).then_some(logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_log_has_no_logs() {
        assert_eq!(logs(&[vec![1.0, 1.0], vec![1.0]]), Some(vec![vec![0.0, 0.0], vec![0.0]]));
        for none in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(logs(&[vec![1.0], vec![none]]), None, "{none}");
        }
    }
}
