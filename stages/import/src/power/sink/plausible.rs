//! Whether a power can be one of what its sensor covers.

use super::Known;
use crate::read::fault::{Fault, Result};
use sensor::{Kind, Scope, bounds_w};

/// Share of the readings that may be over the bound as spikes; more are a column in another unit.
const SPIKES: u64 = 20;

/// Bounds where nothing says the unit, W. No machine that runs a language model stays below 5 W (a Raspberry Pi 5 idles at 3 W and works at
/// 7 to 12 W), and none of one owner takes more than 20 kW (DGX B200: 14.3 kW); in kW or mW each of them would lie outside.
const UNITLESS_NODE_W: (f64, f64) = (5.0, 20e3);

fn bounds(known: &Known) -> (f64, f64) {
    match (known.sensor.is_unitless, known.sensor.scope) {
        (true, Scope::Node) => UNITLESS_NODE_W,
        (_, scope) => bounds_w(scope),
    }
}

/// Readings above 0 that are less than what of their scope is on draws: a change of the unit in mid-log leaves them.
#[derive(Debug, Default)]
pub(super) struct Faint {
    count: u64,
    /// File, line and W of the first.
    pub first: (usize, u64, f64),
}

impl Faint {
    pub fn see(&mut self, file: usize, line: u64, watt: f64) {
        if self.count == 0 {
            self.first = (file, line, watt);
        }
        self.count += 1;
    }
}

/// W that a sensor is assumed to stay above while what it covers is on: half of what `bounds_w` takes for the least of a board, and its
/// least of a node. It knows none for packages and memory, which are assumed to draw 0.1 W and 0.01 W.
pub(super) fn faint_below_w(sensor: &super::Sensor) -> f64 {
    match (sensor.kind, sensor.scope) {
        (Kind::Counter, _) => 0.0,
        (_, Scope::Gpu) => 0.5,
        (_, Scope::CpuPackage) => 0.1,
        (_, Scope::Dram) => 0.01,
        (_, Scope::Node) => bounds_w(Scope::Node).0,
    }
}

/// Refuses powers of which some are a thousandth of the others.
pub(super) fn check_faint(known: &Known) -> Result<()> {
    let (Faint { count, first: (_, line, watt) }, below) = (&known.faint, faint_below_w(&known.sensor));
    if *count < 3 || count * SPIKES < known.readings || known.highest_w < 50.0 * below {
        return Ok(());
    }
    let what = format!("{count} of {} readings of {} are under {below} W", known.readings, known.sensor.device_id);
    let value = format!("{watt} W beside {} W", known.highest_w);
    let remedy = "split the log where its unit changes, or say --power-unit W if it is right";
    Err(Fault::new(what, value, remedy).at(*line))
}

/// Refuses a power that nothing of its scope draws: a column in another unit than its name says.
pub(super) fn check(known: &Known) -> Result<()> {
    if known.sensor.kind == Kind::Counter && known.plan.was.is_none() {
        return Ok(());
    }
    let (least, most) = bounds(known);
    let are_spikes = known.over == 0 || known.readings > 0 && (known.over == 1 || known.over * SPIKES < known.readings);
    let highest = if are_spikes { known.highest_w } else { known.first_over };
    within(known, highest, least, most)
}

/// Refuses a largest power, W, of a sensor of a whole machine whose unit nothing says; its readings are none of powers.
pub fn check_unitless(id: &str, highest: f64) -> Result<()> {
    let (least, most) = UNITLESS_NODE_W;
    refuse(Scope::Node, id, highest, least, most)
}

fn within(known: &Known, highest: f64, least: f64, most: f64) -> Result<()> {
    refuse(known.sensor.scope, &known.sensor.device_id, highest, least, most)
}

fn refuse(scope: Scope, id: &str, highest: f64, least: f64, most: f64) -> Result<()> {
    if highest > most || 0.0 < highest && highest < least {
        let unit = if highest > most { "mW" } else { "kW" };
        let what = format!("no power of a {}: the largest reading of {id}", scope.name());
        let remedy = format!("say the unit of its column: --power-unit {unit}, or --power-unit W if it is right");
        return Err(Fault::new(what, format!("{highest} W"), remedy));
    }
    Ok(())
}
