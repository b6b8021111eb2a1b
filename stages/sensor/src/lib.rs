//! What is known of sensors and of their readings, whoever took them: `collect` as it samples, `import` from other programs' logs.

pub mod averaging;
pub mod rows;
pub mod updates;

use serde::{Deserialize, Serialize};

/// How readings are to be taken; the words are those of `power_sample.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Counter,
    Instant,
    Average,
    IntervalMean,
    Model,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Counter, Kind::Instant, Kind::Average, Kind::IntervalMean, Kind::Model];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Instant => "instant",
            Kind::Average => "average",
            Kind::IntervalMean => "interval_mean",
            Kind::Model => "model",
        }
    }

    /// Whether each reading is new because reading makes it: it says nothing about a sensor's own period.
    pub fn made_by_reading(self) -> bool {
        matches!(self, Kind::IntervalMean | Kind::Model)
    }
}

/// What a sensor covers; the words are those of `power_sample.scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Gpu,
    CpuPackage,
    Dram,
    Node,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Scope::Gpu => "gpu",
            Scope::CpuPackage => "cpu_package",
            Scope::Dram => "dram",
            Scope::Node => "node",
        }
    }
}

/// Smallest power of something that draws any, and largest, W: several times over the largest machines of 2026 (a board of 2.7 kW, a socket
/// of 0.5 kW, a node of 20 kW) and under the smallest.
pub fn bounds_w(scope: Scope) -> (f64, f64) {
    match scope {
        Scope::Gpu => (1.0, 10e3),
        Scope::CpuPackage => (0.0, 4e3),
        Scope::Dram => (0.0, 2e3),
        Scope::Node => (0.3, 100e3),
    }
}

/// One sensor in one way of reading it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    pub fn new(device_id: impl Into<String>, kind: Kind, scope: Scope) -> Self {
        Sensor {
            device_id: device_id.into(),
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

/// What is known of a sensor and does not follow from its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub session_id: String,
    #[serde(flatten)]
    pub sensor: Sensor,
    pub source: String,
    pub missed: u64,
    pub errors: u64,
    pub last_error: Option<String>,
    pub cost_pct: f64,
}
