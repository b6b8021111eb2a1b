//! Power sources. A new one is a file here and a line in [`Config`] and [`open`].

mod cpu_model;
mod nvml;
mod rapl;
mod replay;
pub mod sampler;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[[collect.power]]`: one source, how often it is read, and whether its absence is a refusal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Config {
    Rapl { root: PathBuf, sample_hz: f64, required: bool },
    Nvml { library: PathBuf, sample_hz: f64, required: bool },
    Replay { file: PathBuf, sample_hz: f64, required: bool },
    CpuModel { idle_w: f64, full_w: f64, sample_hz: f64 },
}

impl Config {
    pub fn name(&self) -> &'static str {
        match self {
            Config::Rapl { .. } => "rapl",
            Config::Nvml { .. } => "nvml",
            Config::Replay { .. } => "replay",
            Config::CpuModel { .. } => "cpu-model",
        }
    }

    pub fn sample_hz(&self) -> f64 {
        match self {
            Config::Rapl { sample_hz, .. }
            | Config::Nvml { sample_hz, .. }
            | Config::Replay { sample_hz, .. }
            | Config::CpuModel { sample_hz, .. } => *sample_hz,
        }
    }

    /// The same source, read at another rate.
    pub fn at(&self, hz: Option<f64>) -> Self {
        let mut other = self.clone();
        match &mut other {
            Config::Rapl { sample_hz, .. }
            | Config::Nvml { sample_hz, .. }
            | Config::Replay { sample_hz, .. }
            | Config::CpuModel { sample_hz, .. } => *sample_hz = hz.unwrap_or(*sample_hz),
        }
        other
    }

    pub fn required(&self) -> bool {
        match self {
            Config::Rapl { required, .. } | Config::Nvml { required, .. } | Config::Replay { required, .. } => {
                *required
            }
            Config::CpuModel { .. } => true,
        }
    }

    pub fn fault(&self) -> Option<String> {
        let hz = self.sample_hz();
        if !(hz > 0.0 && hz <= 1000.0) {
            return Some(format!("sample_hz of {} must be above 0 and at most 1000, {hz}", self.name()));
        }
        match self {
            Config::CpuModel { idle_w, full_w, .. } if !(*idle_w >= 0.0 && full_w > idle_w) => {
                Some(format!("cpu-model needs 0 <= idle_w < full_w, idle_w = {idle_w} and full_w = {full_w}"))
            }
            _ => None,
        }
    }
}

/// One reading, in the columns of `power_sample`; absent is null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub device_id: String,
    pub kind: String,
    pub scope: String,
    pub power_w: Option<f64>,
    pub energy_j: Option<f64>,
    pub energy_range_j: Option<f64>,
    pub temperature_c: Option<f64>,
    pub memory_mb: Option<f64>,
    pub utilisation_pct: Option<f64>,
    pub clock_mhz: Option<f64>,
    pub throttled: Option<bool>,
}

impl Reading {
    fn new(device_id: &str, kind: &str, scope: &str) -> Self {
        Reading { device_id: device_id.into(), kind: kind.into(), scope: scope.into(), ..Default::default() }
    }
}

/// A GPU that a source knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpu {
    pub uuid: String,
    pub name: String,
    pub driver: String,
}

/// Something that can be read for power. Nothing in a reading may block for long.
pub trait Source: Send {
    /// Sensors it reads.
    fn devices(&self) -> Vec<String>;
    fn gpus(&self) -> Vec<Gpu> {
        Vec::new()
    }
    /// Appends one reading a sensor; a sensor that failed is left out or null, and the error says which.
    fn read(&mut self, out: &mut Vec<Reading>) -> Result<(), String>;
}

/// Opens a source; the error says why it is not there and what would help.
pub fn open(config: &Config) -> Result<Box<dyn Source>, String> {
    Ok(match config {
        Config::Rapl { root, .. } => Box::new(rapl::Rapl::open(root)?),
        Config::Nvml { library, .. } => Box::new(nvml::Nvidia::open(library)?),
        Config::Replay { file, .. } => Box::new(replay::Replay::open(file)?),
        Config::CpuModel { idle_w, full_w, .. } => Box::new(cpu_model::CpuModel::open(*idle_w, *full_w)?),
    })
}

/// Opens a source and reads it once: its sensors, or why they cannot be read.
pub fn probe(config: &Config) -> Result<Vec<String>, String> {
    let mut source = open(config)?;
    source.read(&mut Vec::new())?;
    Ok(source.devices())
}
