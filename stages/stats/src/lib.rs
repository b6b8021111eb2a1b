//! One statistic a file: pure functions over slices, each with its source.

pub mod benjamini_hochberg;
pub mod block_mean;
pub mod blocked_anova;
pub mod bootstrap;
#[cfg(test)]
mod calibration;
pub mod cliffs_delta;
pub mod cohens_d;
pub mod dependence;
#[cfg(test)]
mod fixtures;
pub mod friedman;
mod generator;
pub mod grubbs;
pub mod holm;
pub mod interval;
pub mod kruskal_wallis;
pub mod logs;
pub mod mann_whitney;
pub mod mean;
pub mod median;
pub mod moderated;
mod noncentral_t;
pub mod one_way_anova;
pub mod outliers;
pub mod positive_mean;
pub mod power;
mod quadrature;
mod ranks;
mod resamples;
mod root;
mod scaled_chi;
pub mod scenario_mean;
pub mod selection;
pub mod shapiro_wilk;
pub mod t_test;
pub mod tails;
pub mod tost;
pub mod truncated;
pub mod unfit;
pub mod welch_anova;
pub mod wilcoxon;

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
