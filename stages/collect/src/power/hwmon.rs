//! Power and energy of well-known chips in Linux's hwmon sysfs (Documentation/hwmon/sysfs-interface.rst: microwatts,
//! microjoules, millidegrees).
//!
//! | chip | scope | source |
//! |---|---|---|
//! | amdgpu | gpu | Documentation/gpu/amdgpu/thermal.rst: `power1_average` and `power1_input`; on an APU they include the processor |
//! | i915, xe | gpu | Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon and -xe-hwmon: `energy1_input` of the card |
//! | amd_energy | cpu_package | drivers/hwmon/amd_energy.c: `energyN_input` labelled `EsocketN`; cores lie inside their socket |
//! | power_meter | node | Documentation/hwmon/acpi_power_meter.rst: `power1_average` over `power1_average_interval` |
//!
//! Other chips measure a rail that no scope names, so they are not read.

use super::{
    polled::Polled,
    source::{Source, Values, new_sensor},
    sysfs::{self, Number, Tree},
};
use sensor::{Kind, Scope, Sensor};
use std::{fs, path::Path};

struct Chip {
    name: &'static str,
    scope: Scope,
    files: &'static [(&'static str, Kind)],
    /// Labels of the files that count; empty: all.
    label: &'static str,
}

const CHIPS: &[Chip] = &[
    Chip {
        name: "amdgpu",
        scope: Scope::Gpu,
        files: &[("energy1_input", Kind::Counter), ("power1_input", Kind::Instant), ("power1_average", Kind::Average)],
        label: "",
    },
    Chip { name: "i915", scope: Scope::Gpu, files: &[("energy1_input", Kind::Counter)], label: "" },
    Chip { name: "xe", scope: Scope::Gpu, files: &[("energy1_input", Kind::Counter)], label: "" },
    Chip { name: "amd_energy", scope: Scope::CpuPackage, files: &[("energy*_input", Kind::Counter)], label: "Esocket" },
    Chip { name: "power_meter", scope: Scope::Node, files: &[("power1_average", Kind::Average)], label: "" },
];

/// Times over which a meter may average, ms.
const HOUR_MS: std::ops::RangeInclusive<f64> = 0.0..=3.6e6;

pub fn open(Tree { root, .. }: &Tree) -> Result<Box<dyn Source>, String> {
    let names = sysfs::names(root).map_err(|e| format!("{}: {e}", root.display()))?;
    let mut chips = Polled::default();
    for folder in names.iter().map(|n| root.join(n)) {
        let name = sysfs::text(&folder.join("name")).unwrap_or_default();
        if let Some(chip) = CHIPS.iter().find(|c| c.name == name) {
            add(&mut chips, chip, &folder);
        }
    }
    chips.opened(|mut unavailable| {
        let known = CHIPS.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
        unavailable.insert(0, format!("{}: no power of a known chip ({known})", root.display()));
        unavailable.join("; ")
    })
}

fn add(chips: &mut Polled, chip: &Chip, folder: &Path) {
    // hwmonN is another number after the next start; the device behind it is not.
    let device = fs::canonicalize(folder.join("device")).unwrap_or_else(|_| folder.to_path_buf());
    let device = device.file_name().unwrap_or_default().to_string_lossy();
    let mut temperature = Number::open(&folder.join("temp1_input")).ok();
    for &(pattern, kind) in chip.files {
        for file in matching(folder, pattern) {
            let number = file.split('_').next().unwrap_or_default();
            let label = sysfs::text(&folder.join(format!("{number}_label"))).unwrap_or_default();
            if !label.starts_with(chip.label) {
                continue;
            }
            match Number::open_read(&folder.join(&file)) {
                Ok(number) => {
                    let part = if chip.label.is_empty() { String::new() } else { format!(":{label}") };
                    let averaging = sysfs::text(&folder.join(format!("{file}_interval")));
                    let sensor = Sensor {
                        averaging_ms: averaging
                            .and_then(|t| t.parse().ok())
                            .filter(|ms| kind == Kind::Average && HOUR_MS.contains(ms)),
                        ..new_sensor(&format!("hwmon:{}:{device}{part}", chip.name), kind, chip.scope)
                    };
                    let temperature = temperature.take();
                    chips.add(sensor, move || {
                        let millidegrees = temperature.as_ref().and_then(|t| t.read().ok());
                        let value = Some(number.read()? as f64 / 1e6);
                        let (energy_j, power_w) = if kind == Kind::Counter { (value, None) } else { (None, value) };
                        let temperature_c = millidegrees.map(|t| t as f64 / 1e3);
                        Ok(Some(Values { energy_j, power_w, temperature_c, ..Values::default() }))
                    });
                }
                Err(e) => chips.unavailable.push(format!("{}: {e}", folder.join(&file).display())),
            }
        }
    }
}

/// Files of a folder that fit a name with at most one `*`.
fn matching(folder: &Path, pattern: &str) -> Vec<String> {
    let Some((begin, end)) = pattern.split_once('*') else {
        return if folder.join(pattern).exists() { vec![pattern.into()] } else { Vec::new() };
    };
    let fits = |name: &String| name.starts_with(begin) && name.ends_with(end) && name.len() > begin.len() + end.len();
    sysfs::names(folder).unwrap_or_default().into_iter().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{source::Look, sysfs::folder_of as chip},
        *,
    };

    fn open(root: &Path) -> Result<Box<dyn Source>, String> {
        super::open(&Tree { root: root.into(), sample_hz: 1.0, required: false })
    }

    #[test]
    fn a_gpus_counter_instant_and_average_are_sensors_of_one_device() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("pci/0000:03:00.0")).unwrap();
        chip(
            root.path(),
            "hwmon4",
            &[
                ("name", "amdgpu"),
                ("power1_average", "35000000"),
                ("power1_input", "41500000"),
                ("energy1_input", "9000000"),
                ("temp1_input", "52500"),
            ],
        );
        std::os::unix::fs::symlink("../pci/0000:03:00.0", root.path().join("hwmon4/device")).unwrap();
        chip(root.path(), "hwmon1", &[("name", "nvme"), ("temp1_input", "40000")]);
        let (mut hwmon, mut look) = (open(root.path()).unwrap(), Look::default());
        hwmon.read(&mut look);
        let sensors: Vec<_> = hwmon.sensors().iter().map(|s| (s.device_id.as_str(), s.kind, s.scope)).collect();
        let id = "hwmon:amdgpu:0000:03:00.0";
        assert_eq!(
            sensors,
            [(id, Kind::Counter, Scope::Gpu), (id, Kind::Instant, Scope::Gpu), (id, Kind::Average, Scope::Gpu)]
        );
        let read: Vec<_> =
            look.readings.iter().map(|r| (r.values.energy_j, r.values.power_w, r.values.temperature_c)).collect();
        assert_eq!(read, [(Some(9.0), None, Some(52.5)), (None, Some(41.5), None), (None, Some(35.0), None)]);
    }

    #[test]
    fn sockets_are_read_and_their_cores_are_not() {
        let root = tempfile::tempdir().unwrap();
        chip(
            root.path(),
            "hwmon0",
            &[
                ("name", "amd_energy"),
                ("energy1_input", "1000000"),
                ("energy1_label", "Ecore000"),
                ("energy65_input", "77000000"),
                ("energy65_label", "Esocket0"),
            ],
        );
        chip(
            root.path(),
            "hwmon1",
            &[("name", "power_meter"), ("power1_average", "210000000"), ("power1_average_interval", "500")],
        );
        let (mut hwmon, mut look) = (open(root.path()).unwrap(), Look::default());
        hwmon.read(&mut look);
        let sensors: Vec<_> =
            hwmon.sensors().iter().map(|s| (s.device_id.as_str(), s.scope.name(), s.averaging_ms)).collect();
        assert_eq!(
            sensors,
            [
                ("hwmon:amd_energy:hwmon0:Esocket0", "cpu_package", None),
                ("hwmon:power_meter:hwmon1", "node", Some(500.0))
            ]
        );
        assert_eq!((look.readings[0].values.energy_j, look.readings[1].values.power_w), (Some(77.0), Some(210.0)));
    }

    #[test]
    fn no_known_chip_and_an_unreadable_one_say_so() {
        let root = tempfile::tempdir().unwrap();
        chip(root.path(), "hwmon1", &[("name", "nvme")]);
        let known = "no power of a known chip (amdgpu, i915, xe, amd_energy, power_meter)";
        assert_eq!(open(root.path()).err(), Some(format!("{}: {known}", root.path().display())));
        chip(root.path(), "hwmon2", &[("name", "xe"), ("energy1_input", "")]);
        let said = format!(
            "{}: {known}; {}: not a whole number, \"\"",
            root.path().display(),
            root.path().join("hwmon2/energy1_input").display()
        );
        assert_eq!(open(root.path()).err(), Some(said));
    }
}
