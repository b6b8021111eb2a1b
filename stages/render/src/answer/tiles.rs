//! The large numbers: what a million tokens cost, what of it is electricity, energy, carbon, speed.

use crate::{format::money, number::Number};
use serde::{Deserialize, Serialize};

/// A row of relation `headline`.
#[derive(Debug, Default, Deserialize)]
pub struct Head {
    pub name: String,
    pub model: String,
    pub device: String,
    pub dtype: String,
    pub mode: String,
    pub tier: Option<String>,
    pub provider: Option<String>,
    pub instance: Option<String>,
    #[serde(rename = "match")]
    pub hardware: Option<String>,
    pub includes_power: Option<bool>,
    pub infra_usd: Option<f64>,
    pub energy_usd: Option<f64>,
    pub energy_usd_evidence: String,
    pub usd: Option<f64>,
    pub usd_low: Option<f64>,
    pub usd_high: Option<f64>,
    pub usd_evidence: String,
    pub kwh: Option<f64>,
    pub kwh_low: Option<f64>,
    pub kwh_high: Option<f64>,
    pub kwh_evidence: String,
    pub gco2e: Option<f64>,
    pub gco2e_low: Option<f64>,
    pub gco2e_high: Option<f64>,
    pub gco2e_evidence: String,
    pub tokens_per_s: Option<f64>,
    pub tokens_low: Option<f64>,
    pub tokens_high: Option<f64>,
    pub tokens_per_s_evidence: String,
    pub n: Option<i64>,
    pub ci_level: Option<f64>,
}

impl Head {
    pub fn is_own(&self) -> bool {
        self.tier.as_deref() == Some("on_prem")
    }

    /// An own machine whose hours cost nothing: no purchase is configured.
    pub fn is_electricity_alone(&self) -> bool {
        self.is_own() && self.infra_usd == Some(0.0)
    }

    pub fn tokens(&self) -> &'static str {
        if self.mode == "prefill" { "prompt tokens" } else { "output tokens" }
    }

    /// What is paid for besides electricity, in words.
    pub fn hardware_part(&self, utilisation: f64) -> String {
        match (self.is_own(), utilisation < 1.0) {
            (true, true) => format!("purchase, upkeep and idle at utilisation {utilisation}"),
            (true, false) => "purchase and upkeep at utilisation 1".into(),
            (false, _) => format!("rent at utilisation {utilisation}"),
        }
    }
}

/// One large number.
#[derive(Debug, Serialize)]
pub struct Tile {
    pub label: String,
    pub unit: String,
    pub number: Number,
    /// The number and its interval as they are shown.
    pub shown: String,
    pub range: String,
    /// Its parts, a line each.
    pub parts: Vec<String>,
    pub sql: String,
}

impl Tile {
    fn new(label: &str, unit: &str, number: Number, sql: &str) -> Self {
        let (shown, range) = (number.shown(), number.interval().unwrap_or_default());
        Tile { label: label.into(), unit: unit.into(), number, shown, range, parts: Vec::new(), sql: sql.into() }
    }
}

/// `$0.0441 [0.0416, 0.0466]`: three digits, the sign once.
pub fn dollars(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> (String, String) {
    let shown = value.map_or_else(|| "not known".into(), |v| format!("${}", money(v)));
    let ends = value.and(low.zip(high)).map(|(low, high)| format!("[{}, {}]", money(low), money(high)));
    (shown, ends.unwrap_or_default())
}

/// `method` and `sql` are those of the backend's row in the table below.
pub fn tiles(head: &Head, utilisation: f64, method: &str, sql: &str) -> Vec<Tile> {
    let number = |column: &str, value, low: Option<f64>, high, evidence: &str| Number {
        value,
        low,
        high,
        level: head.ci_level.filter(|_| low.is_some()),
        n: head.n,
        method: method.into(),
        evidence: evidence.into(),
        column: column.into(),
    };
    let each = |what: &str| format!("{what} per 1M {}", head.tokens());
    let usd = number("usd", head.usd, head.usd_low, head.usd_high, &head.usd_evidence);
    let label = if head.is_electricity_alone() { "Electricity alone" } else { "Cost" };
    let (shown, range) = dollars(head.usd, head.usd_low, head.usd_high);
    let cost = Tile { shown, range, parts: parts(head, utilisation), ..Tile::new(label, &each("USD"), usd, sql) };
    let kwh = number("kwh", head.kwh, head.kwh_low, head.kwh_high, &head.kwh_evidence);
    let gco2e = number("gco2e", head.gco2e, head.gco2e_low, head.gco2e_high, &head.gco2e_evidence);
    let speed =
        number("tokens_per_s", head.tokens_per_s, head.tokens_low, head.tokens_high, &head.tokens_per_s_evidence);
    vec![
        cost,
        Tile::new("Energy", &each("kWh"), kwh, sql),
        Tile::new("Carbon", &each("gCO2e"), gco2e, sql),
        Tile::new("Speed", &format!("{} per second", head.tokens()), speed, sql),
    ]
}

/// What the cost is made of.
fn parts(head: &Head, utilisation: f64) -> Vec<String> {
    if head.usd.is_none() {
        return Vec::new();
    }
    if head.is_electricity_alone() {
        return vec!["no purchase is configured: set capex_usd in [derive-costs.owned]".into()];
    }
    let part = |value: Option<f64>| dollars(value, None, None).0;
    let hardware = format!("{} {}", part(head.infra_usd), head.hardware_part(utilisation));
    let electricity = match head.includes_power {
        Some(true) => "electricity is in the rent".into(),
        _ => format!("{} electricity ({})", part(head.energy_usd), head.energy_usd_evidence.replace('_', " ")),
    };
    vec![hardware, electricity]
}
