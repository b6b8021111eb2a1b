//! Findings: one `.sql` file a kind in `sql/findings`. A new kind is a file there and a line here.

use recombine::{Model, Workbench};

macro_rules! finding {
    ($name:literal) => {
        Model { name: $name, sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/findings/", $name, ".sql")) }
    };
}

pub const ALL: &[Model] = &[
    finding!("contention"),
    finding!("counter_against_integral"),
    finding!("deadlines_missed"),
    finding!("drift"),
    finding!("energy_estimated"),
    finding!("energy_net_negative"),
    finding!("energy_unknown"),
    finding!("first_run_cold"),
    finding!("idle_drift"),
    finding!("interval_wide"),
    finding!("logits_differ"),
    finding!("not_normal"),
    finding!("outliers"),
    finding!("output_shortened"),
    finding!("padding"),
    finding!("parity_rounded"),
    finding!("price_extrapolated"),
    finding!("price_implausible"),
    finding!("price_old"),
    finding!("price_zero"),
    finding!("run_not_ok"),
    finding!("runs_dependent"),
    finding!("sensor_errors"),
    finding!("sensor_label"),
    finding!("sensor_unavailable"),
    finding!("spot_fixed_share"),
    finding!("spot_not_cheaper"),
    finding!("spread"),
    finding!("threads_exceeded"),
    finding!("throttled"),
    finding!("tokens_from"),
    finding!("warmup_unsteady"),
    finding!("weights_synthetic"),
    finding!("window_derived"),
    finding!("window_short"),
];

/// Rows of every kind, in the contract's columns.
pub fn all(bench: &Workbench) -> anyhow::Result<Vec<serde_json::Value>> {
    let mut rows = Vec::new();
    for model in ALL {
        rows.extend(
            bench.select::<serde_json::Value>(model.sql).map_err(|e| anyhow::anyhow!("finding {}: {e}", model.name))?,
        );
    }
    Ok(rows)
}
