//! kWh and grams.

use super::{Material, cost::AT_A_PRICE};
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Gross is the whole energy of the window; net takes off the idle baseline. Both are of the scope named, at the \
    evidence named: an estimate is no measurement.";

const SCOPES: Layout = Layout {
    id: "scopes",
    caption: "Energy per token by scope",
    method: "Mean over runs of the window's energy by its tokens",
    sql: "select * from energy_table order by place, name, scope, evidence",
    source: "select avg(e.mean_power_w) as mean_power_w, count(*) as n, \
             avg(e.energy_gross_j / (r.iterations * case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end)) \
             as gross_j_per_token, \
             avg(e.energy_net_j / (r.iterations * case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end)) \
             as net_j_per_token \
             from run_energy as e inner join run as r on e.session_id = r.session_id and e.run_id = r.run_id \
             where e.device_id = 'total' and e.scope = {scope} and e.evidence = {evidence} and r.backend = {backend} \
             and r.device = {device} and r.model = {model} and r.dtype = {dtype} and r.mode = {mode} and r.kv_cache = {kv_cache} \
             and r.status in ('ok', 'degraded') and r.iterations > 0 \
             and case when r.mode = 'prefill' then r.prompt_tokens else r.tokens_generated end > 0",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("backend", Show::Text("name")),
        ("scope", Show::Text("scope")),
        ("mean power, W", Show::Number("mean_power_w")),
        ("gross, J per token", Show::Number("gross_j_per_token")),
        ("net, J per token", Show::Number("net_j_per_token")),
        ("runs", Show::Number("n")),
    ],
};

const CARBON: Layout = Layout {
    id: "carbon",
    caption: "Energy and carbon of a million tokens on the own machine",
    method: "Mean over scenarios; interval over runs and the energy's own error",
    sql: "select * from ( \
            select *, row_number() over (partition by place, name order by provider, region, instance) as choice \
            from backend_cost where tier = 'on_prem') as placed where choice = 1 order by place, name",
    source: AT_A_PRICE,
    evidence: Evidence::In("energy_evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("backend", Show::Text("name")),
        ("kWh per 1M [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
        ("gCO2e per 1M [interval]", Show::Interval("gco2e", "gco2e_low", "gco2e_high")),
        ("embodied gCO2e", Show::Number("embodied_gco2e")),
        ("scope", Show::Text("energy_scope")),
        ("grid", Show::Text("grid_region")),
    ],
};

const REGIONS: Layout = Layout {
    id: "regions",
    caption: "Carbon of a million tokens were the energy drawn elsewhere: home, and the three cleanest and dirtiest grids of each method. \
              Compare within a method alone",
    method: "Energy of the mean over scenarios x PUE x intensity",
    sql: "select * from region_table order by match desc, is_like_home desc, grid_basis, grid_method, gco2e_per_mtok, grid_region",
    source: "select * from region_carbon where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} \
             and mode = {mode} and kv_cache = {kv_cache} and grid_region = {grid_region}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("grid", Show::Text("grid_region")),
        ("mode", Show::Text("mode_name")),
        ("backend", Show::Text("backend")),
        ("g/kWh", Show::Number("gco2e_per_kwh")),
        ("counts", Show::Text("grid_basis")),
        ("method", Show::Text("grid_method")),
        ("place in it", Show::Number("place")),
        ("year", Show::Text("grid_year")),
        (
            "gCO2e per 1M [interval]",
            Show::Interval("gco2e_per_mtok", "ci_low_gco2e_per_mtok", "ci_high_gco2e_per_mtok"),
        ),
        (
            "electricity, USD [interval]",
            Show::Interval("energy_usd_per_mtok", "ci_low_usd_per_mtok", "ci_high_usd_per_mtok"),
        ),
    ],
};

const HOURS: Layout = Layout {
    id: "hours",
    caption: "By hour of the day, mean over backends and modes relative to the day's mean: 1 is the mean",
    method: "Means over the newest year's days",
    sql: "select grid_region, zone, local_hour, max(usd_per_kwh) as usd_per_kwh, max(gco2e_per_kwh) as gco2e_per_kwh, \
          weakest(evidence) as evidence, avg(usd) as usd, avg(g) as g from ( \
            select *, energy_usd_per_mtok / avg(energy_usd_per_mtok) over cell as usd, gco2e_per_mtok / avg(gco2e_per_mtok) over cell as g \
            from hourly_cost window cell as (partition by backend, device, model, dtype, mode, kv_cache, grid_region)) as relative \
          group by grid_region, zone, local_hour order by grid_region, local_hour limit 240",
    source: "select max(usd_per_kwh) as usd_per_kwh, max(gco2e_per_kwh) as gco2e_per_kwh from hourly_cost \
             where grid_region = {grid_region} and local_hour = {local_hour}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("grid", Show::Text("grid_region")),
        ("zone", Show::Text("zone")),
        ("hour", Show::Text("local_hour")),
        ("USD/kWh", Show::Number("usd_per_kwh")),
        ("g/kWh", Show::Number("gco2e_per_kwh")),
        ("USD, relative", Show::Number("usd")),
        ("gCO2e, relative", Show::Number("g")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    let mut tables = material.tables(&[&SCOPES, &CARBON, &REGIONS, &HOURS])?;
    // No grid by the hour is the usual case and no gap.
    tables.retain(|t| t.id != HOURS.id || !t.rows.is_empty());
    Ok(Section {
        id: "energy",
        title: "Energy and carbon".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["efficiency", "carbon", "regions"]),
        tables,
        ..Section::default()
    })
}
