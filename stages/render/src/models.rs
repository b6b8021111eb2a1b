//! Relations of the report, in the order in which they need each other.

use crate::sql::relations;
use anyhow::Result;
use recombine::{Model, Workbench};
use serde::Serialize;
use serde_json::Value;

const ALL: &[Model] = &[
    relations::MODE_LABEL,
    relations::BACKEND_LABEL,
    relations::CELL_ESTIMATE,
    relations::BACKEND_ESTIMATE,
    relations::BACKEND_COST,
    relations::TIER_COST,
    relations::HEADLINE,
    relations::WHATIF_UNIT,
    relations::ENERGY_TABLE,
    relations::REQUEST_TABLE,
    relations::TCO_TABLE,
    relations::OWNER,
    relations::OWN_LINE,
    relations::BREAK_EVEN_TABLE,
    relations::UTILISATION_TABLE,
    relations::REGION_TABLE,
    relations::CELL_MIDDLE,
    relations::RUN_VALUE,
    relations::SPREAD,
    relations::CACHE_FACTOR,
    relations::DECODE_STEP,
    relations::TRACE_SPAN,
    relations::TRACE,
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
        bench.materialise(relations::BESIDE_CELL)?;
    }
    Ok(())
}
