//! NVIDIA GPUs through NVML (NVML API Reference, Device Queries and Field Value Enums). Tested through a stub of the
//! library, not on hardware.
//!
//! | kind | from |
//! |---|---|
//! | counter | `nvmlDeviceGetTotalEnergyConsumption`, mJ since the driver was loaded (Volta and later) |
//! | instant | field 186, `NVML_FI_DEV_POWER_INSTANT`; without it `nvmlDeviceGetPowerUsage` on GA100 and before Ampere |
//! | average | field 185, `NVML_FI_DEV_POWER_AVERAGE`: the mean of 1 s; without it `nvmlDeviceGetPowerUsage` from Ampere on |
//!
//! What each of them is a mean over, also the "instant" one, is in [`sensor::averaging`]. Temperature, memory, utilisation,
//! SM clock, throttling and the enforced power limit stand with the last of these kinds. What a device offers is found out
//! once, when it is opened.
//!
//! Power of a MIG instance cannot be measured: its GPU is sampled instead, and the sensor is labelled so.

use super::source::{Gpu, Look, Settings, Source, Values, new_sensor};
use nvml_wrapper::{
    Device, Nvml,
    bitmasks::device::ThrottleReasons,
    enum_wrappers::device::{Clock, TemperatureSensor},
    enums::device::SampleValue,
    error::NvmlError,
    structs::device::FieldId,
    sys_exports::field_id::{NVML_FI_DEV_POWER_AVERAGE, NVML_FI_DEV_POWER_INSTANT},
};
use sensor::{
    Kind, Scope, Sensor,
    averaging::{Averaging, Known, Reading, averaging},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A power that is a mean over this long is not the power of an instant.
const SECOND_MS: f64 = 1000.0;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub library: PathBuf,
    /// UUIDs; empty: all that there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    pub sample_hz: f64,
    pub required: bool,
}

/// A device and what it offers; numbers are places of its sensors.
struct Card {
    device: Device<'static>,
    id: String,
    sensors: std::ops::Range<usize>,
    counter: Option<usize>,
    fields: Vec<(FieldId, usize)>,
    usage: Option<usize>,
    /// Those that the device has.
    extras: Vec<Extra>,
}

type Extra = fn(&Device, &mut Values) -> Result<(), NvmlError>;

/// What stands beside power.
const EXTRAS: [Extra; 6] = [
    |device, v| device.temperature(TemperatureSensor::Gpu).map(|t| v.temperature_c = Some(t.into())),
    |device, v| device.memory_info().map(|m| v.memory_mb = Some(m.used as f64 / f64::from(1 << 20))),
    |device, v| device.utilization_rates().map(|u| v.utilisation_pct = Some(u.gpu.into())),
    |device, v| device.clock_info(Clock::SM).map(|mhz| v.clock_mhz = Some(mhz.into())),
    |device, v| device.current_throttle_reasons().map(|reasons| v.throttled = Some(throttled(reasons))),
    |device, v| device.enforced_power_limit().map(|mw| v.power_limit_w = Some(f64::from(mw) / 1e3)),
];

#[derive(Default)]
struct Nvidia {
    sensors: Vec<Sensor>,
    cards: Vec<Card>,
    gpus: Vec<Gpu>,
    unavailable: Vec<String>,
}

impl Settings for Config {
    fn required(&self) -> bool {
        self.required
    }
}

pub fn open(config: &Config) -> Result<Box<dyn Source>, String> {
    let (nvml, count, driver) = open_driver(&config.library)?;
    let mut found = Nvidia::default();
    for (device, instance) in devices(nvml, count, &config.devices, &mut found.unavailable)? {
        let uuid = device.uuid();
        let name = uuid.as_ref().map_or("a device", String::as_str).to_string();
        if let Err(e) = uuid.and_then(|uuid| found.add(device, &uuid, instance, &driver)) {
            found.unavailable.push(format!("{name}: {}", said(&e)));
        }
    }
    match found.sensors.is_empty() {
        true => Err(found.unavailable.join("; ")),
        false => Ok(Box::new(found)),
    }
}

/// The library, its number of GPUs and the version of the driver.
pub fn open_driver(library: &Path) -> Result<(&'static Nvml, u32, String), String> {
    let nvml = load(library)?;
    let count = nvml.device_count().map_err(|e| said(&e))?;
    if count == 0 {
        return Err("driver without a GPU, 0 devices, see `nvidia-smi -L`".into());
    }
    let driver = nvml.sys_driver_version().map_err(|e| said(&e))?;
    // A device borrows the library; both live as long as the process, which ends the driver's session by ending.
    Ok((Box::leak(Box::new(nvml)), count, driver))
}

/// UUIDs of all GPUs, for a message.
pub fn uuids(nvml: &Nvml, count: u32) -> String {
    let uuids = (0..count).filter_map(|i| nvml.device_by_index(i).ok()?.uuid().ok());
    uuids.collect::<Vec<_>>().join(", ")
}

fn load(library: &Path) -> Result<Nvml, String> {
    Nvml::builder().lib_path(library.as_os_str()).init().map_err(|e| match e {
        NvmlError::LibloadingError(cause) => {
            format!("{}: cannot load, {cause}, install the NVIDIA driver or correct `library`", library.display())
        }
        NvmlError::FailedToLoadSymbol(_) => format!("{}: not NVML, correct `library`", library.display()),
        NvmlError::DriverNotLoaded => {
            format!("{}: driver not loaded, run `sudo modprobe nvidia` and see `dmesg`", library.display())
        }
        other => format!("{}: {other}", library.display()),
    })
}

/// An error with what to do about it, where something can be done.
pub fn said(error: &NvmlError) -> String {
    match error {
        NvmlError::GpuLost => "GPU lost: it fell off the bus, see `dmesg` and restart the machine".into(),
        NvmlError::ResetRequired => "GPU needs a reset, run `sudo nvidia-smi --gpu-reset`".into(),
        NvmlError::NoPermission => "no permission, add yourself to the group of /dev/nvidia*".into(),
        other => other.to_string(),
    }
}

/// Whether a device answers nothing any more.
fn lost(error: &NvmlError) -> bool {
    matches!(error, NvmlError::GpuLost | NvmlError::ResetRequired)
}

/// The devices that were asked for, each once, and whether it was named by an instance.
fn devices(
    nvml: &'static Nvml,
    count: u32,
    asked: &[String],
    unavailable: &mut Vec<String>,
) -> Result<Vec<(Device<'static>, bool)>, String> {
    let mut found: Vec<(Device<'static>, bool)> = Vec::new();
    if asked.is_empty() {
        for index in 0..count {
            match nvml.device_by_index(index) {
                Ok(device) => found.push((device, false)),
                Err(e) => unavailable.push(format!("device {index}: {}", said(&e))),
            }
        }
        return Ok(found);
    }
    let mut seen: Vec<String> = Vec::new();
    for name in asked {
        let instance = name.starts_with("MIG-");
        let device = nvml.device_by_uuid(name.as_str());
        let device = if instance { device.and_then(|d| d.mig_parent_device()) } else { device };
        match device.and_then(|d| d.uuid().map(|uuid| (d, uuid))) {
            Ok((_, uuid)) if seen.contains(&uuid) => {}
            Ok((device, uuid)) => {
                found.push((device, instance));
                seen.push(uuid);
            }
            Err(NvmlError::NotFound | NvmlError::InvalidArg) => {
                let all = uuids(nvml, count);
                return Err(format!("no such device, \"{name}\", correct `devices`; there are: {all}"));
            }
            Err(e) => unavailable.push(format!("{name}: {}", said(&e))),
        }
    }
    Ok(found)
}

/// The value of a feature, `None` where the device or the driver has no such feature.
pub fn offered<T>(answer: Result<T, NvmlError>) -> Result<Option<T>, NvmlError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_) | NvmlError::FunctionNotFound) => Ok(None),
        // What a driver says of a field that it is too old to know.
        Err(NvmlError::InvalidArg | NvmlError::UnexpectedVariant(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Watts of power fields, in the order asked.
pub fn fields(device: &Device, ids: &[FieldId]) -> Result<Vec<Result<f64, NvmlError>>, NvmlError> {
    let milliwatts = |value| match value {
        SampleValue::F64(v) => v,
        SampleValue::U32(v) => f64::from(v),
        SampleValue::U64(v) => v as f64,
        SampleValue::I64(v) => v as f64,
    };
    let samples = device.field_values_for(ids)?;
    Ok(samples.into_iter().map(|sample| Ok(milliwatts(sample?.value?) / 1e3)).collect())
}

impl Nvidia {
    /// Finds out what a device offers.
    fn add(&mut self, device: Device<'static>, uuid: &str, instance: bool, driver: &str) -> Result<(), NvmlError> {
        let id = format!("nvml:{uuid}");
        let divided = instance || offered(device.mig_mode())?.is_some_and(|mode| mode.current == 1);
        let label = divided.then(|| "parent of MIG instances".to_string());
        let first = self.sensors.len();
        let name = device.name()?;
        let capability = offered(device.cuda_compute_capability())?.map(|c| (c.major, c.minor));
        let averaged = |reading| averaging(reading, capability, &name, driver);
        let mut sensors = Vec::new();
        let mut new = |kind, over: Option<Averaging>| {
            let averaging_ms = over.map(|over| over.window_ms);
            let assumed = over.filter(|over| over.known == Known::Assumed);
            let is_averaging_assumed = assumed.is_some();
            let assumed = assumed.map(|over| format!("mean over {} ms, which is assumed", over.window_ms));
            let label = [label.clone(), assumed].into_iter().flatten().reduce(|a, b| format!("{a}; {b}"));
            sensors.push(Sensor { label, averaging_ms, is_averaging_assumed, ..new_sensor(&id, kind, Scope::Gpu) });
            first + sensors.len() - 1
        };
        let counter = offered(device.total_energy_consumption())?.map(|_| new(Kind::Counter, None));
        let wanted = [
            (NVML_FI_DEV_POWER_INSTANT, Kind::Instant, Reading::Instant),
            (NVML_FI_DEV_POWER_AVERAGE, Kind::Average, Reading::Average),
        ];
        let answers = offered(fields(&device, &wanted.map(|(id, ..)| FieldId(id))))?.unwrap_or_default();
        let (mut known, mut has) = (Vec::new(), Vec::new());
        for ((field, kind, reading), answer) in wanted.into_iter().zip(answers) {
            if offered(answer)?.is_some() {
                known.push((FieldId(field), new(kind, Some(averaged(reading)))));
                has.push(kind);
            }
        }
        let over = averaged(Reading::Usage);
        let kind = if over.window_ms >= SECOND_MS { Kind::Average } else { Kind::Instant };
        let usage = match has.contains(&kind) {
            true => None,
            false => offered(device.power_usage())?.map(|_| new(kind, Some(over))),
        };
        let mut extras = Vec::new();
        for extra in EXTRAS {
            extras.extend(offered(extra(&device, &mut Values::default()))?.map(|()| extra));
        }
        if sensors.is_empty() {
            self.unavailable.push(format!("{uuid}: neither energy nor power is supported, \"{name}\""));
            return Ok(());
        }
        self.gpus.push(Gpu { uuid: uuid.into(), name, driver: driver.into() });
        self.cards.push(Card {
            device,
            id,
            sensors: first..first + sensors.len(),
            counter,
            fields: known,
            usage,
            extras,
        });
        self.sensors.extend(sensors);
        Ok(())
    }
}

impl Card {
    /// Powers first, so that they lie close together. A lost device ends the look at it, and all that is missing fails.
    fn read(&self, look: &mut Look) {
        let from = look.readings.len();
        let failed = look.failures.len();
        if let Err(e) = self.powers(look).and_then(|()| self.extras(look, from)) {
            let done = |s: &usize| {
                look.readings[from..].iter().any(|r| r.sensor == *s)
                    || look.failures[failed..].iter().any(|f| f.0 == *s)
            };
            let missing: Vec<usize> = self.sensors.clone().filter(|s| !done(s)).collect();
            // Lost between its power and the rest: one of its sensors has to say so.
            let missing = if missing.is_empty() { vec![self.sensors.start] } else { missing };
            missing.into_iter().for_each(|s| look.fail(s, self.said(&e)));
        }
    }

    fn powers(&self, look: &mut Look) -> Result<(), NvmlError> {
        if let Some(sensor) = self.counter {
            let joules = self.known(sensor, self.device.total_energy_consumption(), look)?.map(|mj| mj as f64 / 1e3);
            if joules.is_some() {
                look.values(sensor, Values { energy_j: joules, ..Values::default() });
            }
        }
        if !self.fields.is_empty() {
            let ids: [FieldId; 2] = std::array::from_fn(|i| self.fields[i.min(self.fields.len() - 1)].0.clone());
            match fields(&self.device, &ids[..self.fields.len()]) {
                Ok(answers) => {
                    for ((_, sensor), answer) in self.fields.iter().zip(answers) {
                        if let Some(watts) = self.known(*sensor, answer, look)? {
                            look.power(*sensor, watts);
                        }
                    }
                }
                Err(e) if lost(&e) => return Err(e),
                Err(e) => self.fields.iter().for_each(|(_, sensor)| look.fail(*sensor, self.said(&e))),
            }
        }
        if let Some(sensor) = self.usage
            && let Some(milliwatts) = self.known(sensor, self.device.power_usage(), look)?
        {
            look.power(sensor, f64::from(milliwatts) / 1e3);
        }
        Ok(())
    }

    fn extras(&self, look: &mut Look, from: usize) -> Result<(), NvmlError> {
        let mut values = Values::default();
        for extra in &self.extras {
            self.known(self.sensors.end - 1, extra(&self.device, &mut values), look)?;
        }
        if let Some(reading) = look.readings[from..].last_mut() {
            let Values { power_w, energy_j, .. } = reading.values;
            reading.values = Values { power_w, energy_j, ..values };
        }
        Ok(())
    }

    /// An answer that the device gave before; a failed one is counted. The error is a device that is gone.
    fn known<T>(&self, sensor: usize, answer: Result<T, NvmlError>, look: &mut Look) -> Result<Option<T>, NvmlError> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(e) if lost(&e) => Err(e),
            Err(e) => {
                look.fail(sensor, self.said(&e));
                Ok(None)
            }
        }
    }

    fn said(&self, error: &NvmlError) -> String {
        format!("{}: {}", self.id, said(error))
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

impl Source for Nvidia {
    fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    fn gpus(&self) -> Vec<Gpu> {
        self.gpus.clone()
    }

    fn unavailable(&self) -> Vec<String> {
        self.unavailable.clone()
    }

    fn read(&mut self, look: &mut Look) {
        self.cards.iter().for_each(|card| card.read(look));
    }
}
