//! What a check found, one quantity a row: the small Parquet file beside the record.

use schemas::{
    Contract,
    column::{boolean, date, float, text},
};
use serde::Serialize;

/// Not a table of the pipeline: nothing reads it but people and `query --table`.
pub static FINDINGS: Contract = Contract {
    name: "gpu_check",
    version: 1,
    stage: "collect",
    grain: "One quantity that `collect gpu-check` found of a reading, a backend or the machine.",
    key: &["part", "subject", "quantity"],
    columns: &[
        date("date", "Day of the check, UTC"),
        boolean("stub", "Whether this is the stub of tests, and so nothing about a GPU"),
        text("gpu", "Product name, as the driver says; `STUB ...` of a stub"),
        text("driver", "Version of the driver"),
        text("part", "machine, reading, counter, energy, sampling, backend or matrix"),
        text("subject", "Reading, backend or machine"),
        text("quantity", "What was measured; ends with its unit"),
        float("value", "Its value").or_null("when it is not known or no number; `note` says why or what"),
        float("low", "Lower end of its 95 % interval").or_null("when it has none"),
        float("high", "Upper end of its 95 % interval").or_null("when it has none"),
        text("note", "What belongs to it").or_null("when there is nothing"),
    ],
};

/// A row without what is the same in all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub part: &'static str,
    pub subject: String,
    pub quantity: &'static str,
    pub value: Option<f64>,
    /// Both ends of an interval, or neither.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub note: Option<String>,
}

impl Finding {
    pub fn number(part: &'static str, subject: &str, quantity: &'static str, value: f64) -> Self {
        let value = value.is_finite().then_some(value);
        Finding { part, subject: subject.into(), quantity, value, low: None, high: None, note: None }
    }

    /// A number with an interval, where both ends are known.
    pub fn between(self, low: f64, high: f64) -> Self {
        let (low, high) = Some((low, high)).filter(|(low, high)| low.is_finite() && high.is_finite()).unzip();
        Finding { low, high, ..self }
    }

    pub fn noted(self, note: impl Into<String>) -> Self {
        Finding { note: Some(note.into()), ..self }
    }

    /// No number: what it is, or why there is none.
    pub fn told(part: &'static str, subject: &str, quantity: &'static str, note: impl Into<String>) -> Self {
        Finding::number(part, subject, quantity, f64::NAN).noted(note)
    }
}

/// A row of the file.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    pub date: &'a str,
    pub stub: bool,
    pub gpu: &'a str,
    pub driver: &'a str,
    #[serde(flatten)]
    pub finding: &'a Finding,
}
