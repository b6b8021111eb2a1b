//! Batteries (Documentation/ABI/testing/sysfs-class-power): what a machine without a plug draws from them, hence all of it.
//!
//! Only a discharging battery says that, so at other times there is no reading. `power_now` is in microwatts; without it
//! `current_now` times `voltage_now`, in microamperes and microvolts; some drivers give a current out of the battery a sign.

use super::{
    polled::Polled,
    source::{Source, Values, new_sensor},
    sysfs::{self, Number, Tree},
};
use sensor::{Kind, Scope, Sensor};
use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

struct Battery {
    status: File,
    /// Its power, or its current where that has to be multiplied by a voltage.
    draw: Number,
    voltage: Option<Number>,
}

pub fn open(Tree { root, .. }: &Tree) -> Result<Box<dyn Source>, String> {
    let names = sysfs::names(root).map_err(|e| format!("{}: {e}", root.display()))?;
    let mut batteries = Polled::default();
    for (name, folder) in names.iter().map(|n| (n, root.join(n))) {
        let is = |file: &str, what: &str| sysfs::text(&folder.join(file)).is_some_and(|t| t == what);
        // A mouse has a battery too; its scope is `Device`.
        if !is("type", "Battery") || is("scope", "Device") {
            continue;
        }
        let battery = Battery::open(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let sensor = Sensor {
            label: Some("read while the battery discharges".into()),
            ..new_sensor(&format!("power-supply:{name}"), Kind::Instant, Scope::Node)
        };
        batteries.add(sensor, move || Ok(battery.power_w()?.map(Values::power)));
    }
    batteries.opened(|_| format!("{}: no battery of the machine", root.display()))
}

impl Battery {
    fn open(folder: &Path) -> io::Result<Self> {
        let number = |name: &str| Number::open(&folder.join(name));
        let (draw, voltage) = match number("power_now") {
            Ok(power) => (power, None),
            Err(_) => (number("current_now")?, Some(number("voltage_now")?)),
        };
        Ok(Battery { status: sysfs::open(&folder.join("status"))?, draw, voltage })
    }

    /// Watts out of it; `None` unless it discharges.
    fn power_w(&self) -> io::Result<Option<f64>> {
        let mut status = [0; 32];
        let length = self.status.read_at(&mut status, 0)?;
        if status[..length].trim_ascii() != b"Discharging" {
            return Ok(None);
        }
        let volts = match &self.voltage {
            Some(microvolts) => microvolts.read()? as f64 / 1e6,
            None => 1.0,
        };
        Ok(Some(self.draw.read()?.unsigned_abs() as f64 / 1e6 * volts))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{source::Look, sysfs::folder_of as supply},
        *,
    };

    fn open(root: &Path) -> Result<Box<dyn Source>, String> {
        super::open(&Tree { root: root.into(), sample_hz: 1.0, required: false })
    }

    #[test]
    fn only_what_the_machines_batteries_give_away_is_read() {
        let root = tempfile::tempdir().unwrap();
        supply(root.path(), "AC", &[("type", "Mains"), ("online", "0")]);
        supply(root.path(), "BAT0", &[("type", "Battery"), ("status", "Discharging"), ("power_now", "12500000")]);
        supply(
            root.path(),
            "BAT1",
            &[("type", "Battery"), ("status", "Discharging"), ("current_now", "-1500000"), ("voltage_now", "12000000")],
        );
        supply(root.path(), "BAT2", &[("type", "Battery"), ("status", "Charging"), ("power_now", "30000000")]);
        supply(
            root.path(),
            "hidpp_battery_0",
            &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging"), ("power_now", "1")],
        );
        let (mut batteries, mut look) = (open(root.path()).unwrap(), Look::default());
        batteries.read(&mut look);
        let ids: Vec<_> = batteries.sensors().iter().map(|s| (s.device_id.as_str(), s.scope)).collect();
        assert_eq!(ids, ["power-supply:BAT0", "power-supply:BAT1", "power-supply:BAT2"].map(|id| (id, Scope::Node)));
        let read: Vec<_> = look.readings.iter().map(|r| (r.sensor, r.values.power_w)).collect();
        assert_eq!(read, [(0, Some(12.5)), (1, Some(18.0))]);
        assert_eq!(look.failures, []);
    }

    #[test]
    fn a_machine_without_a_battery_says_so() {
        let root = tempfile::tempdir().unwrap();
        supply(root.path(), "AC", &[("type", "Mains")]);
        assert_eq!(open(root.path()).err(), Some(format!("{}: no battery of the machine", root.path().display())));
    }
}
