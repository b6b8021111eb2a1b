//! How the clock of a sensor lies to that of the runs.

use crate::{
    column::*,
    tables::{power_sample::KINDS, sensor::AVERAGINGS},
};

/// `same_clock`: one process stamped runs and readings. `aligned`: the pattern of the runs was found in the readings. `assumed`:
/// it was not, and the clock error of the configuration is assumed.
pub const METHODS: &[&str] = &["same_clock", "aligned", "assumed"];

crate::table! {
    ALIGNMENT: "alignment", version 1, written by "join-telemetry";
    grain: "One sensor of a session in one way of reading it: how its clock lies to that of the runs, and what its sensor averages over.";
    key: &["session_id", "device_id", "kind"];
    session_id: text("Session"),
    device_id: text("Sensor, as in `power_sample`"),
    kind: choice(KINDS, "How its readings are to be taken, as in `power_sample`"),
    method: choice(METHODS, "How the offset is known"),
    reason: text("Why it is assumed").or_null("unless `method` is assumed"),
    runs: count("Runs that were looked at"),
    offset_ms: float("How much later the log says that things happened than the runs say")
        .or_null("unless it was found"),
    offset_low_ms: float("Lower end of its 95 % interval, or of what is assumed"),
    offset_high_ms: float("Upper end"),
    is_ambiguous: boolean("Whether other offsets fit as well: runs and pauses that repeat"),
    step_w: float("Power in runs less power between them").or_null("when not looked for"),
    explained_pct: float("Share of the variance of power that the pattern of runs explains")
        .or_null("when not looked for"),
    averaging_ms: float("Time over which the sensor averages, as it is used")
        .at_least(0.0)
        .or_null("when none is known"),
    averaging_from: choice(AVERAGINGS, "How that is known").or_null("when `averaging_ms` is null"),
}
