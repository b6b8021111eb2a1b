//! Relations of the report, in the order in which they need each other.

use anyhow::Result;
use recombine::{Model, Workbench, model};
use serde::Serialize;

const ALL: &[Model] = &[
    model!("mode_label"),
    model!("backend_label"),
    model!("cell_estimate"),
    model!("backend_estimate"),
    model!("backend_cost"),
    model!("tier_cost"),
    model!("headline"),
    model!("whatif_unit"),
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

/// Evidence, and how weak it is.
#[derive(Serialize)]
struct Known {
    evidence: &'static str,
    rank: i64,
}

/// Where curves over volume are drawn: share of what one machine makes.
#[derive(Serialize)]
struct Share {
    share: f64,
}

pub fn materialise(bench: &mut Workbench, with_another: bool) -> Result<()> {
    let known = |(rank, evidence): (usize, &&'static str)| Known { evidence, rank: rank as i64 };
    bench.values("evidence", &schemas::tables::EVIDENCE.iter().enumerate().map(known).collect::<Vec<_>>())?;
    bench.values("volume", &(0..=24).map(|i| Share { share: f64::from(i) / 24.0 }).collect::<Vec<_>>())?;
    for &model in ALL {
        bench.materialise(model)?;
    }
    if with_another {
        bench.materialise(model!("beside_cell"))?;
    }
    Ok(())
}
