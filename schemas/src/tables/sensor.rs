//! One sensor of a session: what it is, how it was read, and how fine and how often it says something new.

use crate::{
    column::*,
    tables::{SCOPES, power_sample::KINDS},
};

/// Whose clock stamps the readings: the one that stamps the runs, or another.
pub const CLOCKS: &[&str] = &["runs", "other"];

/// How the averaging time of a sensor is known: `stated` by its maker, its documentation or the user; `assumed` where documents
/// disagree or name no board; `found` in the readings, from how they follow the runs.
pub const AVERAGINGS: &[&str] = &["stated", "assumed", "found"];

crate::table! {
    SENSOR: "sensor", version 2, written by "collect";
    grain: "One sensor of a session in one way of reading it: what it is, how well it was read, and its inferred period and step.";
    key: &["session_id", "device_id", "kind"];
    session_id: text("Session"),
    device_id: text("Sensor, as in `power_sample`"),
    kind: choice(KINDS, "How its readings are to be taken, as in `power_sample`"),
    scope: choice(SCOPES, "What the sensor covers"),
    source: text("Power source of pipeline.toml that reads it, or `import`"),
    label: text("What must be known before its readings are used").or_null("when there is nothing"),
    readings: count("Rows of `power_sample`"),
    missed: count("Deadlines that passed unread, of the whole source").or_null("for imports"),
    errors: count("Readings that failed and have no row").or_null("for imports of tables"),
    last_error: text("What the last failed reading said").or_null("when none failed, and for imports of tables"),
    longest_gap_ns: int("Longest time between two readings").or_null("for fewer than two readings"),
    update_period_ms: float("Median time between changes of the value; not below the time between readings")
        .at_least(0.0)
        .or_null(
            "when the value changed less than twice, and for interval_mean and model, which every reading makes anew",
        ),
    resolution_w: float("Largest step, up to 1 W, of which all its readings of power are multiples")
        .at_least(0.0)
        .or_null("for counters, and when that is less than the rounding of a double"),
    resolution_j: float("Largest step of which all rises of the counter are multiples")
        .at_least(0.0)
        .or_null("unless `kind` is counter, when it never rose, and when that is less than the rounding of a double"),
    averaging_ms: float("Time over which the sensor itself averages").at_least(0.0).or_null("when not known"),
    averaging_from: choice(AVERAGINGS, "How `averaging_ms` is known: `stated` or `assumed`")
        .or_null("when `averaging_ms` is"),
    clock: choice(CLOCKS, "Which clock stamped its readings")
        .or_null("when not known: of a measured session that of the runs"),
    error_w: float("Constant part of the error of a reading of power, half width").or_null("when not stated"),
    error_pct: float("Part of the error of a reading that grows with the power, in per cent of it, half width")
        .or_null("when not stated"),
    cost_pct: float("Processor time of reading the whole source, in per cent of one processor")
        .at_least(0.0)
        .or_null("for imports"),
}
