//! An estimate of CPU package power: idle watts plus utilisation times the rest. Not a measurement.
//!
//! Linear in utilisation, as in Fan, Weber, Barroso 2007 (doi:10.1145/1250662.1250665); it knows nothing of clocks,
//! vector units or memory.

use super::{Kind, Look, Scope, Sensor, Settings, Source, Values};
use crate::host::CpuTicks;
use serde::{Deserialize, Serialize};
use std::fs::File;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub idle_w: f64,
    pub full_w: f64,
    /// Whether these are not this machine's but somebody's example, which the report then says.
    #[serde(default)]
    pub example: bool,
    pub sample_hz: f64,
}

impl Settings for Config {
    fn open(&self) -> Result<Box<dyn Source>, String> {
        let stat = File::open("/proc/stat").map_err(|e| format!("/proc/stat cannot be read, {e}"))?;
        let before = CpuTicks::read_again(&stat).ok_or("/proc/stat cannot be read")?;
        let sensors = [Sensor::new("cpu-model:package", Kind::Model, Scope::CpuPackage)];
        Ok(Box::new(CpuModel { idle_w: self.idle_w, full_w: self.full_w, before, last_w: self.idle_w, sensors, stat }))
    }

    fn fault(&self) -> Option<String> {
        let Config { idle_w, full_w, .. } = self;
        (!(*idle_w >= 0.0 && full_w > idle_w))
            .then(|| format!("cpu-model needs 0 <= idle_w < full_w, idle_w = {idle_w} and full_w = {full_w}"))
    }
}

struct CpuModel {
    idle_w: f64,
    full_w: f64,
    before: CpuTicks,
    last_w: f64,
    sensors: [Sensor; 1],
    stat: File,
}

impl CpuModel {
    /// Power from two states of the processors; ticks too few to tell keep the last value.
    fn power(&self, now: CpuTicks) -> (f64, Option<f64>) {
        let total = now.total.saturating_sub(self.before.total);
        if total == 0 {
            return (self.last_w, None);
        }
        let busy = (now.busy.saturating_sub(self.before.busy) as f64 / total as f64).min(1.0);
        (self.idle_w + (self.full_w - self.idle_w) * busy, Some(busy * 100.0))
    }
}

impl Source for CpuModel {
    fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    fn read(&mut self, look: &mut Look) {
        let Some(now) = CpuTicks::read_again(&self.stat) else {
            return look.fail(0, "/proc/stat cannot be read".into());
        };
        let (power_w, utilisation_pct) = self.power(now);
        (self.before, self.last_w) = (now, power_w);
        look.values(0, Values { power_w: Some(power_w), utilisation_pct, ..Values::default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_busy_is_half_way() {
        let model = CpuModel {
            idle_w: 10.0,
            full_w: 50.0,
            before: CpuTicks { busy: 100, total: 1000 },
            last_w: 12.0,
            sensors: [Sensor::new("cpu-model:package", Kind::Model, Scope::CpuPackage)],
            stat: File::open("/proc/stat").unwrap(),
        };
        assert_eq!(model.power(CpuTicks { busy: 110, total: 1020 }), (30.0, Some(50.0)));
        assert_eq!(model.power(CpuTicks { busy: 100, total: 1000 }), (12.0, None));
    }
}
