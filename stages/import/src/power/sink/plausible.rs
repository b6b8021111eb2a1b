//! Whether a power can be one of what its sensor covers.

use super::Known;
use crate::read::fault::{Fault, Result};
use sensor::{Kind, bounds_w};

/// Refuses a power that nothing of its scope draws: a column in another unit than its name says.
pub(super) fn check(known: &Known) -> Result<()> {
    if known.sensor.kind == Kind::Counter || known.readings == 0 {
        return Ok(());
    }
    let (least, most) = bounds_w(known.sensor.scope);
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
