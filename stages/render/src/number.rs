//! A number of the report with what is known about it.

use crate::format;
use serde::Serialize;

/// A number as it was computed, with its interval and how it is known. `column` is its name in what its row's query answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Number {
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Coverage of the interval.
    pub level: Option<f64>,
    /// Runs behind it.
    pub n: Option<i64>,
    pub method: String,
    pub evidence: String,
    pub column: String,
}

impl Number {
    /// As people read it; the interval is left to [`Number::interval`].
    pub fn shown(&self) -> String {
        self.value.map_or_else(|| "not known".into(), format::significant)
    }

    pub fn interval(&self) -> Option<String> {
        let ends = self.value.and(self.low.zip(self.high));
        ends.map(|(low, high)| format!("[{}, {}]", format::significant(low), format::significant(high)))
    }

    /// What is known about it in one line; the method is its row's.
    pub fn says(&self) -> String {
        let mut parts = Vec::new();
        if let (Some(interval), Some(level)) = (self.interval(), self.level) {
            parts.push(format!("{} % interval {interval}", format::significant(100.0 * level)));
        }
        parts.extend(self.n.map(|n| format!("n = {n} runs")));
        parts.extend(Some(&self.evidence).filter(|t| !t.is_empty()).cloned());
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_how_it_is_known() {
        let number = Number {
            value: Some(2.0),
            low: Some(1.5),
            high: Some(2.5),
            level: Some(0.95),
            n: Some(4),
            method: "mean".into(),
            evidence: "measured".into(),
            column: "estimate".into(),
        };
        assert_eq!((number.shown(), number.interval()), ("2".into(), Some("[1.5, 2.5]".into())));
        assert_eq!(number.says(), "95 % interval [1.5, 2.5]; n = 4 runs; measured");
        assert_eq!(Number::default().shown(), "not known");
        assert_eq!(Number { value: None, ..number }.interval(), None, "no interval of nothing");
    }
}
