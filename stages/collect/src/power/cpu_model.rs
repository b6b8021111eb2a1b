//! An estimate of CPU package power: idle watts plus utilisation times the rest. Not a measurement.
//!
//! Linear in utilisation, as in Fan, Weber, Barroso 2007 (doi:10.1145/1250662.1250665); it knows nothing of clocks,
//! vector units or memory.

use super::{Reading, Source};
use crate::host::CpuTicks;

pub struct CpuModel {
    idle_w: f64,
    full_w: f64,
    before: CpuTicks,
    last_w: f64,
}

impl CpuModel {
    pub fn open(idle_w: f64, full_w: f64) -> Result<Self, String> {
        let before = CpuTicks::read().ok_or("/proc/stat cannot be read")?;
        Ok(CpuModel { idle_w, full_w, before, last_w: idle_w })
    }

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
    fn devices(&self) -> Vec<String> {
        vec!["cpu-model:package".into()]
    }

    fn read(&mut self, out: &mut Vec<Reading>) -> Result<(), String> {
        let now = CpuTicks::read().ok_or("/proc/stat cannot be read")?;
        let (power_w, utilisation_pct) = self.power(now);
        (self.before, self.last_w) = (now, power_w);
        let reading = Reading::new("cpu-model:package", "model", "cpu_package");
        out.push(Reading { power_w: Some(power_w), utilisation_pct, ..reading });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_busy_is_half_way() {
        let model = CpuModel { idle_w: 10.0, full_w: 50.0, before: CpuTicks { busy: 100, total: 1000 }, last_w: 12.0 };
        assert_eq!(model.power(CpuTicks { busy: 110, total: 1020 }), (30.0, Some(50.0)));
        assert_eq!(model.power(CpuTicks { busy: 100, total: 1000 }), (12.0, None));
    }
}
