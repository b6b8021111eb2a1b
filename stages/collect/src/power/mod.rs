//! Power sources: what a sensor is, what a reading is, and the registry.
//!
//! A new source is a file here that has a `Config` with [`Settings`] and a [`Source`], and its line in [`sources!`] (and, as
//! every Rust file, its `mod` line).

mod cpu_model;
mod external;
mod hwmon;
pub mod nvml;
pub mod plausible;
mod power_supply;
mod rapl;
mod reader;
mod replay;
pub mod sampler;
pub mod sysfs;

use crate::peer;
use schemas::config::{Fault, outside};
pub use sensor::{Kind, Scope, averaging};
use serde::{Deserialize, Serialize};
use std::{sync::mpsc::channel, time::Duration};

/// Writes [`Config`] and what is asked of every source's table from the list of sources.
macro_rules! sources {
    ($($variant:ident($module:ident) = $name:tt),+ $(,)?) => {
        /// `[[collect.power]]`: one source, how often it is read, and whether its absence is a refusal.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "source")]
        pub enum Config {
            $(#[serde(rename = $name)] $variant($module::Config)),+
        }

        impl Config {
            /// Every source that there is.
            #[cfg(test)]
            pub const NAMES: &[&str] = &[$($name),+];

            pub fn name(&self) -> &'static str {
                match self { $(Config::$variant(_) => $name),+ }
            }

            pub fn sample_hz(&self) -> f64 {
                match self { $(Config::$variant(c) => c.sample_hz),+ }
            }

            /// The same source, read at another rate.
            pub fn at(&self, hz: Option<f64>) -> Self {
                let mut other = self.clone();
                match &mut other { $(Config::$variant(c) => c.sample_hz = hz.unwrap_or(c.sample_hz)),+ }
                other
            }

            fn settings(&self) -> &dyn Settings {
                match self { $(Config::$variant(c) => c),+ }
            }
        }
    };
}
sources! {
    Rapl(rapl) = "rapl",
    Nvml(nvml) = "nvml",
    Hwmon(hwmon) = "hwmon",
    PowerSupply(power_supply) = "power-supply",
    External(external) = "external",
    Replay(replay) = "replay",
    CpuModel(cpu_model) = "cpu-model",
}

/// What a source's table in pipeline.toml can do.
pub trait Settings {
    /// Opens the source; the error says why it is not there and what would help.
    fn open(&self) -> Result<Box<dyn Source>, String>;
    /// Whether its absence is a refusal.
    fn required(&self) -> bool {
        true
    }
    /// What no type can say. The first fault is described.
    fn fault(&self) -> Option<Fault> {
        None
    }
}

/// One sensor in one way of reading it; fixed when its source is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    pub device_id: String,
    pub kind: Kind,
    pub scope: Scope,
    /// What must be known before its readings are used.
    pub label: Option<String>,
    /// Time over which the sensor itself averages.
    pub averaging_ms: Option<f64>,
    /// Whether that is assumed, since no document names the board.
    pub is_averaging_assumed: bool,
    /// Error of a reading of power that its maker or the user states: a constant part, and one in per cent of the reading.
    pub error_w: Option<f64>,
    pub error_pct: Option<f64>,
}

impl Sensor {
    fn new(device_id: &str, kind: Kind, scope: Scope) -> Self {
        Sensor {
            device_id: peer::words(device_id),
            kind,
            scope,
            label: None,
            averaging_ms: None,
            is_averaging_assumed: false,
            error_w: None,
            error_pct: None,
        }
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
    fn power(&mut self, sensor: usize, power_w: f64) {
        self.values(sensor, Values { power_w: Some(power_w), ..Values::default() });
    }

    fn values(&mut self, sensor: usize, values: Values) {
        self.readings.push(Reading { sensor, utc_ns: None, values });
    }

    fn fail(&mut self, sensor: usize, why: String) {
        self.failures.push((sensor, why));
    }

    /// Readings with a fault become failures.
    fn refuse(&mut self, fault: &mut dyn FnMut(&Reading) -> Option<String>) {
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
    /// For a source with a clock of its own: UTC up to which it has spoken. `None` where looking is reading.
    fn spoken_until(&self) -> Option<i64> {
        None
    }
}

/// What opening a source and reading it once gave.
pub struct Probe {
    /// Each device with the ways of reading it.
    pub devices: Vec<String>,
    /// What of it is missing or could not be read.
    pub faults: Vec<String>,
}

/// How long a source may take to open, and to be read for the first time; NVIDIA's driver starts in ten seconds.
const OPENING: Duration = Duration::from_secs(60);

/// The result of something that may hang in a driver, in a thread of its own.
fn in_time<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (sender, done) = channel();
    std::thread::spawn(move || sender.send(what()));
    done.recv_timeout(OPENING).map_err(|_| format!("no answer within {} s", OPENING.as_secs()))
}

/// Opens a source and reads it once: its sensors, or why it cannot be read at all.
pub fn probe(config: &Config) -> Result<Probe, String> {
    let config = config.clone();
    in_time(move || {
        let mut source = config.open()?;
        let mut look = Look::default();
        source.read(&mut look);
        Ok(described(&*source, look))
    })?
}

fn described(source: &dyn Source, look: Look) -> Probe {
    let mut devices: Vec<(&str, Vec<&str>, Option<&str>)> = Vec::new();
    for sensor in source.sensors() {
        match devices.iter_mut().find(|d| d.0 == sensor.device_id) {
            Some(device) => device.1.push(sensor.kind.name()),
            None => devices.push((&sensor.device_id, vec![sensor.kind.name()], sensor.label.as_deref())),
        }
    }
    let said = |(id, kinds, label): (&str, Vec<&str>, Option<&str>)| {
        let label = label.map(|l| format!("; {l}")).unwrap_or_default();
        format!("{id} ({}{label})", kinds.join(", "))
    };
    let mut faults = source.unavailable();
    faults.extend(look.failures.into_iter().map(|(_, why)| why));
    if look.readings.is_empty() && faults.is_empty() {
        faults.push("no reading at this moment".into());
    }
    Probe { devices: devices.into_iter().map(said).collect(), faults }
}

impl Config {
    pub fn open(&self) -> Result<Box<dyn Source>, String> {
        self.settings().open()
    }

    pub fn required(&self) -> bool {
        self.settings().required()
    }

    pub fn fault(&self) -> Option<Fault> {
        // A reading every quarter of an hour is the rarest that brackets a window of any use.
        outside("sample_hz", self.sample_hz(), 0.001..=1000.0).or_else(|| self.settings().fault())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_scopes_are_those_of_the_contract() {
        assert_eq!(Kind::ALL.map(Kind::name).as_slice(), schemas::tables::power_sample::KINDS);
        for kind in Kind::ALL {
            assert_eq!(serde_json::from_value::<Kind>(kind.name().into()).unwrap(), kind);
        }
        for scope in schemas::tables::SCOPES {
            assert_eq!(serde_json::from_value::<Scope>((*scope).into()).unwrap().name(), *scope);
        }
    }

    #[test]
    fn readme_and_defaults_name_every_source() {
        let readme = include_str!("../../../../README.md");
        let defaults = include_str!("../../../../schemas/defaults.toml");
        for name in Config::NAMES {
            assert!(readme.contains(&format!("\n| {name} |")), "README has no row for {name}");
            assert!(defaults.contains(&format!("source = \"{name}\"")), "defaults.toml shows no {name}");
        }
    }
}
