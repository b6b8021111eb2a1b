//! An NVIDIA GPU and its readings, taken as fast as they can be: the sampler of a session reads more, and seldom.

use super::updates::Reading as Value;
use crate::power::nvml::{fields, offered, open_driver, said, uuids};
use nvml_wrapper::{
    Device,
    error::NvmlError,
    structs::device::FieldId,
    sys_exports::field_id::{NVML_FI_DEV_POWER_AVERAGE, NVML_FI_DEV_POWER_INSTANT},
};
use protocol::monotonic_ns;
use sensor::averaging::{Averaging, Reading, averaging};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Time between two readings: a twelfth of the shortest window that is known, V100's aside.
const EVERY: Duration = Duration::from_millis(2);

/// What is read, by NVML's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Power(Reading),
    Counter,
}

impl Way {
    pub const ALL: [Way; 4] =
        [Way::Power(Reading::Instant), Way::Power(Reading::Average), Way::Power(Reading::Usage), Way::Counter];

    pub fn name(self) -> &'static str {
        match self {
            Way::Power(Reading::Instant) => "NVML_FI_DEV_POWER_INSTANT",
            Way::Power(Reading::Average) => "NVML_FI_DEV_POWER_AVERAGE",
            Way::Power(Reading::Usage) => "nvmlDeviceGetPowerUsage",
            Way::Counter => "nvmlDeviceGetTotalEnergyConsumption",
        }
    }

    /// W, or J of the counter.
    fn read(self, device: &Device) -> Result<f64, NvmlError> {
        let field = |id| fields(device, &[FieldId(id)])?.pop().unwrap_or(Err(NvmlError::NotSupported));
        match self {
            Way::Power(Reading::Instant) => field(NVML_FI_DEV_POWER_INSTANT),
            Way::Power(Reading::Average) => field(NVML_FI_DEV_POWER_AVERAGE),
            Way::Power(Reading::Usage) => device.power_usage().map(|mw| f64::from(mw) / 1e3),
            Way::Counter => device.total_energy_consumption().map(|mj| mj as f64 / 1e3),
        }
    }
}

/// The GPU that is checked.
pub struct Gpu {
    device: Arc<Device<'static>>,
    pub name: String,
    pub uuid: String,
    pub driver: String,
    pub capability: Option<(i32, i32)>,
    pub limit_w: Option<f64>,
    /// What it offers.
    pub ways: Vec<Way>,
}

/// Readings of one way, and what they took.
pub struct Series {
    pub way: Way,
    /// Seconds of CLOCK_MONOTONIC, and W or J.
    pub values: Vec<Value>,
    /// Median time of one call.
    pub call_us: f64,
    pub errors: u64,
    pub last_error: Option<String>,
}

impl Gpu {
    /// The only GPU, or that which `visible` (CUDA_VISIBLE_DEVICES) names by its UUID: CUDA and NVML count in different orders.
    pub fn open(library: &Path, visible: Option<&str>) -> Result<Self, String> {
        let (nvml, count, driver) = open_driver(library)?;
        let all = || uuids(nvml, count);
        let device = match visible {
            Some(uuid) if uuid.starts_with("GPU-") => nvml.device_by_uuid(uuid).map_err(|e| match e {
                NvmlError::NotFound | NvmlError::InvalidArg => {
                    format!("no such GPU, CUDA_VISIBLE_DEVICES={uuid}, there are: {}", all())
                }
                e => said(&e),
            })?,
            _ if count == 1 => nvml.device_by_index(0).map_err(|e| said(&e))?,
            _ => {
                return Err(format!(
                    "which GPU is not said, {count} are here, set CUDA_VISIBLE_DEVICES to one of: {}",
                    all()
                ));
            }
        };
        Gpu::of(device, driver).map_err(|e| said(&e))?.with_ways()
    }

    fn of(device: Device<'static>, driver: String) -> Result<Self, NvmlError> {
        Ok(Gpu {
            name: device.name()?,
            uuid: device.uuid()?,
            driver,
            capability: offered(device.cuda_compute_capability())?.map(|c| (c.major, c.minor)),
            limit_w: offered(device.enforced_power_limit())?.map(|mw| f64::from(mw) / 1e3),
            ways: Vec::new(),
            device: Arc::new(device),
        })
    }

    fn with_ways(mut self) -> Result<Self, String> {
        for way in Way::ALL {
            if offered(way.read(&self.device)).map_err(|e| format!("{}: {}", way.name(), said(&e)))?.is_some() {
                self.ways.push(way);
            }
        }
        match self.ways.is_empty() {
            true => Err(format!("neither energy nor power is supported, \"{}\"", self.name)),
            false => Ok(self),
        }
    }

    /// Whether this is the stub that tests have instead of a driver: its findings are not a GPU's.
    pub fn is_stub(&self) -> bool {
        self.name.to_ascii_lowercase().starts_with("stub")
    }

    /// What is known of a reading without measuring.
    pub fn said(&self, reading: Reading) -> Averaging {
        averaging(reading, self.capability, &self.name, &self.driver)
    }

    /// Reads every way in a thread of its own until what this gives is called: a counter may take longer than a power is new for.
    pub fn watch(&self) -> impl FnOnce() -> Result<Vec<Series>, String> + use<> {
        let stop = Arc::new(AtomicBool::default());
        let read_until = |way: &Way| {
            let (way, stop, device) = (*way, stop.clone(), self.device.clone());
            std::thread::spawn(move || read(way, &device, &stop))
        };
        let threads: Vec<JoinHandle<Series>> = self.ways.iter().map(read_until).collect();
        move || {
            stop.store(true, Ordering::Relaxed);
            threads.into_iter().map(|t| t.join().map_err(|_| "a reading thread panicked".to_string())).collect()
        }
    }
}

fn read(way: Way, device: &Device, stop: &AtomicBool) -> Series {
    let mut series = Series { way, values: Vec::new(), call_us: f64::NAN, errors: 0, last_error: None };
    let (mut took_us, mut deadline) = (Vec::new(), Instant::now());
    while !stop.load(Ordering::Relaxed) {
        let before = monotonic_ns();
        let value = way.read(device);
        let after = monotonic_ns();
        took_us.push((after - before) as f64 / 1e3);
        match value {
            Ok(value) => series.values.push((seconds(before + (after - before) / 2), value)),
            Err(e) => {
                series.errors += 1;
                series.last_error = Some(said(&e));
            }
        }
        deadline = (deadline + EVERY).max(Instant::now());
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
    }
    took_us.sort_unstable_by(f64::total_cmp);
    series.call_us = took_us.get(took_us.len() / 2).copied().unwrap_or(f64::NAN);
    series
}

pub fn seconds(monotonic_ns: i64) -> f64 {
    monotonic_ns as f64 / 1e9
}
