//! One reading of one sensor.

use crate::{column::*, tables::SCOPES};

/// `counter`: cumulative energy. `instant`: power now. `average`: power over a sensor-defined past, read as power now.
/// `interval_mean`: mean power since the sensor's previous reading. `model`: like interval_mean, computed and not measured.
pub const KINDS: &[&str] = &["counter", "instant", "average", "interval_mean", "model"];

crate::table! {
    POWER_SAMPLE: "power_sample", version 2, written by "collect";
    grain: "One reading of one sensor.";
    key: &["session_id", "device_id", "kind", "t_ns"];
    session_id: text("Session"),
    device_id: text("Sensor: source and its own name for the device"),
    kind: choice(KINDS, "How to read `power_w` and `energy_j`"),
    t_ns: int("Instant of the reading"),
    scope: choice(SCOPES, "What the sensor covers"),
    power_w: float("Power").or_null("for counters and failed readings"),
    energy_j: float("Cumulative energy since an arbitrary origin").or_null("unless `kind` is counter"),
    energy_range_j: float("Value at which the counter wraps to zero")
        .at_least(0.0)
        .or_null("when it does not wrap or is unknown"),
    temperature_c: float("Temperature").or_null("when the sensor has none"),
    memory_mb: float("Device memory in use, MiB").at_least(0.0).or_null("when the sensor has none"),
    utilisation_pct: float("Share of time busy").at_least(0.0).or_null("when the sensor has none"),
    clock_mhz: float("Clock").at_least(0.0).or_null("when the sensor has none"),
    power_limit_w: float("Power limit that the driver enforces").at_least(0.0).or_null("when the sensor has none"),
    throttled: boolean("Clock held down by heat or a power limit").or_null("when the sensor does not say"),
}
