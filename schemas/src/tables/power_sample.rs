//! One reading of one sensor.

use crate::{Contract, column::*, tables::SCOPES};

/// `counter`: cumulative energy. `instant`: power now. `average`: power over a sensor-defined past, read as power now.
/// `interval_mean`: mean power since the sensor's previous reading. `model`: like interval_mean, computed and not measured.
pub const KINDS: &[&str] = &["counter", "instant", "average", "interval_mean", "model"];

pub const POWER_SAMPLE: Contract = Contract {
    name: "power_sample",
    version: 2,
    stage: "collect",
    grain: "One reading of one sensor.",
    key: &["session_id", "device_id", "kind", "t_ns"],
    columns: &[
        text("session_id", "Session"),
        text("device_id", "Sensor: source and its own name for the device"),
        choice("kind", KINDS, "How to read `power_w` and `energy_j`"),
        int("t_ns", "Instant of the reading"),
        choice("scope", SCOPES, "What the sensor covers"),
        float("power_w", "Power").or_null("for counters and failed readings"),
        float("energy_j", "Cumulative energy since an arbitrary origin").or_null("unless `kind` is counter"),
        float("energy_range_j", "Value at which the counter wraps to zero")
            .at_least(0.0)
            .or_null("when it does not wrap or is unknown"),
        float("temperature_c", "Temperature").or_null("when the sensor has none"),
        float("memory_mb", "Device memory in use, MiB").at_least(0.0).or_null("when the sensor has none"),
        float("utilisation_pct", "Share of time busy").at_least(0.0).or_null("when the sensor has none"),
        float("clock_mhz", "Clock").at_least(0.0).or_null("when the sensor has none"),
        float("power_limit_w", "Power limit that the driver enforces")
            .at_least(0.0)
            .or_null("when the sensor has none"),
        boolean("throttled", "Clock held down by heat or a power limit").or_null("when the sensor does not say"),
    ],
};
