//! What the page multiplies and adds when a reader changes tariff, carbon, PUE, utilisation, volume or terms.

use crate::{
    source::Source,
    sql::{sources, tables},
};
use anyhow::Result;
use recombine::Workbench;
use serde::Serialize;
use serde_json::{Value, json};

/// `templates/whatif.js` reads these names.
#[derive(Debug, Serialize)]
pub struct WhatIf {
    /// Grid of the own machine: region, tariff, intensity, PUE; null where they are not known.
    pub home: Value,
    pub utilisation: f64,
    /// As configured, to be written out again.
    pub workload: Value,
    pub blend: Value,
    /// A million tokens, and a month, as coefficients; `sql` is what finds the row's numbers, with `$name$` for the reader's values.
    pub units: Vec<Value>,
    pub months: Vec<Value>,
    /// Workloads and blends with their volume and the cheapest API.
    pub requests: Vec<Value>,
}

/// `None` where nothing has a price. `configured` is the configuration that the costs were made with.
pub fn whatif(bench: &Workbench, configured: &Value) -> Result<Option<WhatIf>> {
    let sourced = |rows: &str, source: &Source| -> Result<Vec<Value>> {
        let mut rows: Vec<Value> = bench.select(rows)?;
        rows.iter_mut().for_each(|row| row["sql"] = source.filled(row).into());
        Ok(rows)
    };
    let units = sourced(tables::WHATIF_UNIT.sql, &Source::of(sources::WHATIF_UNIT))?;
    let Some(utilisation) = configured["utilisation"].as_f64().filter(|_| !units.is_empty()) else { return Ok(None) };
    let region = &configured["home_grid"];
    let at_home = units.iter().find(|u| u["grid_region"] == *region);
    // A tariff comes back from a quotient: twelve digits are what was written.
    let twelve = |v: f64| format!("{v:.11e}").parse::<f64>().ok();
    let grid = |key: &str| at_home.and_then(|u| u[key].as_f64()).and_then(twelve);
    Ok(Some(WhatIf {
        home: json!({
            "region": region,
            "usd_per_kwh": grid("usd_per_kwh"),
            "gco2e_per_kwh": grid("gco2e_per_kwh"),
            "pue": grid("pue"),
        }),
        utilisation,
        workload: configured["workload"].clone(),
        blend: configured["blend"].clone(),
        units,
        months: sourced(tables::WHATIF_MONTH.sql, &Source::of(sources::WHATIF_MONTH))?,
        requests: bench.select(tables::WHATIF_REQUEST.sql)?,
    }))
}
