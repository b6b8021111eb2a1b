//! Whether a power can be one of what its sensor covers.

use super::Known;
use crate::{
    imports::fault::{Fault, Result},
    power::{Kind, Scope},
};

/// Refuses a power that nothing of its scope draws: a column in another unit than its name says. The limits lie several times over the
/// largest machines of 2026 (a board of 2.7 kW, a socket of 0.5 kW, a node of 20 kW) and under the smallest.
pub(super) fn check(known: &Known) -> Result<()> {
    if known.sensor.kind == Kind::Counter || known.readings == 0 {
        return Ok(());
    }
    let (least, most) = match known.sensor.scope {
        Scope::Gpu => (1.0, 10e3),
        Scope::CpuPackage => (0.0, 4e3),
        Scope::Dram => (0.0, 2e3),
        Scope::Node => (0.3, 100e3),
    };
    let highest = known.highest_w;
    if highest > most || 0.0 < highest && highest < least {
        let unit = if highest > most { "mW" } else { "kW" };
        let what =
            format!("no power of a {}: the largest reading of {}", known.sensor.scope.name(), known.sensor.device_id);
        let remedy = format!("say the unit of its column: --power-unit {unit}, or --power-unit W if it is right");
        return Err(Fault::new(what, format!("{highest} W"), remedy));
    }
    Ok(())
}
