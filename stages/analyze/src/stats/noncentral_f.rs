//! The noncentral F distribution: a mixture of betas with Poisson weights (Johnson, Kotz, Balakrishnan 1995, Continuous
//! Univariate Distributions 2, chapter 30).

use statrs::function::{beta::beta_reg, gamma::ln_gamma};

/// P(F > f) = sum_j Poisson(j; lambda / 2) I_x(df2 / 2, df1 / 2 + j), x = df2 / (df2 + df1 f).
pub fn noncentral_f_tail(f: f64, df1: f64, df2: f64, lambda: f64) -> f64 {
    let (x, half) = (df2 / (df2 + df1 * f), lambda / 2.0);
    let tail = |j: f64| beta_reg(df2 / 2.0, df1 / 2.0 + j, x);
    if f <= 0.0 || lambda == 0.0 {
        return if f <= 0.0 { 1.0 } else { tail(0.0) };
    }
    // Beyond twelve standard deviations and sixty the weights are below 1e-30.
    let reach = 12.0 * half.sqrt();
    let (first, last) = ((half - reach).max(0.0) as usize, (half + reach) as usize + 60);
    let weight = |j: f64| (j * half.ln() - half - ln_gamma(j + 1.0)).exp();
    (first..=last).map(|j| weight(j as f64) * tail(j as f64)).sum()
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::distribution, *};

    #[test]
    fn against_scipy() {
        distribution("noncentral_f_tail", 1e-8, |a| noncentral_f_tail(a[0], a[1], a[2], a[3]));
    }
}
