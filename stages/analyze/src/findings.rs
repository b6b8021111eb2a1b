//! Findings: one `.sql` file a kind in `sql/findings`. A new kind is a file there and a line here.

use recombine::{Model, Workbench};
use serde_json::Value;

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

/// Rows of some kinds, in the contract's columns: one a kind and place, whatever the data, since what is found must not stop the numbers
/// that it is about.
pub fn found(bench: &Workbench, kinds: &[Model]) -> anyhow::Result<Vec<Value>> {
    let mut rows: Vec<Value> = Vec::new();
    for model in kinds {
        let found: Vec<Value> = bench.select(model.sql).map_err(|e| anyhow::anyhow!("finding {}: {e}", model.name))?;
        let first = rows.len();
        for mut row in found {
            let what = row["what"].as_str().unwrap_or(model.name).to_string();
            match rows[first..].iter_mut().find(|before| before["place"] == row["place"]) {
                Some(before) => {
                    before["what"] = format!("{}; {what}", before["what"].as_str().unwrap_or_default()).into()
                }
                None => {
                    row["what"] = what.into();
                    rows.push(row);
                }
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_a_kind_and_place() {
        let bench = Workbench::new("analyze", &()).unwrap();
        let rows = |sql: &'static str| found(&bench, &[Model { name: "odd", sql }]).unwrap();
        let said = rows(
            "select 'odd' as code, column1 as place, 'info' as severity, column2 as what \
             from (values ('x', 'one'), ('y', cast(null as varchar)), ('x', 'two'))",
        );
        let shown: Vec<_> = said.iter().map(|r| (r["place"].as_str().unwrap(), r["what"].as_str().unwrap())).collect();
        assert_eq!(shown, [("x", "one; two"), ("y", "odd")]);
    }
}
