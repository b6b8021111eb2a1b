//! Arithmetic mean and variance.

/// Mean; `None` for no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Unbiased sample variance (Bessel's correction); `None` for fewer than two values. Exactly 0 for equal values, whose mean
/// may be off by a rounding.
pub fn variance(values: &[f64]) -> Option<f64> {
    if values.len() > 1 && values.iter().all(|v| *v == values[0]) {
        return Some(0.0);
    }
    let centre = mean(values).filter(|_| values.len() > 1)?;
    Some(values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_numpy() {
        // python -c "import numpy as np; x=[2.0,4.0,4.0,5.0,7.5]; print(np.mean(x), np.var(x, ddof=1))"
        let x = [2.0, 4.0, 4.0, 5.0, 7.5];
        assert_eq!(mean(&x), Some(4.5));
        assert_eq!(variance(&x), Some(4.0));
        assert_eq!(variance(&[0.1; 3]), Some(0.0));
        assert_eq!((mean(&[]), variance(&[1.0])), (None, None));
    }
}
