//! NVIDIA GPUs through NVML: energy counter and power, with temperature, memory, utilisation, clock and throttling.
//!
//! `nvmlDeviceGetPowerUsage` is a 1-second average on Ampere and later (except GA100) and instant before that, so its
//! kind is `average`. Untested: it has run neither on hardware nor against a stub library yet.

use super::{Gpu, Reading, Source};
use nvml_wrapper::{
    Device, Nvml,
    bitmasks::device::ThrottleReasons,
    enum_wrappers::device::{Clock, TemperatureSensor},
    error::NvmlError,
};
use std::path::Path;

pub struct Nvidia {
    nvml: Nvml,
    gpus: Vec<Gpu>,
}

impl Nvidia {
    pub fn open(library: &Path) -> Result<Self, String> {
        let nvml = Nvml::builder().lib_path(library.as_os_str()).init().map_err(|e| match e {
            NvmlError::LibloadingError(cause) => format!("{}: cannot load, {cause}", library.display()),
            other => format!("{}: {other}", library.display()),
        })?;
        let driver = nvml.sys_driver_version().map_err(|e| format!("NVIDIA driver: {e}"))?;
        let count = nvml.device_count().map_err(|e| format!("NVIDIA devices: {e}"))?;
        let gpus = (0..count)
            .map(|i| {
                let device = nvml.device_by_index(i)?;
                Ok(Gpu { uuid: device.uuid()?, name: device.name()?, driver: driver.clone() })
            })
            .collect::<Result<Vec<_>, NvmlError>>()
            .map_err(|e| format!("NVIDIA device: {e}"))?;
        match gpus.is_empty() {
            true => Err("NVIDIA driver without a GPU".into()),
            false => Ok(Nvidia { nvml, gpus }),
        }
    }
}

/// Reasons that hold the clock below what the work asks for.
fn throttled(reasons: ThrottleReasons) -> bool {
    reasons.intersects(
        ThrottleReasons::SW_POWER_CAP
            | ThrottleReasons::HW_SLOWDOWN
            | ThrottleReasons::SW_THERMAL_SLOWDOWN
            | ThrottleReasons::HW_THERMAL_SLOWDOWN
            | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
    )
}

fn read_device(device: &Device, uuid: &str, out: &mut Vec<Reading>) -> Result<(), NvmlError> {
    let id = format!("nvml:{uuid}");
    match device.total_energy_consumption() {
        Ok(mj) => out.push(Reading { energy_j: Some(mj as f64 / 1e3), ..Reading::new(&id, "counter", "gpu") }),
        Err(NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_)) => {}
        Err(e) => return Err(e),
    }
    let power_w = match device.power_usage() {
        Ok(mw) => Some(f64::from(mw) / 1e3),
        Err(NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_)) => None,
        Err(e) => return Err(e),
    };
    out.push(Reading {
        power_w,
        temperature_c: device.temperature(TemperatureSensor::Gpu).ok().map(f64::from),
        memory_mb: device.memory_info().ok().map(|m| m.used as f64 / f64::from(1 << 20)),
        utilisation_pct: device.utilization_rates().ok().map(|u| f64::from(u.gpu)),
        clock_mhz: device.clock_info(Clock::SM).ok().map(f64::from),
        throttled: device.current_throttle_reasons().ok().map(throttled),
        ..Reading::new(&id, "average", "gpu")
    });
    Ok(())
}

impl Source for Nvidia {
    fn devices(&self) -> Vec<String> {
        self.gpus.iter().map(|g| format!("nvml:{}", g.uuid)).collect()
    }

    fn gpus(&self) -> Vec<Gpu> {
        self.gpus.clone()
    }

    fn read(&mut self, out: &mut Vec<Reading>) -> Result<(), String> {
        let mut failed = None;
        for gpu in &self.gpus {
            let device = self.nvml.device_by_uuid(gpu.uuid.as_str());
            if let Err(e) = device.and_then(|d| read_device(&d, &gpu.uuid, out)) {
                failed = Some(format!("nvml:{}: {e}", gpu.uuid));
            }
        }
        failed.map_or(Ok(()), Err)
    }
}
