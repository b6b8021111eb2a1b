//! Relations of the report, in the order in which they need each other.

use anyhow::Result;
use recombine::{Model, Workbench, model};
use serde::Serialize;
use serde_json::Value;

const ALL: &[Model] = &[
    model!("mode_label"),
    model!("backend_label"),
    model!("cell_estimate"),
    model!("backend_estimate"),
    model!("backend_cost"),
    model!("tier_cost"),
    model!("headline"),
    model!("whatif_unit"),
    model!("whatif_month"),
    model!("energy_table"),
    model!("request_table"),
    model!("tco_table"),
    model!("owner"),
    model!("own_line"),
    model!("break_even_table"),
    model!("utilisation_table"),
    model!("region_table"),
    model!("cell_middle"),
    model!("run_value"),
    model!("spread"),
    model!("cache_factor"),
    model!("decode_step"),
    model!("trace_span"),
    model!("trace"),
];

/// What the costs were computed with, of which what-if needs these.
#[derive(Serialize)]
struct PricedWith {
    home_grid: String,
    utilisation: f64,
}

/// The own machine while it waits.
#[derive(Serialize)]
struct Owned {
    idle_w: f64,
}

/// Where curves over volume are drawn: share of what one machine makes.
#[derive(Serialize)]
struct Share {
    share: f64,
}

/// `priced` is the configuration that the costs were made with.
pub fn materialise(bench: &mut Workbench, priced: &Value, with_another: bool) -> Result<()> {
    let number = |value: &Value| value.as_f64();
    let home_grid = priced["home_grid"].as_str().unwrap_or_default().to_string();
    bench.values(
        "priced_with",
        &[PricedWith { home_grid, utilisation: number(&priced["utilisation"]).unwrap_or(1.0) }],
    )?;
    bench.values("owned", &[Owned { idle_w: number(&priced["owned"]["idle_w"]).unwrap_or(0.0) }])?;
    bench.values("volume", &(0..=24).map(|i| Share { share: f64::from(i) / 24.0 }).collect::<Vec<_>>())?;
    for &model in ALL {
        bench.materialise(model)?;
    }
    if with_another {
        bench.materialise(model!("beside_cell"))?;
    }
    Ok(())
}
