//! Power sources: the registry, and opening them.
//!
//! A new source is a file here with a function `open` of a table that has [`Settings`] (its own `Config`, or [`Tree`]), and its line in
//! [`sources!`] (and, as every Rust file, its `mod` line).

mod cpu_model;
mod external;
mod hwmon;
pub mod nvml;
pub mod plausible;
mod polled;
mod power_supply;
mod rapl;
pub mod reader;
mod replay;
pub mod sampler;
pub mod source;
pub mod sysfs;

use schemas::config::{Fault, outside};
use serde::{Deserialize, Serialize};
use source::{Look, Settings, Source};
use std::{sync::mpsc::channel, time::Duration};
use sysfs::Tree;

/// Writes [`Config`] and what is asked of every source's table from the list of sources.
macro_rules! sources {
    ($($variant:ident($table:ty) = $name:tt: $open:path),+ $(,)?) => {
        /// `[[collect.power]]`: one source, how often it is read, and whether its absence is a refusal.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "source")]
        pub enum Config {
            $(#[serde(rename = $name)] $variant($table)),+
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

            /// Opens the source; the error says why it is not there and what would help.
            pub fn open(&self) -> Result<Box<dyn Source>, String> {
                match self { $(Config::$variant(c) => $open(c)),+ }
            }

            fn settings(&self) -> &dyn Settings {
                match self { $(Config::$variant(c) => c),+ }
            }
        }
    };
}
sources! {
    Rapl(Tree) = "rapl": rapl::open,
    Nvml(nvml::Config) = "nvml": nvml::open,
    Hwmon(Tree) = "hwmon": hwmon::open,
    PowerSupply(Tree) = "power-supply": power_supply::open,
    External(external::Config) = "external": external::open,
    Replay(replay::Config) = "replay": replay::open,
    CpuModel(cpu_model::Config) = "cpu-model": cpu_model::open,
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

/// Opens a source and reads it once: its sensors, or why it cannot be read at all. It may hang in a driver, so it has a thread of its own.
pub fn probe(config: &Config) -> Result<Probe, String> {
    let config = config.clone();
    let (sender, probed) = channel();
    std::thread::spawn(move || {
        let read = config.open().map(|mut source| {
            let mut look = Look::default();
            source.read(&mut look);
            described(&*source, look)
        });
        sender.send(read)
    });
    probed.recv_timeout(OPENING).unwrap_or_else(|_| Err(format!("no answer within {} s", OPENING.as_secs())))
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
    use sensor::{Kind, Scope};

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
        let page = include_str!("../../../../docs/measure.md");
        let defaults = include_str!("../../../../schemas/defaults.toml");
        for name in Config::NAMES {
            assert!(page.contains(&format!("\n| {name} |")), "docs/measure.md has no row for {name}");
            assert!(defaults.contains(&format!("source = \"{name}\"")), "defaults.toml shows no {name}");
        }
    }
}
