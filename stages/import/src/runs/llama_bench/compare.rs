//! Figures of a test against each other, and tests of one model against each other.

use super::Test;
use crate::read::fault::{Fault, Result};
use crate::runs::figures::short;

/// A deviation of positive rates is no more than this many times their mean, with 10 repetitions.
const MOST_DEVIATION: f64 = 3.0;
/// Tokens of a prompt that are read at once unless `n_ubatch` says otherwise: weights are read as often as for one new token.
const AT_ONCE: f64 = 512.0;
/// By how much reading may be faster than that: graphs, kernels and clocks differ.
const FASTER: f64 = 2.0;
/// By how much writing may be faster than reading a prompt of at least so many tokens.
const SLOWER: (f64, i64) = (1.2, 32);

impl Test {
    /// Tokens a second, prompt and new ones together.
    fn mean_rate(&self) -> f64 {
        let tokens = (self.prompt + self.generated) as f64;
        let rates: Vec<f64> = self.ms.iter().filter(|ms| **ms > 0.0).map(|ms| tokens / ms * 1e3).collect();
        rates.iter().sum::<f64>() / rates.len().max(1) as f64
    }

    /// Whether times, rate and tokens agree.
    fn doubts(&self) -> Result<Vec<String>> {
        let mut doubts = Vec::new();
        let mean = self.mean_rate();
        if let Some(deviation) = self.deviation.filter(|deviation| mean > 0.0 && *deviation > mean * MOST_DEVIATION) {
            let value = format!("{} \u{b1} {}", short(mean), short(deviation));
            let remedy = "give the output as llama-bench wrote it";
            return Err(Fault::new("a rate far below its own deviation", value, remedy).at(self.line));
        }
        // CSV has the mean time alone: its rate and the mean of rates are a little apart.
        let tolerance = if self.mean_ms.is_some() { 0.002 } else { 0.015 };
        if let Some(stated) = self.rate.filter(|stated| *stated > 0.0 && (mean / stated - 1.0).abs() > tolerance) {
            doubts.push(format!("the rate by times and tokens is {}, `avg_ts` is {}", short(mean), short(stated)));
        }
        let mean_ms = self.ms.iter().sum::<f64>() / self.ms.len().max(1) as f64;
        if let Some(stated) = self.mean_ms.filter(|stated| (mean_ms / stated - 1.0).abs() > 0.01) {
            doubts.push(format!("the mean of `samples_ns` is {} ms, `avg_ns` is {} ms", short(mean_ms), short(stated)));
        }
        Ok(doubts)
    }

    /// Whether only the number of tokens differs, so that the rates are of one machine.
    fn is_like(&self, other: &Test) -> bool {
        (&self.model, &self.dtype, &self.device) == (&other.model, &other.dtype, &other.device)
            && self.settings == other.settings
            && self.depth == other.depth
    }
}

/// Why each test is doubted. Rates of prompts and of new tokens that no machine has together are refused.
pub fn compare_tests(tests: &[Test]) -> Result<Vec<Vec<String>>> {
    let mut all = tests.iter().map(Test::doubts).collect::<Result<Vec<_>>>()?;
    let reading = |test: &&Test| test.generated == 0 && test.prompt >= SLOWER.1;
    for (at, writing) in tests.iter().enumerate().filter(|(_, test)| test.prompt == 0) {
        let Some(reading) = tests.iter().filter(reading).find(|test| test.is_like(writing)) else { continue };
        let (read, written) = (reading.mean_rate(), writing.mean_rate());
        let at_once = writing.settings.get("n_ubatch").and_then(|n| n.parse().ok()).unwrap_or(AT_ONCE);
        if read > written * FASTER * at_once.min(reading.prompt as f64) {
            let value = format!("{} and {} tokens a second", short(read), short(written));
            let remedy = "correct one of them";
            let what = "a prompt that is read too fast for a model that writes so slowly";
            return Err(Fault::new(what, value, remedy).at(reading.line.max(writing.line)));
        }
        if written > read * SLOWER.0 {
            let (read, written) = (short(read), short(written));
            all[at].push(format!(
                "{written} tokens a second were written and {read} of a prompt read: one of them is wrong"
            ));
        }
    }
    Ok(all)
}
