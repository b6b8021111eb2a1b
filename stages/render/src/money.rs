//! Tables of requests, ownership, utilisation, terms and regions.

use crate::report::{Show, Table, table};
use anyhow::Result;
use recombine::{Model, Workbench, model};

/// Relations of these tables, in the order in which they need each other.
pub const MODELS: &[Model] = &[
    model!("request_table"),
    model!("owner"),
    model!("break_even_table"),
    model!("utilisation_table"),
    model!("region_table"),
];

pub const REQUESTS: &str = "A request takes its prompt at the mean rate of prefill and its new tokens at the mean rate of generate. \
     Intervals combine the spread of runs, the energy's own error and, where a price has a range, that range.";

pub const OWNING: &str = "Owning costs the purchase less its residual over its life, upkeep, and electricity, at idle too; renting by \
     usage costs the hours of use, by reservation whole machines all month, and an API its tokens. An API runs another model: it is \
     comparable as money, not as quality. Configured under `[derive-costs.owned]`, `[[derive-costs.workload]]` and \
     `[[derive-costs.blend]]`.";

pub const DECISIONS: &str = "Scenarios are blocks: a backend is recommended when it beats every other over all scenarios with \
     certainty, after Holm's adjustment. Dollars are at the cheapest price of the hardware that ran. The order of best and next flips \
     where a rate, a tariff or a utilisation makes both cost the same; where none is given, none does.";

pub fn requests(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "A thousand requests, at the cheapest price of each kind",
        "select * from request_table",
        &[
            ("workload", Show::Text("workload")),
            ("hardware", Show::Text("way")),
            ("backend", Show::Joined(&["backend", "cache"])),
            ("price", Show::Joined(&["provider", "instance", "tier"])),
            ("s a request", Show::Number("time_s")),
            ("USD [interval]", Show::Interval("usd", "usd_low", "usd_high")),
            ("kWh [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
            ("gCO2e", Show::Number("gco2e")),
            ("embodied gCO2e", Show::Number("embodied_gco2e")),
            ("energy", Show::Text("energy_evidence")),
        ],
    )
}

pub fn owning(bench: &Workbench) -> Result<Vec<Table>> {
    let break_even = table(
        bench,
        "Break-even of an own machine against the cheapest alternative of each kind",
        "select * from break_even_table",
        &[
            ("workload", Show::Text("workload")),
            ("backend", Show::Text("backend")),
            ("paid by", Show::Text("rent_basis")),
            ("alternative", Show::Joined(&["provider", "instance", "tier"])),
            ("its USD per 1M", Show::Number("rent_usd_per_mtok")),
            ("its USD a month", Show::Number("rent_usd_per_month")),
            ("own USD a month", Show::Number("own_usd_per_month")),
            ("and per 1M", Show::Number("own_usd_per_mtok")),
            ("equal at 1M tokens a month", Show::Number("break_even_mtok_per_month")),
            ("paid back after months", Show::Number("break_even_months")),
            ("why not", Show::Text("reason")),
        ],
    )?;
    let utilisation = table(
        bench,
        "A million tokens by utilisation: own machine, and the cheapest rent by the hour",
        "select * from utilisation_table",
        &[
            ("workload", Show::Text("workload")),
            ("backend", Show::Text("backend")),
            ("utilisation", Show::Number("utilisation")),
            ("purchase, upkeep", Show::Number("infra_usd_per_mtok")),
            ("at load", Show::Number("load_usd_per_mtok")),
            ("at idle", Show::Number("idle_usd_per_mtok")),
            ("own USD [interval]", Show::Interval("own_usd", "own_low", "own_high")),
            ("own gCO2e", Show::Number("gco2e_per_mtok")),
            ("rent", Show::Joined(&["provider", "instance", "tier"])),
            ("rented USD [interval]", Show::Interval("rent_usd", "rent_low", "rent_high")),
        ],
    )?;
    Ok(vec![break_even, utilisation])
}

pub fn savings(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "What terms save: ratios of two rates, the same for every backend (median over instances)",
        "select provider, tier, count(*) as instances, median(ratio_of_rates) as ratio, min(ratio_of_rates) as least, \
         max(ratio_of_rates) as most from tier_saving group by provider, tier order by provider, tier",
        &[
            ("provider", Show::Text("provider")),
            ("tier", Show::Text("tier")),
            ("instances", Show::Number("instances")),
            ("rate over on demand [range]", Show::Interval("ratio", "least", "most")),
        ],
    )
}

pub fn regions(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Carbon of a million tokens were the energy drawn elsewhere: home, the five cleanest and the five dirtiest grids",
        "select * from region_table",
        &[
            ("grid", Show::Text("grid_region")),
            ("mode", Show::Text("mode")),
            ("backend", Show::Text("backend")),
            ("g/kWh", Show::Number("gco2e_per_kwh")),
            ("counts", Show::Text("grid_basis")),
            ("year", Show::Text("grid_year")),
            (
                "gCO2e per 1M [interval]",
                Show::Interval("gco2e_per_mtok", "ci_low_gco2e_per_mtok", "ci_high_gco2e_per_mtok"),
            ),
            (
                "electricity, USD [interval]",
                Show::Interval("energy_usd_per_mtok", "ci_low_usd_per_mtok", "ci_high_usd_per_mtok"),
            ),
            ("hardware", Show::Text("match")),
        ],
    )
}

pub fn decisions(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Which backend, by objective; the configured one first",
        "select d.*, m.label, coalesce(d.backend, 'can''t tell') as chosen, coalesce(d.price, '') as at, \
         coalesce(d.runner_up, '') as next, array_to_string(d.excluded, ', ') as out \
         from decision as d inner join mode_label as m on d.mode = m.mode and d.kv_cache = m.kv_cache \
         order by d.stated desc, d.objective, m.place",
        &[
            ("objective", Show::Text("objective")),
            ("mode", Show::Text("label")),
            ("backend", Show::Text("chosen")),
            ("price", Show::Text("at")),
            ("value", Show::Number("estimate")),
            ("of", Show::Text("metric")),
            ("next", Show::Text("next")),
            ("next over best [interval]", Show::Interval("margin_ratio", "margin_low", "margin_high")),
            ("p adjusted", Show::Number("p_adjusted")),
            ("flips at USD/h", Show::Number("flip_usd_per_hour")),
            ("at USD/kWh", Show::Number("flip_usd_per_kwh")),
            ("at utilisation", Show::Number("flip_utilisation")),
            ("why", Show::Text("reason")),
            ("excluded", Show::Text("out")),
            ("evidence", Show::Text("evidence")),
        ],
    )
}

/// Regions whose tariff or intensity is known by the hour; `None` where there are none.
pub fn hours(bench: &Workbench) -> Result<Option<Table>> {
    let hours = table(
        bench,
        "By hour of the day, mean over backends and modes relative to the day's mean: 1 is the mean",
        "select grid_region, zone, local_hour, max(usd_per_kwh) as usd_per_kwh, max(gco2e_per_kwh) as gco2e_per_kwh, \
         avg(usd) as usd, avg(g) as g from ( \
           select *, energy_usd_per_mtok / avg(energy_usd_per_mtok) over cell as usd, gco2e_per_mtok / avg(gco2e_per_mtok) over cell as g \
           from hourly_cost window cell as (partition by backend, device, model, dtype, mode, kv_cache, grid_region)) \
         group by grid_region, zone, local_hour order by grid_region, local_hour",
        &[
            ("grid", Show::Text("grid_region")),
            ("zone", Show::Text("zone")),
            ("hour", Show::Text("local_hour")),
            ("USD/kWh", Show::Number("usd_per_kwh")),
            ("g/kWh", Show::Number("gco2e_per_kwh")),
            ("USD, relative", Show::Number("usd")),
            ("gCO2e, relative", Show::Number("g")),
        ],
    )?;
    Ok((!hours.rows.is_empty()).then_some(hours))
}
