//! Findings: one `.sql` file a kind in `sql/findings`. A new kind is a file there and a line here.

use recombine::{Model, Workbench};

macro_rules! finding {
    ($name:literal) => {
        Model { name: $name, sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/findings/", $name, ".sql")) }
    };
}

/// What is found in runs, sensors and prices.
pub const OF_RUNS: &[Model] = &[
    finding!("averaging_assumed"),
    finding!("averaging_found"),
    finding!("clock_assumed"),
    finding!("clock_offset"),
    finding!("contention"),
    finding!("counter_against_integral"),
    finding!("deadlines_missed"),
    finding!("drift"),
    finding!("energy_estimated"),
    finding!("energy_net_negative"),
    finding!("energy_unknown"),
    finding!("grid_example"),
    finding!("grid_old"),
    finding!("hardware_unpriced"),
    finding!("idle_drift"),
    finding!("instance_retired"),
    finding!("logits_differ"),
    finding!("model_size_unknown"),
    finding!("no_power_above_idle"),
    finding!("output_shortened"),
    finding!("padding"),
    finding!("parity_rounded"),
    finding!("power_implausible"),
    finding!("price_extrapolated"),
    finding!("price_implausible"),
    finding!("price_not_of_what_ran"),
    finding!("price_old"),
    finding!("price_undated"),
    finding!("price_zero"),
    finding!("run_not_ok"),
    finding!("sensor_errors"),
    finding!("sensor_label"),
    finding!("sensor_unavailable"),
    finding!("spot_fixed_share"),
    finding!("spot_not_cheaper"),
    finding!("spot_range_unknown"),
    finding!("threads_exceeded"),
    finding!("throttled"),
    finding!("tokens_from"),
    finding!("warmup_unsteady"),
    finding!("weights_synthetic"),
    finding!("window_derived"),
    finding!("window_short"),
];

/// What is found in the runs of a cell taken together.
pub const OF_CELLS: &[Model] = &[
    finding!("first_run_cold"),
    finding!("independence_unchecked"),
    finding!("interval_wide"),
    finding!("not_normal"),
    finding!("outliers"),
    finding!("runs_dependent"),
    finding!("spread"),
    finding!("stalls_unseen"),
];

/// Rows of some kinds, in the contract's columns.
pub fn found(bench: &Workbench, kinds: &[Model]) -> anyhow::Result<Vec<serde_json::Value>> {
    let mut rows = Vec::new();
    for model in kinds {
        rows.extend(
            bench.select::<serde_json::Value>(model.sql).map_err(|e| anyhow::anyhow!("finding {}: {e}", model.name))?,
        );
    }
    Ok(rows)
}
