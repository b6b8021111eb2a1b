//! What the page multiplies and adds when a reader changes tariff, carbon, PUE, utilisation, volume or terms.

use crate::source;
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
    /// Relation `whatif_unit`.
    pub units: Vec<Value>,
    /// Relation `whatif_month`.
    pub months: Vec<Value>,
    /// Workloads and blends with their volume and the cheapest API.
    pub requests: Vec<Value>,
}

const REQUESTS: &str = "select t.workload, t.volume_mtok, a.usd_per_mtok as api_usd_per_mtok, a.name as api \
    from (select workload, max(volume_mtok) as volume_mtok from tco group by workload) as t \
    left join (select workload, provider || ' ' || instance as name, usd_per_mtok, \
    row_number() over (partition by workload order by usd_per_mtok asc nulls last, provider, instance, region) as choice \
    from api_cost) as a on t.workload = a.workload and a.choice = 1 \
    order by t.workload";

/// What finds a row's numbers in the contract tables. The page puts the reader's values where `$name$` stands.
const UNIT_SOURCE: &str = "select {full_usd} / $utilisation${electricity} as usd, kwh, kwh * $pue$ * $gco2e_per_kwh$ as gco2e, \
    embodied * {at_utilisation} / $utilisation$ as embodied, n from ( \
    select case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh, \
    case when count(embodied_gco2e_per_mtok) = count(*) then avg(embodied_gco2e_per_mtok) end as embodied, sum(runs) as n \
    from cost where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and mode = {mode} \
    and kv_cache = {kv_cache} and provider = {provider} and region = {region} and instance = {instance} and tier = {tier} \
    and basis = case when {mode} = 'prefill' then 'input' else 'output' end) as mean";

const MONTH_SOURCE: &str = "select machines, \
    machines * ({machine_usd} + {machine_kwh} * $usd_per_used_kwh$) + $volume_mtok$ * ({mtok_usd} / $utilisation${electricity}) \
    as month from (select energy_kwh / ((prompt_tokens + generated_tokens) / 1e6) as kwh, \
    greatest(ceil($volume_mtok$ / ((prompt_tokens + generated_tokens) * 2.628 / (prefill_s + generate_s) * $utilisation$)), 1) \
    as machines from request_cost where workload = {workload} and backend = {backend} and device = {device} and model = {model} \
    and dtype = {dtype} and kv_cache = {kv_cache} and provider = {provider} and region = {region} and instance = {instance} \
    and tier = {tier}) as need";

/// `None` where nothing has a price. `configured` is the configuration that the costs were made with.
pub fn whatif(bench: &Workbench, configured: &Value) -> Result<Option<WhatIf>> {
    let mut units: Vec<Value> = bench.select("select * from whatif_unit")?;
    let mut months: Vec<Value> = bench.select("select * from whatif_month")?;
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
    for unit in &mut units {
        unit["at_utilisation"] = json!(utilisation);
        let paid = unit["paid_kwh"].as_f64() != Some(0.0);
        let electricity = match (paid, unit["waiting_kwh"].as_f64().is_some_and(|kwh| kwh > 0.0)) {
            (false, _) => "",
            (true, false) => " + kwh * $pue$ * $usd_per_kwh$",
            (true, true) => " + (kwh + {waiting_kwh} * (1 / $utilisation$ - 1)) * $pue$ * $usd_per_kwh$",
        };
        unit["sql"] = source::filled(&UNIT_SOURCE.replace("{electricity}", electricity), unit).into();
    }
    for month in &mut months {
        let waiting = month["machine_kwh"].as_f64().unwrap_or(0.0) / month["mtok_at_full"].as_f64().unwrap_or(1.0);
        month["waiting_kwh"] = json!(waiting);
        let electricity = match month["mtok_kwh"].as_f64() {
            Some(0.0) => "",
            _ => " + (kwh - {waiting_kwh}) * $usd_per_used_kwh$",
        };
        month["sql"] = source::filled(&MONTH_SOURCE.replace("{electricity}", electricity), month).into();
    }
    Ok(Some(WhatIf {
        home,
        utilisation,
        workload: configured["workload"].clone(),
        blend: configured["blend"].clone(),
        units,
        months,
        requests: bench.select(REQUESTS)?,
    }))
}
