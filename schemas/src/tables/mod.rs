//! One contract a file; this list is what SCHEMA.md, `query`, tests and the stages go by.

use crate::Contract;

pub mod alignment;
pub mod api_cost;
pub mod break_even;
pub mod cell;
pub mod comparison;
pub mod cost;
pub mod decision;
pub mod embodied;
pub mod estimate;
pub mod finding;
pub mod grid;
pub mod hourly_cost;
pub mod omnibus;
pub mod power_sample;
pub mod price;
pub mod price_match;
pub mod ranking;
pub mod region_carbon;
pub mod request_cost;
pub mod retired_price;
pub mod retirement;
pub mod run;
pub mod run_cost;
pub mod run_energy;
pub mod run_fact;
pub mod sensor;
pub mod session;
pub mod tariff;
pub mod tco;
pub mod tier_saving;
pub mod utilisation_cost;
pub mod verdict;

pub use alignment::ALIGNMENT;
pub use api_cost::API_COST;
pub use break_even::BREAK_EVEN;
pub use cell::CELL;
pub use comparison::COMPARISON;
pub use cost::COST;
pub use decision::DECISION;
pub use embodied::EMBODIED;
pub use estimate::ESTIMATE;
pub use finding::FINDING;
pub use grid::GRID;
pub use hourly_cost::HOURLY_COST;
pub use omnibus::OMNIBUS;
pub use power_sample::POWER_SAMPLE;
pub use price::PRICE;
pub use price_match::PRICE_MATCH;
pub use ranking::RANKING;
pub use region_carbon::REGION_CARBON;
pub use request_cost::REQUEST_COST;
pub use retired_price::RETIRED_PRICE;
pub use retirement::RETIREMENT;
pub use run::RUN;
pub use run_cost::RUN_COST;
pub use run_energy::RUN_ENERGY;
pub use run_fact::RUN_FACT;
pub use sensor::SENSOR;
pub use session::SESSION;
pub use tariff::TARIFF;
pub use tco::TCO;
pub use tier_saving::TIER_SAVING;
pub use utilisation_cost::UTILISATION_COST;
pub use verdict::VERDICT;

/// Every contract, in the order of the pipeline.
pub const ALL: &[&Contract] = &[
    &SESSION,
    &RUN,
    &POWER_SAMPLE,
    &SENSOR,
    &ALIGNMENT,
    &RUN_ENERGY,
    &CELL,
    &RUN_FACT,
    &PRICE,
    &GRID,
    &TARIFF,
    &EMBODIED,
    &RETIREMENT,
    &RETIRED_PRICE,
    &PRICE_MATCH,
    &COST,
    &RUN_COST,
    &REQUEST_COST,
    &API_COST,
    &TCO,
    &BREAK_EVEN,
    &UTILISATION_COST,
    &TIER_SAVING,
    &REGION_CARBON,
    &HOURLY_COST,
    &ESTIMATE,
    &COMPARISON,
    &OMNIBUS,
    &RANKING,
    &VERDICT,
    &DECISION,
    &FINDING,
];

pub fn find(name: &str) -> Option<&'static Contract> {
    ALL.iter().copied().find(|c| c.name == name)
}

pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|c| c.name).collect()
}

/// How a number is known, firmest first.
pub const EVIDENCE: &[&str] = crate::Evidence::NAMES;

/// What a power sensor covers.
pub const SCOPES: &[&str] = &["gpu", "cpu_package", "dram", "node"];

/// How an hour of the hardware is paid for.
pub const TIERS: &[&str] = &["on_demand", "spot", "reserved_1yr", "reserved_3yr", "on_prem", "api"];

/// Tokens that a cost per million counts: prompt, generated, or both together.
pub const BASES: &[&str] = &["input", "output", "total"];

/// Whether the priced hardware is the hardware that was measured.
pub const MATCHES: &[&str] = &["measured", "extrapolated"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use std::collections::BTreeSet;

    /// A row of a contract writes its columns, all of them and no other.
    fn same<R: Default + Serialize>(contract: &'static Contract) {
        let row = serde_json::to_value(R::default()).unwrap();
        let fields: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, contract.columns.iter().map(|c| c.name).collect(), "{}", contract.name);
    }

    #[test]
    fn rows_have_the_columns_of_their_contract() {
        same::<alignment::Row>(&ALIGNMENT);
        same::<cell::Row>(&CELL);
        same::<decision::Row>(&DECISION);
        same::<estimate::Row>(&ESTIMATE);
        same::<grid::Row>(&GRID);
        same::<price::Row>(&PRICE);
        same::<ranking::Row>(&RANKING);
        same::<sensor::Row>(&SENSOR);
        same::<verdict::Row>(&VERDICT);
    }
}
