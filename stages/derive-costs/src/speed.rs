//! `[[derive-costs.speed_factor]]`: how fast other hardware is than what ran, as far as somebody knows it.

use schemas::{Contract, column::*, config::Fault, hardware::recognise};
use serde::{Deserialize, Serialize};

/// Without one, prices of other hardware have no cost: nobody knows what it would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeedFactor {
    /// What ran, by any name that hardware goes by, or `*`.
    pub from: String,
    /// What is priced: by name for machines of as many accelerators or vCPUs as ran, by instance, or `*`.
    pub to: String,
    /// Its tokens a second over those of what ran.
    pub factor: Factor,
    /// Its energy of a token over that of what ran; without one its energy is not known.
    pub energy_factor: Option<f64>,
    pub source: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Factor {
    One(f64),
    /// Known to lie between: its geometric mean is taken, since dollars go by the inverse.
    Range([f64; 2]),
}

impl Factor {
    fn range(self) -> [f64; 2] {
        match self {
            Factor::One(factor) => [factor; 2],
            Factor::Range(range) => range,
        }
    }
}

/// What SQL sees of it.
pub const SPEED_FACTOR: Contract = Contract {
    name: "speed_factor",
    version: 1,
    stage: "derive-costs",
    grain: "One configured speed factor.",
    key: &["ran", "priced"],
    columns: &[
        text("ran", "Name of what ran, or `*`"),
        text("priced", "Name of what is priced, or `*`"),
        text("to_instance", "Instance that is priced, in lower case; empty for `*`"),
        float("factor", "Speed over that of what ran"),
        float("low", "Its lower end"),
        float("high", "Its upper end"),
        float("energy_factor", "Energy of a token over that of what ran").or_null("when not known"),
        text("source", "Who says so"),
    ],
};

#[derive(Debug, Serialize)]
pub struct Row {
    ran: String,
    priced: String,
    to_instance: String,
    factor: f64,
    low: f64,
    high: f64,
    energy_factor: Option<f64>,
    source: String,
}

pub fn rows(all: &[SpeedFactor]) -> Vec<Row> {
    let name = |text: &str| if text == "*" { text.to_string() } else { recognise(text).name };
    let row = |one: &SpeedFactor| {
        let [low, high] = one.factor.range();
        Row {
            ran: name(&one.from),
            priced: name(&one.to),
            to_instance: if one.to == "*" { String::new() } else { one.to.to_lowercase() },
            factor: (low * high).sqrt(),
            low,
            high,
            energy_factor: one.energy_factor,
            source: one.source.clone(),
        }
    };
    all.iter().map(row).collect()
}

/// The first fault of any.
pub fn fault(all: &[SpeedFactor]) -> Option<Fault> {
    let positive = |v: f64| v > 0.0 && v.is_finite();
    let each = all.iter().enumerate().find_map(|(i, one)| {
        let [low, high] = one.factor.range();
        let pair = format!("\"{}\" to \"{}\"", one.from, one.to);
        let fault = match () {
            () if one.from.trim().is_empty() || one.to.trim().is_empty() => {
                Fault::new("from", "a speed_factor names hardware in from and to, or \"*\"", pair)
            }
            () if !(positive(low) && positive(high) && low <= high) => {
                let what = format!("factor of speed_factor {pair} must be above 0, the smaller end first");
                Fault::new("factor", what, format!("[{low}, {high}]"))
            }
            () if one.energy_factor.is_some_and(|v| !positive(v)) => {
                let what = format!("energy_factor of speed_factor {pair} must be above 0");
                Fault::new("energy_factor", what, one.energy_factor.unwrap_or_default())
            }
            () if one.source.trim().is_empty() => {
                Fault::new("source", "a speed_factor says who measured it in source", pair)
            }
            () => return None,
        };
        Some(fault.inside(&format!("speed_factor.{i}")))
    });
    each.or_else(|| {
        let rows = rows(all);
        let keys: Vec<_> = rows.iter().map(|row| (&row.ran, &row.priced)).collect();
        let twice = keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key));
        twice.map(|(at, (ran, priced))| {
            let pair = format!("\"{ran}\" to \"{priced}\"");
            Fault::new(format!("speed_factor.{at}"), "two speed_factors are of one pair", pair)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(from: &str, to: &str, factor: Factor) -> SpeedFactor {
        let (from, to, source) = (from.to_string(), to.to_string(), "a page".to_string());
        SpeedFactor { from, to, factor, energy_factor: None, source }
    }

    #[test]
    fn hardware_goes_by_any_of_its_names() {
        let rows = rows(&[
            one("Tesla T4", "NVIDIA H100 80GB HBM3", Factor::Range([4.0, 9.0])),
            one("*", "*", Factor::One(1.0)),
        ]);
        assert_eq!((rows[0].ran.as_str(), rows[0].priced.as_str()), ("NVIDIA T4", "NVIDIA H100 SXM 80GB"));
        assert_eq!((rows[0].factor, rows[0].low, rows[0].high), (6.0, 4.0, 9.0));
        assert_eq!((rows[1].ran.as_str(), rows[1].to_instance.as_str()), ("*", ""));
    }

    #[test]
    fn faults_are_described() {
        let fault = |all: &[SpeedFactor]| fault(all).map_or_else(String::new, |fault| fault.to_string());
        assert_eq!(
            fault(&[one("a", "b", Factor::Range([2.0, 1.0]))]),
            "factor of speed_factor \"a\" to \"b\" must be above 0, the smaller end first, [2, 1], correct it"
        );
        assert_eq!(
            fault(&[one("Tesla T4", "b", Factor::One(1.0)), one("NVIDIA T4", "b", Factor::One(2.0))]),
            "two speed_factors are of one pair, \"NVIDIA T4\" to \"b\", correct it"
        );
        assert_eq!(
            fault(&[one(" ", "b", Factor::One(1.0))]),
            "a speed_factor names hardware in from and to, or \"*\", \" \" to \"b\", correct it"
        );
        let unsaid = SpeedFactor { source: String::new(), ..one("a", "b", Factor::One(1.0)) };
        assert_eq!(fault(&[unsaid]), "a speed_factor says who measured it in source, \"a\" to \"b\", correct it");
        assert_eq!(fault(&[one("a", "*", Factor::One(0.5))]), "");
    }
}
