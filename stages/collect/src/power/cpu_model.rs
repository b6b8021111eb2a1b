//! An estimate of CPU package power: idle watts plus utilisation times the rest. Not a measurement.
//!
//! Linear in utilisation, as in Fan, Weber, Barroso 2007 (doi:10.1145/1250662.1250665); it knows nothing of clocks,
//! vector units or memory.

use super::{
    polled::Polled,
    source::{Settings, Source, Values, new_sensor},
};
use crate::host::CpuTicks;
use schemas::config::Fault;
use sensor::{Kind, Scope, Sensor};
use serde::{Deserialize, Serialize};
use std::{fs::File, io};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub idle_w: Range,
    pub full_w: Range,
    /// Whether these are not this machine's but somebody's example, which the report then says.
    #[serde(default)]
    pub example: bool,
    pub sample_hz: f64,
}

/// A power that is known to lie between two, W.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "[f64; 2]")]
pub struct Range {
    low: f64,
    high: f64,
}

/// `[10, 20]`, or one number for a power that is known.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(f64),
    Two([f64; 2]),
}

impl From<Written> for Range {
    fn from(written: Written) -> Self {
        match written {
            Written::One(at) => Range { low: at, high: at },
            Written::Two([low, high]) => Range { low, high },
        }
    }
}

impl From<Range> for [f64; 2] {
    fn from(Range { low, high }: Range) -> Self {
        [low, high]
    }
}

impl Range {
    fn middle(self) -> f64 {
        (self.low + self.high) / 2.0
    }

    fn half(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

impl Settings for Config {
    fn fault(&self) -> Option<Fault> {
        let Config { idle_w, full_w, .. } = self;
        let (_, most_w) = sensor::bounds_w(Scope::CpuPackage);
        let is_range = |range: &Range| range.low >= 0.0 && range.low <= range.high && range.high <= most_w;
        (!(is_range(idle_w) && is_range(full_w) && idle_w.high < full_w.low)).then(|| {
            let [idle, full] = [*idle_w, *full_w].map(<[f64; 2]>::from);
            let what = format!("cpu-model needs 0 <= idle_w < full_w <= {most_w}, each a number or [low, high]");
            let key = if is_range(idle_w) { "full_w" } else { "idle_w" };
            Fault::new(key, what, format!("idle_w = {idle:?} and full_w = {full:?}"))
        })
    }
}

/// Error of the model's power, half width: a constant part in W and one in per cent of the power. Power and the half width of its range
/// both go in a straight line from idle to full.
fn error(idle: Range, full: Range) -> (f64, f64) {
    let slope = (full.half() - idle.half()) / (full.middle() - idle.middle());
    (idle.half() - slope * idle.middle(), 100.0 * slope)
}

struct CpuModel {
    idle_w: f64,
    full_w: f64,
    before: CpuTicks,
    last_w: f64,
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

pub fn open(config: &Config) -> Result<Box<dyn Source>, String> {
    const UNREADABLE: &str = "/proc/stat cannot be read";
    let stat = File::open("/proc/stat").map_err(|e| format!("{UNREADABLE}, {e}"))?;
    let before = CpuTicks::read_again(&stat).ok_or(UNREADABLE)?;
    let (error_w, error_pct) = error(config.idle_w, config.full_w);
    let sensor = new_sensor("cpu-model:package", Kind::Model, Scope::CpuPackage);
    let sensor = Sensor { error_w: Some(error_w), error_pct: Some(error_pct), ..sensor };
    let (idle_w, full_w) = (config.idle_w.middle(), config.full_w.middle());
    let mut model = CpuModel { idle_w, full_w, before, last_w: idle_w };
    let mut polled = Polled::default();
    polled.add(sensor, move || {
        let now = CpuTicks::read_again(&stat).ok_or_else(|| io::Error::other(UNREADABLE))?;
        let (power_w, utilisation_pct) = model.power(now);
        (model.before, model.last_w) = (now, power_w);
        Ok(Some(Values { utilisation_pct, ..Values::power(power_w) }))
    });
    Ok(Box::new(polled))
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

    #[test]
    fn the_error_is_the_half_range_at_any_load() {
        let (idle, full) = (Range { low: 5.0, high: 20.0 }, Range { low: 40.0, high: 90.0 });
        let (constant, percent) = error(idle, full);
        for busy in [0.0, 0.3, 1.0] {
            let mix = |a: f64, b: f64| a + (b - a) * busy;
            let (low, high) = (mix(idle.low, full.low), mix(idle.high, full.high));
            let power = mix(idle.middle(), full.middle());
            assert!((constant + percent / 100.0 * power - (high - low) / 2.0).abs() < 1e-12);
        }
    }

    #[test]
    fn ranges_are_numbers_or_pairs_in_order() {
        let read = |text: &str| toml::from_str::<Config>(&format!("{text}\nsample_hz = 20.0"));
        let fault = |text: &str| read(text).unwrap().fault();
        assert_eq!(fault("idle_w = 10.0\nfull_w = [45.0, 85.0]"), None);
        assert!(read("idle_w = [1.0, 2.0, 3.0]\nfull_w = 9.0").is_err());
        for wrong in [
            "idle_w = [5.0, 1.0]\nfull_w = 9.0",
            "idle_w = [5.0, 50.0]\nfull_w = [40.0, 90.0]",
            "idle_w = -1.0\nfull_w = 2.0",
            "idle_w = nan\nfull_w = 2.0",
            "idle_w = 1.0\nfull_w = 1e308",
            "idle_w = 1.0\nfull_w = inf",
        ] {
            assert!(fault(wrong).unwrap().to_string().starts_with("cpu-model needs 0 <= idle_w < full_w"), "{wrong}");
        }
    }
}
