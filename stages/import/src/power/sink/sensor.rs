//! A sensor in one way of reading it, as far as a log names it.

use super::totals::Totals;
use sensor::{Kind, Scope, averaging::Reading};

/// A GPU as the log names it; `--gpus` chooses by either.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gpu {
    pub index: Option<String>,
    pub uuid: Option<String>,
}

/// A sensor in one way of reading it.
#[derive(Debug, Clone)]
pub struct Sensor {
    pub device_id: String,
    pub kind: Kind,
    pub scope: Scope,
    /// What must be known before its readings are used.
    pub label: Option<String>,
    pub averaging_ms: Option<f64>,
    /// Which of the powers of an NVIDIA board it is, of what board and by what driver, as far as the log names them.
    pub reading: Option<Reading>,
    pub board: String,
    pub driver: String,
    /// Energies of windows that the measured program itself began and ended: no step, and the clock of the runs.
    pub is_exact: bool,
    /// Energy at which a counter wraps.
    pub range_j: Option<f64>,
    pub gpu: Option<Gpu>,
    /// What is known of its energies, if it counts any.
    pub totals: Totals,
    /// Neither the log nor the format says the unit.
    pub is_unitless: bool,
    /// Several readings of one instant are what the tool writes.
    pub blend: Blend,
    /// A part of a chip that is switched off while idle: 0 W, and steps by a factor of a thousand, are its load.
    pub sleeps: bool,
}

/// What several unlike readings of one instant are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blend {
    /// A question.
    #[default]
    Ask,
    /// Now and then the tool's own, since it writes whole seconds.
    Seldom,
    /// One sensor, of which the mean counts.
    Mean,
}

impl Sensor {
    pub fn new(device_id: impl Into<String>, kind: Kind, scope: Scope) -> Self {
        let device_id = device_id.into();
        Sensor {
            device_id,
            kind,
            scope,
            label: None,
            averaging_ms: None,
            reading: None,
            board: String::new(),
            driver: String::new(),
            is_exact: false,
            range_j: None,
            gpu: None,
            totals: Totals::Stated,
            is_unitless: false,
            blend: Blend::Ask,
            sleeps: false,
        }
    }

    pub fn label(self, label: impl Into<String>) -> Self {
        Sensor { label: Some(label.into()), ..self }
    }

    pub fn gpu(self, gpu: Gpu) -> Self {
        Sensor { gpu: Some(gpu), ..self }
    }

    /// A power of an NVIDIA board.
    pub fn nvidia(self, reading: Reading, board: &str) -> Self {
        Sensor { reading: Some(reading), board: board.into(), ..self }
    }
}
