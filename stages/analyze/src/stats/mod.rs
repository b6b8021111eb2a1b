//! One statistic a file: pure functions over slices, each with its source.

pub mod holm;
pub mod interval;
pub mod log_mean;
pub mod log_ratio;
pub mod mean;
pub mod median;
pub mod paired;

/// A number with its uncertainty. `std_error` and the interval are absent where the data cannot give them.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub estimate: f64,
    pub std_error: Option<f64>,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub ci_level: f64,
    pub n: usize,
    pub method: &'static str,
}
