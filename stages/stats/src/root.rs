//! Roots by false position with Illinois's halving (Dahlquist, Bjoerck 1974, Numerical Methods, section 6.3): as safe as
//! bisection, and faster.

/// Where `f`, which has different signs at both ends, is zero, to about 1e-10 of the root. `None` if the signs agree.
pub fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut at_low, mut at_high) = (f(low), f(high));
    if at_low.is_nan() || at_high.is_nan() || at_low * at_high > 0.0 {
        return None;
    }
    for step in 0..200 {
        if at_low == 0.0 {
            return Some(low);
        }
        if at_high == 0.0 || (high - low).abs() <= 1e-10 * high.abs().max(1e-3) {
            return Some(high);
        }
        // Every third step halves, for functions that are flat at one end.
        let middle =
            if step % 3 == 2 { f64::midpoint(low, high) } else { high - at_high * (high - low) / (at_high - at_low) };
        let value = f(middle);
        if value * at_high < 0.0 {
            (low, at_low) = (high, at_high);
        } else {
            at_low /= 2.0;
        }
        (high, at_high) = (middle, value);
    }
    Some(high)
}

/// A root of a function that falls, searched in ever wider brackets around `start`.
pub fn root_near(start: f64, width: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    (0..12).map(|i| width * 2f64.powi(i)).find_map(|w| root(start - w, start + w, &f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_it() {
        assert!((root(0.0, 9.0, |x| x * x - 2.0).unwrap() - 2f64.sqrt()).abs() < 1e-9);
        assert!((root_near(0.0, 1.0, |x| 1.0 - (x / 50.0).exp() + 1.0).unwrap() - 50.0 * 2f64.ln()).abs() < 1e-7);
        assert_eq!(root(2.0, 9.0, |x| x * x - 2.0), None);
        assert_eq!(root(0.0, 1.0, |_| f64::NAN), None);
    }
}
