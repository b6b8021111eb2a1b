//! What the page reckons with when a reader changes tariff, carbon, PUE, utilisation, volume or terms.

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
    /// `[derive-costs.owned]`.
    pub owned: Value,
    /// As configured, to be written out again.
    pub workload: Value,
    pub blend: Value,
    /// Relation `whatif_unit`.
    pub units: Vec<Value>,
    /// Workloads and blends with their mean request.
    pub requests: Vec<Value>,
}

const REQUESTS: &str = "select t.workload, r.prompt_tokens, r.generated_tokens, t.volume_mtok, t.months, \
    a.usd_per_mtok as api_usd_per_mtok, a.name as api \
    from (select workload, max(volume_mtok) as volume_mtok, max(months) as months from tco group by workload) as t \
    inner join (select workload, max(prompt_tokens) as prompt_tokens, max(generated_tokens) as generated_tokens from request_cost \
    group by workload) as r on t.workload = r.workload \
    left join (select workload, provider || ' ' || instance as name, usd_per_mtok, \
    row_number() over (partition by workload order by usd_per_mtok asc nulls last, provider, instance, region) as choice \
    from api_cost) as a on t.workload = a.workload and a.choice = 1 \
    order by t.workload";

/// `None` where nothing has a price. `configured` is the configuration that the costs were made with.
pub fn whatif(bench: &Workbench, configured: &Value) -> Result<Option<WhatIf>> {
    let units: Vec<Value> = bench.select("select * from whatif_unit")?;
    let Some(utilisation) = configured["utilisation"].as_f64().filter(|_| !units.is_empty()) else { return Ok(None) };
    let region = &configured["home_grid"];
    let at_home = units.iter().find(|u| u["grid_region"] == *region);
    // A tariff comes back from a quotient: twelve digits are what was written.
    let twelve = |v: f64| format!("{v:.11e}").parse::<f64>().ok();
    let grid = |key: &str| at_home.and_then(|u| u[key].as_f64()).and_then(twelve);
    let home = json!({
        "region": region,
        "usd_per_kwh": grid("usd_per_kwh"),
        "gco2e_per_kwh": grid("gco2e_per_kwh"),
        "pue": grid("pue"),
    });
    Ok(Some(WhatIf {
        home,
        utilisation,
        owned: configured["owned"].clone(),
        workload: configured["workload"].clone(),
        blend: configured["blend"].clone(),
        units,
        requests: bench.select(REQUESTS)?,
    }))
}
