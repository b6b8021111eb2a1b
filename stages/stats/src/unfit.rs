//! Why a statistic cannot be had from the data given. Nothing here is ever told by a NaN.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unfit {
    TooFew {
        what: &'static str,
        needed: usize,
        got: usize,
    },
    TooMany {
        what: &'static str,
        most: usize,
        got: usize,
    },
    NotFinite,
    /// Values that must vary are all the same, or differ by rounding alone.
    NoVariance,
    UnequalLengths {
        a: usize,
        b: usize,
    },
    OutOfRange {
        what: &'static str,
        value: f64,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { what, needed, got } => write!(f, "{got} {what}, at least {needed} are needed"),
            Self::TooMany { what, most, got } => write!(f, "{got} {what}, at most {most} are allowed"),
            Self::NotFinite => write!(f, "a value is not a finite number"),
            Self::NoVariance => write!(f, "no variance"),
            Self::UnequalLengths { a, b } => write!(f, "{a} values beside {b}, they must come in pairs"),
            Self::OutOfRange { what, value } => write!(f, "{what} {value} is out of range"),
        }
    }
}

impl std::error::Error for Unfit {}

pub type Fit<T> = Result<T, Unfit>;

/// At least `needed` values, all finite.
pub fn values(x: &[f64], needed: usize) -> Fit<()> {
    at_least("values", needed, x.len())?;
    x.iter().all(|v| v.is_finite()).then_some(()).ok_or(Unfit::NotFinite)
}

/// At least two groups of at least `needed` finite values each.
pub fn groups<G: AsRef<[f64]>>(groups: &[G], needed: usize) -> Fit<()> {
    at_least("groups", 2, groups.len())?;
    groups.iter().try_for_each(|g| values(g.as_ref(), needed))
}

/// Groups as `groups` asks, and all of the same length: the i-th values form a block.
pub fn blocks<G: AsRef<[f64]>>(groups: &[G], needed: usize) -> Fit<()> {
    self::groups(groups, needed)?;
    groups.iter().try_for_each(|g| same_length(groups[0].as_ref(), g.as_ref()))
}

pub fn same_length(a: &[f64], b: &[f64]) -> Fit<()> {
    (a.len() == b.len()).then_some(()).ok_or(Unfit::UnequalLengths { a: a.len(), b: b.len() })
}

pub fn at_least(what: &'static str, needed: usize, got: usize) -> Fit<()> {
    (got >= needed).then_some(()).ok_or(Unfit::TooFew { what, needed, got })
}

/// A level, a power or an alpha: strictly between 0 and 1.
pub fn share(what: &'static str, value: f64) -> Fit<()> {
    (value > 0.0 && value < 1.0).then_some(()).ok_or(Unfit::OutOfRange { what, value })
}

pub fn positive(what: &'static str, value: f64) -> Fit<()> {
    (value > 0.0 && value.is_finite()).then_some(()).ok_or(Unfit::OutOfRange { what, value })
}

/// `variance` unless it is nothing but the rounding of values as large as `x`.
pub fn varies(variance: f64, x: &[f64]) -> Fit<f64> {
    let largest = x.iter().fold(0f64, |m, v| m.max(v.abs()));
    (variance > (4.0 * f64::EPSILON * largest).powi(2)).then_some(variance).ok_or(Unfit::NoVariance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why() {
        assert_eq!(values(&[1.0], 2).unwrap_err().to_string(), "1 values, at least 2 are needed");
        assert_eq!(values(&[1.0, f64::NAN], 2).unwrap_err().to_string(), "a value is not a finite number");
        assert_eq!(blocks(&[vec![1.0, 2.0], vec![1.0]], 1).unwrap_err(), Unfit::UnequalLengths { a: 2, b: 1 });
        assert_eq!(groups(&[vec![1.0]], 1).unwrap_err().to_string(), "1 groups, at least 2 are needed");
        assert_eq!(share("level", 95.0).unwrap_err().to_string(), "level 95 is out of range");
        assert_eq!(varies(1e-34, &[0.1, 0.1]), Err(Unfit::NoVariance));
        assert_eq!(varies(1e-20, &[0.1, 0.1]), Ok(1e-20));
    }
}
