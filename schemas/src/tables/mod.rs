//! One contract a file; this list is what SCHEMA.md, `query`, tests and the stages go by.

use crate::Contract;

pub mod break_even;
pub mod comparison;
pub mod cost;
pub mod estimate;
pub mod finding;
pub mod grid;
pub mod power_sample;
pub mod price;
pub mod request_cost;
pub mod run;
pub mod run_energy;
pub mod sensor;
pub mod session;
pub mod tco;

pub use break_even::BREAK_EVEN;
pub use comparison::COMPARISON;
pub use cost::COST;
pub use estimate::ESTIMATE;
pub use finding::FINDING;
pub use grid::GRID;
pub use power_sample::POWER_SAMPLE;
pub use price::PRICE;
pub use request_cost::REQUEST_COST;
pub use run::RUN;
pub use run_energy::RUN_ENERGY;
pub use sensor::SENSOR;
pub use session::SESSION;
pub use tco::TCO;

/// Every contract, in the order of the pipeline.
pub const ALL: &[&Contract] = &[
    &SESSION,
    &RUN,
    &POWER_SAMPLE,
    &SENSOR,
    &RUN_ENERGY,
    &PRICE,
    &GRID,
    &COST,
    &REQUEST_COST,
    &TCO,
    &BREAK_EVEN,
    &ESTIMATE,
    &COMPARISON,
    &FINDING,
];

pub fn find(name: &str) -> Option<&'static Contract> {
    ALL.iter().copied().find(|c| c.name == name)
}

pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|c| c.name).collect()
}

/// What is being priced or measured: the columns that tell one cell of the matrix from another.
pub const CELL: &[&str] = &["backend", "device", "model", "dtype", "mode", "kv_cache", "scenario"];

/// How a number is known, strongest first. `measured` is a clock; the two after it are energy sensors.
pub const EVIDENCE: &[&str] = &[
    "measured",
    "measured_counter",
    "measured_integral",
    "estimated",
    "imported",
    "derived",
    "extrapolated",
    "unknown",
];

/// What a power sensor covers.
pub const SCOPES: &[&str] = &["gpu", "cpu_package", "dram", "node"];

/// How an hour of the hardware is paid for.
pub const TIERS: &[&str] = &["on_demand", "spot", "reserved_1yr", "reserved_3yr", "on_prem", "api"];

/// Tokens that a cost per million counts: prompt, generated, or both together.
pub const BASES: &[&str] = &["input", "output", "total"];

/// Whether the priced hardware is the hardware that was measured.
pub const MATCHES: &[&str] = &["measured", "extrapolated"];
