//! Two-way analysis of variance without interaction: groups compared within blocks (Fisher 1935, The Design of
//! Experiments, chapter 4; Montgomery 2017, section 4.1).
//!
//! F = MS_groups / MS_error, SS_error = SS_total - SS_groups - SS_blocks, with (k - 1)(b - 1) degrees of freedom.

use super::{
    mean::mean,
    one_way_anova::FTest,
    unfit::{Fit, blocks, varies},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blocked {
    pub groups: FTest,
    pub blocks: FTest,
}

/// `samples[g][b]` is the value of group `g` in block `b`, one in every combination; at least two groups and two blocks.
pub fn blocked_anova<G: AsRef<[f64]>>(samples: &[G]) -> Fit<Blocked> {
    blocks(samples, 2)?;
    let (k, b) = (samples.len(), samples[0].as_ref().len());
    let all: Vec<f64> = samples.iter().flat_map(|g| g.as_ref().iter().copied()).collect();
    let centre = mean(&all).unwrap_or_default();
    let of_group: Vec<f64> = samples.iter().filter_map(|g| mean(g.as_ref())).map(|m| m - centre).collect();
    let of_block: Vec<f64> =
        (0..b).map(|j| samples.iter().map(|g| g.as_ref()[j] - centre).sum::<f64>() / k as f64).collect();
    let residual = |(i, v): (usize, &f64)| (v - centre - of_group[i / b] - of_block[i % b]).powi(2);
    let error_sum: f64 = all.iter().enumerate().map(residual).sum();
    let df_error = ((k - 1) * (b - 1)) as f64;
    let error = varies(error_sum / df_error, &all)?;
    let test = |effects: &[f64], repeats: usize| {
        let sum = repeats as f64 * effects.iter().map(|e| e * e).sum::<f64>();
        let df = effects.len() as f64 - 1.0;
        FTest::new(sum / df / error, df, df_error, Some(sum / (sum + error_sum)))
    };
    Ok(Blocked { groups: test(&of_group, b), blocks: test(&of_block, k) })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures::{named, sample, statistic},
            unfit::Unfit,
        },
        *,
    };

    #[test]
    fn against_statsmodels_and_r() {
        statistic("blocked_anova", 1e-7, |g| {
            let f = blocked_anova(g).unwrap();
            let blocks = ("blocks_statistic", f.blocks.statistic);
            named([("statistic", f.groups.statistic), ("p", f.groups.p), blocks])
        });
    }

    #[test]
    fn tr119_blocked_by_scenario() {
        let f = |set: &str| blocked_anova(&sample(set)).unwrap().groups;
        assert_eq!(format!("{:.2}", f("tr119_generate").statistic), "19.36");
        assert_eq!(format!("{:.2}", f("tr119_prefill").statistic), "12.34");
        assert_eq!((f("tr119_prefill").df_between, f("tr119_prefill").df_within), (4.0, 16.0));
    }

    #[test]
    fn degenerate() {
        assert_eq!(blocked_anova(&[[1.0, 2.0], [2.0, 3.0]]), Err(Unfit::NoVariance));
        assert_eq!(
            blocked_anova(&[vec![1.0, 2.0], vec![2.0]]),
            Err(Unfit::TooFew { what: "values", needed: 2, got: 1 })
        );
    }
}
