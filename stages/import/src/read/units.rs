//! Units of cells and of the names of columns.

use super::fault::{Fault, quoted};

/// What a unit measures, and the factor to W, J, °C, MiB, %, MHz or s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    pub of: Measure,
    pub factor: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Power,
    Energy,
    Temperature,
    Memory,
    Share,
    Clock,
    Time,
    /// Volts, amperes, and the volt-amperes of apparent and reactive power, which are no watts.
    Electric,
}

/// A unit by its sign: case tells milli from mega.
pub fn unit(sign: &str) -> Option<Unit> {
    use Measure::*;
    let (of, factor) = match sign.trim_matches(['[', ']', '(', ')', ' ', '.']) {
        "W" | "Watt" | "Watts" | "watt" | "watts" | "w" => (Power, 1.0),
        "mW" | "milliwatt" | "milliwatts" | "Milliwatt" => (Power, 1e-3),
        "uW" | "µW" | "μW" | "microwatt" | "microwatts" => (Power, 1e-6),
        "kW" | "KW" | "kilowatt" | "kilowatts" | "Kilowatt" => (Power, 1e3),
        "MW" | "megawatt" | "megawatts" | "Megawatt" => (Power, 1e6),
        "J" | "Joule" | "Joules" | "joule" | "joules" | "Ws" => (Energy, 1.0),
        "mJ" | "millijoule" | "millijoules" => (Energy, 1e-3),
        "uJ" | "µJ" | "μJ" | "microjoule" | "microjoules" => (Energy, 1e-6),
        "nJ" => (Energy, 1e-9),
        "kJ" | "kilojoule" | "kilojoules" => (Energy, 1e3),
        "MJ" | "megajoule" | "megajoules" => (Energy, 1e6),
        "Wh" | "watt-hours" | "watthours" => (Energy, 3600.0),
        "mWh" => (Energy, 3.6),
        "kWh" | "KWh" | "kilowatt-hours" => (Energy, 3.6e6),
        "MWh" => (Energy, 3.6e9),
        "Wmin" | "W-min" | "watt-minutes" => (Energy, 60.0),
        "C" | "°C" | "Celsius" => (Temperature, 1.0),
        "MiB" | "MB" => (Memory, 1.0),
        "KiB" | "kB" | "KB" => (Memory, 1.0 / 1024.0),
        "GiB" | "GB" => (Memory, 1024.0),
        "%" => (Share, 1.0),
        "MHz" => (Clock, 1.0),
        "GHz" => (Clock, 1e3),
        "s" | "sec" => (Time, 1.0),
        "ms" => (Time, 1e-3),
        "us" | "µs" | "μs" => (Time, 1e-6),
        "ns" => (Time, 1e-9),
        "V" | "A" | "VA" | "var" | "VAr" => (Electric, 1.0),
        "mV" | "mA" | "mVA" => (Electric, 1e-3),
        "kV" | "kVA" | "KVA" | "kvar" | "kVAr" => (Electric, 1e3),
        _ => return None,
    };
    Some(Unit { of, factor })
}

/// The unit that a column's name ends with: `power.draw [W]`, `Power (mW, mean)`, `power_mw`.
pub fn unit_of_name(name: &str) -> Option<Unit> {
    let name = name.trim();
    let bracketed = name.rfind(['[', '(']).filter(|_| name.ends_with([']', ')'])).map(|at| &name[at..]);
    if let Some(found) = bracketed.and_then(unit_in_words) {
        return Some(found);
    }
    match name.rsplit(['_', ' ', '.', '/']).next()? {
        "w" | "watt" | "watts" | "W" | "Watt" | "Watts" => unit("W"),
        "uw" | "uW" | "µW" | "μW" | "microwatts" => unit("uW"),
        "mw" | "mW" | "milliwatts" => unit("mW"),
        "kw" | "kW" | "KW" | "kilowatts" => unit("kW"),
        "MW" => unit("MW"),
        "uj" | "uJ" | "µJ" | "μJ" | "microjoules" => unit("uJ"),
        "mj" | "mJ" | "millijoules" => unit("mJ"),
        "j" | "J" | "joule" | "joules" | "Joules" => unit("J"),
        "kj" | "kJ" | "kilojoules" => unit("kJ"),
        "MJ" => unit("MJ"),
        "mwh" | "mWh" => unit("mWh"),
        "wh" | "Wh" => unit("Wh"),
        "kwh" | "kWh" | "KWh" => unit("kWh"),
        "MWh" => unit("MWh"),
        "c" | "C" => unit("C"),
        "s" => unit("s"),
        "ms" => unit("ms"),
        "va" | "VA" => unit("VA"),
        "kva" | "kVA" | "KVA" => unit("kVA"),
        "ma" | "mA" => unit("mA"),
        "mv" | "mV" => unit("mV"),
        _ => None,
    }
}

/// The unit in brackets, alone or the only one among words: `[W]`, `(in mW)`, `(W, mean of 1 s)` has two and none is taken.
fn unit_in_words(bracketed: &str) -> Option<Unit> {
    if let Some(whole) = unit(bracketed) {
        return Some(whole);
    }
    let units = bracketed.split([' ', ',', ';', '[', ']', '(', ')', ':']).filter_map(unit);
    let mut units = units.filter(|u| matches!(u.of, Measure::Power | Measure::Energy | Measure::Electric));
    let first = units.next()?;
    units.all(|other| other == first).then_some(first)
}

/// The factor to W or J of a column, 1 where its name has no unit. A unit of something else is refused by `Err`.
pub fn factor_of_name(name: &str, measure: Measure) -> Result<f64, Fault> {
    let (what, remedy) = ("a column in the unit of something else", "give a log of power in W or of energy in J");
    match unit_of_name(name) {
        None => Ok(1.0),
        Some(unit) if unit.of == measure => Ok(unit.factor),
        Some(_) => Err(Fault::new(what, quoted(name), remedy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_names() {
        let factor = |name| unit_of_name(name).map(|u| u.factor);
        assert_eq!(factor("power.draw [W]"), Some(1.0));
        assert_eq!(factor("Average Graphics Package Power (W)"), Some(1.0));
        assert_eq!((factor("power_mw"), factor("energy_uj"), factor("power.draw")), (Some(1e-3), Some(1e-6), None));
        assert_eq!((factor("power_MW"), factor("energy_MJ"), factor("Power (MW)")), (Some(1e6), Some(1e6), Some(1e6)));
        assert_eq!(
            (factor("Leistung (in mW)"), factor("energy (kWh)"), factor("energy [µJ]")),
            (Some(1e-3), Some(3.6e6), Some(1e-6))
        );
        assert_eq!((factor("power (mean of 1 s)"), factor("power (W, mW)")), (None, None));
        assert_eq!(unit_of_name("apparent_power_va").map(|u| u.of), Some(Measure::Electric));
        assert_eq!(factor_of_name("power [mW]", Measure::Power), Ok(1e-3));
        assert_eq!(
            factor_of_name("power [VA]", Measure::Power).unwrap_err().of("f".as_ref()).to_string(),
            "f: a column in the unit of something else, \"power [VA]\", give a log of power in W or of energy in J"
        );
    }
}
