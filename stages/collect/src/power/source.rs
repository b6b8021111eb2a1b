//! What a power source is: its settings, its sensors, and what one look at them gives.

use protocol::peer;
use schemas::config::Fault;
use sensor::{Kind, Scope, Sensor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a source's table in pipeline.toml says beside its rate.
pub trait Settings {
    /// Whether its absence is a refusal.
    fn required(&self) -> bool {
        true
    }
    /// What no type can say. The first fault is described.
    fn fault(&self) -> Option<Fault> {
        None
    }
}

/// What one reading says, in the columns of `power_sample`; absent is null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Values {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_j: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_range_j: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilisation_pct: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_mhz: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_limit_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttled: Option<bool>,
}

impl Values {
    pub fn power(power_w: f64) -> Self {
        Values { power_w: Some(power_w), ..Values::default() }
    }
}

/// A row of `power_sample`, as it stands in the journal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sample<'a> {
    pub session_id: Cow<'a, str>,
    pub device_id: Cow<'a, str>,
    pub kind: Kind,
    pub scope: Scope,
    pub t_ns: i64,
    #[serde(flatten)]
    pub values: Values,
}

/// A sensor; its name may come from others, so it is bounded and without what a terminal would obey.
pub fn new_sensor(device_id: &str, kind: Kind, scope: Scope) -> Sensor {
    Sensor::new(peer::words(device_id), kind, scope)
}

/// A reading: place of its sensor in [`Source::sensors`], and its instant where the source has a clock of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub sensor: usize,
    pub utc_ns: Option<i64>,
    pub values: Values,
}

/// What one look at a source gave. A sensor that could not be read has a failure and no reading.
#[derive(Debug, Default)]
pub struct Look {
    pub readings: Vec<Reading>,
    pub failures: Vec<(usize, String)>,
}

impl Look {
    pub fn power(&mut self, sensor: usize, power_w: f64) {
        self.values(sensor, Values::power(power_w));
    }

    pub fn values(&mut self, sensor: usize, values: Values) {
        self.readings.push(Reading { sensor, utc_ns: None, values });
    }

    pub fn fail(&mut self, sensor: usize, why: String) {
        self.failures.push((sensor, why));
    }

    /// Readings with a fault become failures.
    pub fn refuse(&mut self, fault: &mut dyn FnMut(&Reading) -> Option<String>) {
        let failures = &mut self.failures;
        self.readings.retain(|reading| match fault(reading) {
            Some(why) => {
                failures.push((reading.sensor, why));
                false
            }
            None => true,
        });
    }

    pub fn clear(&mut self) {
        self.readings.clear();
        self.failures.clear();
    }
}

/// A GPU that a source knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpu {
    pub uuid: String,
    pub name: String,
    pub driver: String,
}

/// Something that can be read for power. A read must not wait for anything but the sensor itself.
pub trait Source: Send {
    /// Its sensors; the list does not change.
    fn sensors(&self) -> &[Sensor];
    fn gpus(&self) -> Vec<Gpu> {
        Vec::new()
    }
    /// Devices that should be there and could not be opened, each with its reason.
    fn unavailable(&self) -> Vec<String> {
        Vec::new()
    }
    /// Reads every sensor once.
    fn read(&mut self, look: &mut Look);
    /// The UTC time (ns) of the newest reading, for a source that stamps its readings. `None`: a read is a reading.
    fn spoken_until(&self) -> Option<i64> {
        None
    }
}
