//! Requests, a workload's months, utilisation, and when an own machine pays.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXTS: &[&str] = &[
    "A request takes its prompt at the mean rate of prefill and its new tokens at the mean rate of generate. Owning costs the \
     purchase less its residual over its life, upkeep, and electricity, at idle too; renting by usage costs the hours of use, by \
     reservation whole machines all month, and an API its tokens.",
    "An API runs another model: it is comparable as money, not as quality. Configured under `[derive-costs.owned]`, \
     `[[derive-costs.workload]]` and `[[derive-costs.blend]]`.",
];

const REQUESTS: Layout = Layout {
    id: "requests",
    caption: "A thousand requests, at the cheapest price of each kind",
    method: "Mean rates of both modes; interval over runs, the energy's own error and a price's range",
    sql: "select * from request_table order by workload, match desc, way, usd, name",
    source: "select prefill_s + generate_s as time_s, 1000 * total_usd as usd, 1000 * energy_kwh as kwh, \
             1000 * carbon_gco2e as gco2e, 1000 * embodied_gco2e as embodied_gco2e from request_cost \
             where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and kv_cache = {kv_cache} \
             and workload = {workload} and provider = {provider} and region = {region} and instance = {instance} and tier = {tier}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("hardware", Show::Text("way")),
        ("backend", Show::Joined(&["name", "cache"])),
        ("price", Show::Joined(&["provider", "instance", "tier"])),
        ("s a request", Show::Number("time_s")),
        ("USD [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("kWh [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
        ("gCO2e [interval]", Show::Interval("gco2e", "gco2e_low", "gco2e_high")),
        ("embodied gCO2e", Show::Number("embodied_gco2e")),
    ],
};

const TCO: Layout = Layout {
    id: "tco",
    caption: "The configured months of each workload, at the cheapest price of each kind",
    method: "Upfront and purchase + months x running cost - value left; interval over what requests cost",
    sql: "select * from tco_table order by workload, match desc, total_usd, name",
    source: "select * from tco \
             where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and kv_cache = {kv_cache} \
             and workload = {workload} and provider = {provider} and region = {region} and instance = {instance} and tier = {tier}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("backend", Show::Joined(&["name", "cache"])),
        ("price", Show::Joined(&["provider", "instance", "tier"])),
        ("1M tokens a month", Show::Number("volume_mtok")),
        ("months", Show::Number("months")),
        ("machines", Show::Number("machines")),
        ("running USD a month", Show::Number("monthly_usd")),
        ("with whole machines", Show::Number("reserved_monthly_usd")),
        ("total USD [interval]", Show::Interval("total_usd", "ci_low_usd", "ci_high_usd")),
        ("USD per 1M", Show::Number("total_usd_per_mtok")),
        ("kgCO2e", Show::Number("carbon_kgco2e")),
    ],
};

const BREAK_EVEN: Layout = Layout {
    id: "break_even",
    caption: "Break-even of an own machine against the cheapest alternative of each kind, the hardware that ran first",
    method: "Volume at which both cost the same",
    sql: "select * from break_even_table order by workload, rent_basis desc, match desc, tier",
    source: "select * from break_even \
             where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and kv_cache = {kv_cache} \
             and workload = {workload} and provider = {provider} and region = {region} and instance = {instance} and tier = {tier} \
             and rent_basis = {rent_basis}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("backend", Show::Text("backend")),
        ("paid by", Show::Text("rent_basis")),
        ("alternative", Show::Joined(&["provider", "instance", "tier"])),
        ("its hardware", Show::Text("match")),
        ("its USD per 1M", Show::Number("rent_usd_per_mtok")),
        ("its USD a month", Show::Number("rent_usd_per_month")),
        ("own USD a month", Show::Number("own_usd_per_month")),
        ("and per 1M", Show::Number("own_usd_per_mtok")),
        ("equal at 1M tokens a month", Show::Number("break_even_mtok_per_month")),
        ("paid back after months", Show::Number("break_even_months")),
        ("why not", Show::Text("reason")),
    ],
};

const UTILISATION: Layout = Layout {
    id: "utilisation",
    caption: "A million tokens by utilisation: own machine, and the cheapest rent by the hour",
    method: "Hours paid for / utilisation, electricity at load and idle",
    sql: "select * from utilisation_table order by workload, utilisation, rent_match desc",
    source: "select utilisation, infra_usd_per_mtok, load_usd_per_mtok, idle_usd_per_mtok, total_usd_per_mtok as own_usd, \
             gco2e_per_mtok, (select max(total_usd_per_mtok) from utilisation_cost where backend = {backend} and device = {device} \
             and model = {model} and dtype = {dtype} and kv_cache = {kv_cache} and workload = {workload} \
             and provider = {rent_provider} and region = {rent_region} and instance = {rent_instance} and tier = {rent_tier} \
             and utilisation = {utilisation}) as rent_usd \
             from utilisation_cost \
             where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and kv_cache = {kv_cache} \
             and workload = {workload} and provider = {provider} and region = {region} and instance = {instance} and tier = {tier} \
             and utilisation = {utilisation}",
    evidence: Evidence::In("evidence"),
    columns: &[
        ("workload", Show::Text("workload")),
        ("backend", Show::Text("backend")),
        ("utilisation", Show::Number("utilisation")),
        ("purchase, upkeep", Show::Number("infra_usd_per_mtok")),
        ("at load", Show::Number("load_usd_per_mtok")),
        ("at idle", Show::Number("idle_usd_per_mtok")),
        ("own USD [interval]", Show::Interval("own_usd", "own_low", "own_high")),
        ("own gCO2e", Show::Number("gco2e_per_mtok")),
        ("rent", Show::Joined(&["rent_provider", "rent_instance", "rent_tier"])),
        ("its hardware", Show::Text("rent_match")),
        ("rented USD [interval]", Show::Interval("rent_usd", "rent_low", "rent_high")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "owning",
        title: "Requests, months of a workload, utilisation, break-even".into(),
        texts: TEXTS.iter().map(|t| (*t).to_string()).collect(),
        charts: material.charts(&["break-even", "utilisation"]),
        tables: material.tables(&[&REQUESTS, &TCO, &BREAK_EVEN, &UTILISATION])?,
        ..Section::default()
    })
}
