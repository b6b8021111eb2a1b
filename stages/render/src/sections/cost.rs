//! Dollars by tier and provider.

use super::Material;
use crate::{
    report::Section,
    table::{Evidence, Layout, Show},
};
use anyhow::Result;

const TEXT: &str = "Prompt tokens in prefill, new tokens in generate; mean over scenarios. Electricity is added only where the price \
    does not include it. An own machine costs its purchase over its life, upkeep, and electricity, also while it waits.";

/// `cost` at one price, averaged over the scenarios of a mode.
pub const AT_A_PRICE: &str = "select avg(total_usd_per_mtok) as usd, avg(infra_usd_per_mtok) as infra_usd, \
    avg(energy_usd_per_mtok) as energy_usd, avg(kwh_per_mtok) as kwh, avg(gco2e_per_mtok) as gco2e, \
    avg(embodied_gco2e_per_mtok) as embodied_gco2e, sum(runs) as n, count(*) as cells from cost where backend = {backend} \
    and device = {device} and model = {model} and dtype = {dtype} and mode = {mode} and kv_cache = {kv_cache} \
    and basis = {basis} and provider = {provider} and region = {region} and instance = {instance} and tier = {tier}";

const METHOD: &str = "Mean over scenarios. Interval: relative interval of the energy where electricity is all, else mean of the \
    cells' half widths";

const TIERS: Layout = Layout {
    id: "tiers",
    caption: "Cheapest price of every tier, USD per 1M tokens",
    method: METHOD,
    sql: "select * from tier_cost order by place, match desc, tier, name",
    source: AT_A_PRICE,
    evidence: Evidence::In("usd_evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("tier", Show::Text("tier")),
        ("hardware", Show::Text("match")),
        ("backend", Show::Text("name")),
        ("USD per 1M [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("of it hardware, idle", Show::Number("infra_usd")),
        ("electricity", Show::Number("energy_usd")),
        ("price", Show::Joined(&["provider", "region", "instance"])),
    ],
};

const PROVIDERS: Layout = Layout {
    id: "providers",
    caption: "Every provider's cheapest price on demand, best backend of each mode, USD per 1M tokens",
    method: METHOD,
    sql: "select * from ( \
            select *, row_number() over (partition by place, provider, match order by usd, region, instance, name) as choice \
            from backend_cost where tier in ('on_demand', 'on_prem') and usd is not null) as placed \
          where choice = 1 order by place, match desc, usd, provider",
    source: AT_A_PRICE,
    evidence: Evidence::In("usd_evidence"),
    columns: &[
        ("mode", Show::Text("mode_name")),
        ("provider", Show::Text("provider")),
        ("backend", Show::Text("name")),
        ("USD per 1M [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("price", Show::Joined(&["region", "instance", "tier"])),
        ("hardware", Show::Text("match")),
        ("price of", Show::Text("price_as_of")),
    ],
};

const SAVINGS: Layout = Layout {
    id: "savings",
    caption: "What terms save: ratios of two rates of about one date, the same for every backend (median over instances)",
    method: "Median, least and greatest ratio of a provider's instances; a range and no interval",
    sql: "select provider, tier, count(ratio_of_rates) as instances, median(ratio_of_rates) as ratio, min(ratio_of_rates) as least, \
          max(ratio_of_rates) as most, count(reason) as without, coalesce(max(reason), '') as reason from tier_saving \
          group by provider, tier order by provider, tier",
    source: "select median(ratio_of_rates) as ratio, count(ratio_of_rates) as instances, count(reason) as without from tier_saving \
             where provider = {provider} and tier = {tier}",
    evidence: Evidence::All("derived"),
    columns: &[
        ("provider", Show::Text("provider")),
        ("tier", Show::Text("tier")),
        ("instances", Show::Number("instances")),
        ("rate over on demand [range]", Show::Interval("ratio", "least", "most")),
        ("not compared", Show::Number("without")),
        ("why not", Show::Text("reason")),
    ],
};

const MATCHED: Layout = Layout {
    id: "price_match",
    caption: "Which prices are of the hardware that ran, and why the others have no cost",
    method: "Counts of prices by the hour",
    sql: "select device, coalesce(name, 'unknown') as name, outcome, reason, max(prices) as prices, min(example) as example \
          from price_match where reason <> 'another kind of device' group by device, coalesce(name, 'unknown'), outcome, reason \
          order by device, case outcome when 'measured' then 1 when 'share' then 2 when 'extrapolated' then 3 else 4 end, \
          prices desc, reason",
    source: "select max(prices) as prices from price_match where device = {device} and coalesce(name, 'unknown') = {name} \
             and outcome = {outcome} and reason = {reason}",
    evidence: Evidence::None,
    columns: &[
        ("what ran", Show::Text("device")),
        ("as prices name it", Show::Text("name")),
        ("prices", Show::Number("prices")),
        ("outcome", Show::Text("outcome")),
        ("why", Show::Text("reason")),
        ("one of them", Show::Text("example")),
    ],
};

pub fn section(material: &Material<'_>) -> Result<Section> {
    Ok(Section {
        id: "cost",
        title: "Cost of a million tokens, by tier and provider".into(),
        texts: vec![TEXT.into()],
        charts: material.charts(&["cost", "tiers", "cost-speed", "cost-energy"]),
        tables: material.tables(&[&TIERS, &PROVIDERS, &MATCHED, &SAVINGS])?,
        ..Section::default()
    })
}
