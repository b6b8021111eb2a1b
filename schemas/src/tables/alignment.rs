//! How the clock of a sensor lies to that of the runs.

use crate::{
    Contract,
    column::*,
    tables::{power_sample::KINDS, sensor::AVERAGINGS},
};
use serde::Serialize;

/// `same_clock`: one process stamped runs and readings. `aligned`: the pattern of the runs was found in the readings. `assumed`:
/// it was not, and the clock error of the configuration is assumed.
pub const METHODS: &[&str] = &["same_clock", "aligned", "assumed"];

pub const ALIGNMENT: Contract = Contract {
    name: "alignment",
    version: 1,
    stage: "join-telemetry",
    grain: "One sensor of a session in one way of reading it: how its clock lies to that of the runs, and what its sensor averages over.",
    key: &["session_id", "device_id", "kind"],
    columns: &[
        text("session_id", "Session"),
        text("device_id", "Sensor, as in `power_sample`"),
        choice("kind", KINDS, "How its readings are to be taken, as in `power_sample`"),
        choice("method", METHODS, "How the offset is known"),
        text("reason", "Why it is assumed").or_null("unless `method` is assumed"),
        count("runs", "Runs that were looked at"),
        float("offset_ms", "How much later the log says that things happened than the runs say")
            .or_null("unless it was found"),
        float("offset_low_ms", "Lower end of its 95 % interval, or of what is assumed"),
        float("offset_high_ms", "Upper end"),
        boolean("is_ambiguous", "Whether other offsets fit as well: runs and pauses that repeat"),
        float("step_w", "Power in runs less power between them").or_null("when not looked for"),
        float("explained_pct", "Share of the variance of power that the pattern of runs explains")
            .or_null("when not looked for"),
        float("averaging_ms", "Time over which the sensor averages, as it is used")
            .at_least(0.0)
            .or_null("when none is known"),
        choice("averaging_from", AVERAGINGS, "How that is known").or_null("when `averaging_ms` is null"),
    ],
};

/// A row of `alignment`.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    pub session_id: String,
    pub device_id: String,
    pub kind: String,
    pub method: &'static str,
    pub reason: Option<&'static str>,
    pub runs: usize,
    pub offset_ms: Option<f64>,
    pub offset_low_ms: f64,
    pub offset_high_ms: f64,
    pub is_ambiguous: bool,
    pub step_w: Option<f64>,
    pub explained_pct: Option<f64>,
    pub averaging_ms: Option<f64>,
    pub averaging_from: Option<&'static str>,
}
