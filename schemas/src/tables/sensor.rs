//! One sensor of a session: what it is, how it was read, and how fine and how often it says something new.

use crate::{
    Contract,
    column::*,
    tables::{SCOPES, power_sample::KINDS},
};
use serde::Serialize;

/// Whose clock stamps the readings: the one that stamps the runs, or another.
pub const CLOCKS: &[&str] = &["runs", "other"];

/// How the averaging time of a sensor is known: `stated` by its maker, its documentation or the user; `assumed` where documents
/// disagree or name no board; `found` in the readings, from how they follow the runs.
pub const AVERAGINGS: &[&str] = &["stated", "assumed", "found"];

pub const SENSOR: Contract = Contract {
    name: "sensor",
    version: 2,
    stage: "collect",
    grain: "One sensor of a session in one way of reading it: what it is, how well it was read, and its inferred period and step.",
    key: &["session_id", "device_id", "kind"],
    columns: &[
        text("session_id", "Session"),
        text("device_id", "Sensor, as in `power_sample`"),
        choice("kind", KINDS, "How its readings are to be taken, as in `power_sample`"),
        choice("scope", SCOPES, "What the sensor covers"),
        text("source", "Power source of pipeline.toml that reads it, or `import`"),
        text("label", "What must be known before its readings are used").or_null("when there is nothing"),
        count("readings", "Rows of `power_sample`"),
        count("missed", "Deadlines that passed unread, of the whole source").or_null("for imports"),
        count("errors", "Readings that failed and have no row").or_null("for imports of tables"),
        text("last_error", "What the last failed reading said").or_null("when none failed, and for imports of tables"),
        int("longest_gap_ns", "Longest time between two readings").or_null("for fewer than two readings"),
        float("update_period_ms", "Median time between changes of the value; not below the time between readings")
            .at_least(0.0)
            .or_null("when the value changed less than twice, and for interval_mean and model, which every reading makes anew"),
        float("resolution_w", "Largest step, up to 1 W, of which all its readings of power are multiples")
            .at_least(0.0)
            .or_null("for counters, and when that is less than the rounding of a double"),
        float("resolution_j", "Largest step of which all rises of the counter are multiples")
            .at_least(0.0)
            .or_null("unless `kind` is counter, when it never rose, and when that is less than the rounding of a double"),
        float("averaging_ms", "Time over which the sensor itself averages").at_least(0.0).or_null("when not known"),
        choice("averaging_from", AVERAGINGS, "How `averaging_ms` is known: `stated` or `assumed`")
            .or_null("when `averaging_ms` is"),
        choice("clock", CLOCKS, "Which clock stamped its readings").or_null("when not known: of a measured session that of the runs"),
        float("error_w", "Constant part of the error of a reading of power, half width").or_null("when not stated"),
        float("error_pct", "Part of the error of a reading that grows with the power, in per cent of it, half width")
            .or_null("when not stated"),
        float("cost_pct", "Processor time of reading the whole source, in per cent of one processor")
            .at_least(0.0)
            .or_null("for imports"),
    ],
};

/// A row of `sensor`.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Row {
    pub session_id: String,
    pub device_id: String,
    pub kind: String,
    pub scope: String,
    pub source: String,
    pub label: Option<String>,
    pub readings: usize,
    pub missed: Option<u64>,
    pub errors: Option<u64>,
    pub last_error: Option<String>,
    pub longest_gap_ns: Option<i64>,
    pub update_period_ms: Option<f64>,
    pub resolution_w: Option<f64>,
    pub resolution_j: Option<f64>,
    pub averaging_ms: Option<f64>,
    pub averaging_from: Option<&'static str>,
    pub clock: Option<&'static str>,
    pub error_w: Option<f64>,
    pub error_pct: Option<f64>,
    pub cost_pct: Option<f64>,
}
