//! One contract a file; this list, in the order of the pipeline, is what SCHEMA.md, `query`, tests and the stages go by.

use crate::Contract;

macro_rules! tables {
    ($($module:ident $contract:ident,)+) => {
        $(
            pub mod $module;
            pub use $module::$contract;
        )+
        /// Every contract, in the order of the pipeline.
        pub const ALL: &[&Contract] = &[$(&$contract),+];
    };
}

tables! {
    session SESSION,
    run RUN,
    power_sample POWER_SAMPLE,
    sensor SENSOR,
    alignment ALIGNMENT,
    run_energy RUN_ENERGY,
    cell CELL,
    run_fact RUN_FACT,
    price PRICE,
    grid GRID,
    tariff TARIFF,
    embodied EMBODIED,
    retirement RETIREMENT,
    retired_price RETIRED_PRICE,
    price_match PRICE_MATCH,
    cost COST,
    run_cost RUN_COST,
    request_cost REQUEST_COST,
    api_cost API_COST,
    tco TCO,
    break_even BREAK_EVEN,
    utilisation_cost UTILISATION_COST,
    tier_saving TIER_SAVING,
    region_carbon REGION_CARBON,
    hourly_cost HOURLY_COST,
    estimate ESTIMATE,
    comparison COMPARISON,
    omnibus OMNIBUS,
    ranking RANKING,
    verdict VERDICT,
    decision DECISION,
    finding FINDING,
}

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
