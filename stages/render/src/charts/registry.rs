//! Every chart, in the order in which they are drawn.

use super::{Kind, shape::Shape};

pub(super) const ALL: &[Kind] = &[
    Kind {
        id: "whatif-cost",
        title: "What if: a million tokens, mean over scenarios",
        shape: Shape::Bars,
        across: "USD per 1M tokens",
        up: "",
        sql: "select mode_name as row, name as series, usd as value, usd_low as low, usd_high as high, n, usd_evidence as evidence \
              from (select *, dense_rank() over (order by case tier when 'on_prem' then 1 else 2 end, match desc, tier) as choice \
              from whatif_unit) as terms where choice = 1 order by place, name",
    },
    Kind {
        id: "whatif-month",
        title: "What if: a month of the first workload",
        shape: Shape::Lines,
        across: "1M tokens a month",
        up: "USD a month",
        sql: "select way as series, mtok as x, usd as value, evidence from own_line \
              where (capacity_mtok is null or mtok <= capacity_mtok) and way not like 'rent a month%' order by series, x",
    },
    Kind {
        id: "latency",
        title: "Mean latency",
        shape: Shape::Bars,
        across: "ms per iteration",
        up: "",
        sql: "select mode_name as mode, scenario as row, name as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric = 'latency_ms' order by place, scenario, name",
    },
    Kind {
        id: "throughput",
        title: "Throughput",
        shape: Shape::Bars,
        across: "tokens per second (prompt tokens in prefill, new tokens in generate)",
        up: "",
        sql: "select mode_name as mode, scenario as row, name as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric in ('input_tokens_per_s', 'output_tokens_per_s') order by place, scenario, name",
    },
    Kind {
        id: "spread",
        title: "Distribution of runs",
        shape: Shape::Spread,
        across: "latency over the cell's median: extremes, quartiles, runs",
        up: "",
        sql: "select mode, row, series, kind, value, low, lower, upper, high, n, evidence from ( \
                select mode_name as mode, place, scenario as row, name as series, 'cell' as kind, middle as value, least as low, lower, \
                upper, most as high, n, evidence from spread \
                union all \
                select m.label as mode, m.place, r.scenario as row, b.name as series, 'run' as kind, r.ratio as value, null as low, \
                null as lower, null as upper, null as high, null as n, null as evidence from run_value as r \
                inner join mode_label as m on r.mode = m.mode and r.kv_cache = m.kv_cache \
                inner join backend_label as b on r.backend = b.backend and r.device = b.device and r.model = b.model and r.dtype = b.dtype \
                ) as both order by place, row, series, kind, value",
    },
    Kind {
        id: "cost",
        title: "Total cost of a million tokens",
        shape: Shape::Bars,
        across: "USD per 1M tokens, cheapest price of the hardware that ran, else of other",
        up: "",
        sql: "select mode_name as mode, case match when 'measured' then 'hardware that ran' else 'other hardware' end as row, \
              name as series, usd as value, usd_low as low, usd_high as high, n, usd_evidence as evidence from ( \
                select *, row_number() over (partition by place, name, match order by usd, price) as choice from tier_cost) as placed \
              where choice = 1 order by place, match desc, name",
    },
    Kind {
        id: "tiers",
        title: "Cost by tier",
        shape: Shape::Bars,
        across: "USD per 1M tokens, mean over scenarios, cheapest price of each tier",
        up: "",
        sql: "select mode_name as mode, tier || ' (' || match || ')' as row, name as series, usd as value, usd_low as low, \
              usd_high as high, n, usd_evidence as evidence from tier_cost order by place, match desc, tier, name",
    },
    Kind {
        id: "efficiency",
        title: "Energy efficiency",
        shape: Shape::Bars,
        across: "tokens per kWh, gross",
        up: "",
        sql: "select mode_name as mode, scenario as row, name as series, 1e6 / estimate as value, \
              case when ci_low > 0 then 1e6 / ci_high end as low, case when ci_low > 0 then 1e6 / ci_low end as high, n, evidence \
              from cell_estimate where metric = 'gross_kwh_per_mtok' and estimate > 0 order by place, scenario, name",
    },
    Kind {
        id: "carbon",
        title: "Carbon of a million tokens",
        shape: Shape::Bars,
        across: "gCO2e per 1M tokens on the own machine's grid",
        up: "",
        sql: "select m.label as mode, c.scenario as row, b.name as series, c.gco2e_per_mtok as value, c.ci_low_gco2e_per_mtok as low, \
              c.ci_high_gco2e_per_mtok as high, c.runs as n, c.gco2e_evidence as evidence from ( \
                select *, row_number() over (partition by backend, device, model, dtype, mode, kv_cache, scenario \
                order by provider, region, instance) as choice from cost where tier = 'on_prem' \
                and basis = case when mode = 'prefill' then 'input' else 'output' end and gco2e_per_mtok is not null) as c \
              inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache \
              inner join backend_label as b on c.backend = b.backend and c.device = b.device and c.model = b.model and c.dtype = b.dtype \
              where c.choice = 1 order by m.place, c.scenario, b.name",
    },
    Kind {
        id: "cost-speed",
        title: "Cost against throughput",
        shape: Shape::Scatter,
        across: "tokens per second",
        up: "USD per 1M tokens, cheapest tier",
        sql: "select c.mode_name as mode, c.scenario as row, c.name as series, c.estimate as x, c.ci_low as x_low, c.ci_high as x_high, \
              d.total_usd_per_mtok as y, d.ci_low_usd_per_mtok as y_low, d.ci_high_usd_per_mtok as y_high, c.n, t.usd_evidence as evidence \
              from cell_estimate as c \
              inner join (select *, row_number() over (partition by place, name order by match desc, usd, price) as choice \
              from tier_cost) as t on c.name = t.name and c.place = t.place and t.choice = 1 \
              inner join cost as d on c.backend = d.backend and c.device = d.device and c.model = d.model and c.dtype = d.dtype \
              and c.mode = d.mode and c.kv_cache = d.kv_cache and c.scenario = d.scenario and t.provider = d.provider \
              and t.region = d.region and t.instance = d.instance and t.tier = d.tier and t.basis = d.basis \
              where c.metric in ('input_tokens_per_s', 'output_tokens_per_s') and c.estimate > 0 and d.total_usd_per_mtok > 0 \
              order by c.place, c.name, c.scenario limit 900",
    },
    Kind {
        id: "cost-energy",
        title: "Cost and energy; the dashed line joins what nothing beats in both",
        shape: Shape::Scatter,
        across: "kWh per 1M tokens",
        up: "USD per 1M tokens",
        sql: "select mode_name as mode, tier || ' (' || match || ')' as row, name as series, kwh as x, \
              kwh_low as x_low, kwh_high as x_high, \
              usd as y, case when usd_low > 0 then usd_low end as y_low, case when usd_low > 0 then usd_high end as y_high, n, \
              usd_evidence as evidence, \
              usd < coalesce(min(usd) over (partition by place, match order by kwh, usd, name, tier, match \
              rows between unbounded preceding and 1 preceding), 1e300) as frontier \
              from tier_cost where kwh > 0 and usd > 0 order by place, kwh, usd, name, tier, match limit 600",
    },
    Kind {
        id: "regions",
        title: "Carbon elsewhere",
        shape: Shape::Bars,
        across: "gCO2e per 1M tokens were the energy drawn there: home, and the cleanest and dirtiest of its method",
        up: "",
        sql: "select grid_region as row, backend as series, gco2e_per_mtok as value, ci_low_gco2e_per_mtok as low, \
              ci_high_gco2e_per_mtok as high, evidence from region_table where is_like_home \
              order by match desc, gco2e_per_mtok, grid_region",
    },
    Kind {
        id: "break-even",
        title: "Break-even: a month on one machine",
        shape: Shape::Lines,
        across: "1M tokens a month",
        up: "USD a month",
        sql: "select way as series, mtok as x, usd as value, evidence from own_line \
              where capacity_mtok is null or mtok <= capacity_mtok order by series, x",
    },
    Kind {
        id: "utilisation",
        title: "A million tokens by utilisation",
        shape: Shape::Lines,
        across: "share of the paid hours in which tokens are produced",
        up: "USD per 1M tokens",
        sql: "select series, x, value, low, high, evidence from ( \
                select distinct workload, 'own machine' as series, utilisation as x, own_usd as value, own_low as low, own_high as high, \
                own_usd_evidence as evidence from utilisation_table \
                union all select workload, 'cheapest rent by the hour' || case rent_match when 'measured' then '' \
                else ', other hardware' end as series, utilisation as x, rent_usd as value, rent_low as low, rent_high as high, \
                rent_usd_evidence as evidence from utilisation_table) as both \
              where workload = (select min(workload) from utilisation_table) and value is not null order by series, x",
    },
    Kind {
        id: "cache-factor",
        title: "Without a KV cache over with one",
        shape: Shape::Forest,
        across: "factor",
        up: "",
        sql: "select case metric when 'latency_ms' then 'latency' else 'energy' end || ', ' || scenario as row, name as part, \
              name as series, factor as value, low, high, 1.0 as one, n, evidence from cache_factor order by metric desc, scenario, name",
    },
    Kind {
        id: "ttft",
        title: "Time to the first token",
        shape: Shape::Bars,
        across: "ms",
        up: "",
        sql: "select mode_name as mode, scenario as row, name as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric = 'ttft_ms' order by place, scenario, name",
    },
    Kind {
        id: "tpot",
        title: "Time per output token after the first",
        shape: Shape::Bars,
        across: "ms",
        up: "",
        sql: "select mode_name as mode, scenario as row, name as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric = 'tpot_ms' order by place, scenario, name",
    },
    Kind {
        id: "steps",
        title: "Time of each decoding step (band: fastest to slowest scenario)",
        shape: Shape::Lines,
        across: "new token, from the second on",
        up: "ms",
        sql: "select name || ': ' || mode_name as series, step as x, ms as value, least_ms as low, most_ms as high, n, evidence \
              from decode_step order by name, place, step",
    },
    Kind {
        id: "forest",
        title: "Backends compared",
        shape: Shape::Forest,
        across: "ratio of the second over the first, all scenarios",
        up: "",
        sql: "select c.metric as mode, m.label || ': ' || c.b || ' / ' || c.a as row, m.label as part, c.conclusion as series, \
              c.ratio as value, c.ratio_low as low, c.ratio_high as high, 1.0 as one, c.n, c.evidence \
              from comparison as c inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache \
              where c.metric in ('latency_ms', 'total_usd_per_mtok', 'gross_kwh_per_mtok', 'gco2e_per_mtok') and c.ratio > 0 \
              order by c.metric desc, m.place, c.ratio",
    },
    Kind {
        id: "trace",
        title: "Power during the runs (green: their windows)",
        shape: Shape::Trace,
        across: "s since the session began",
        up: "W",
        sql: "select kind, series, row, x, x2, value, low, high from ( \
                select 'power' as kind, sensor as series, '' as row, t_s as x, null as x2, power_w as value, \
                least_w as low, most_w as high \
                from trace where sensor in (select sensor from trace group by sensor order by sensor limit 4) \
                union all \
                select 'window' as kind, null as series, r.backend || ' ' || r.mode || ' ' || r.scenario as row, \
                cast(r.start_ns - s.from_ns as double) / 1e9 as x, cast(r.end_ns - s.from_ns as double) / 1e9 as x2, null as value, \
                null as low, null as high from trace_span as s inner join run as r on s.session_id = r.session_id \
                where r.end_ns is not null and r.end_ns <= s.until_ns) as both \
              where exists (select 1 from trace) order by kind, series, x",
    },
    Kind {
        id: "sensors",
        title: "Quality of the sensors",
        shape: Shape::Points,
        across: "ms",
        up: "",
        sql: "select row, series, value from ( \
                select device_id || ' (' || kind || ')' as row, 'value changes every' as series, max(update_period_ms) as value \
                from sensor group by device_id, kind \
                union all select device_id || ' (' || kind || ')' as row, 'longest gap' as series, max(longest_gap_ns) / 1e6 as value \
                from sensor group by device_id, kind \
                union all select device_id || ' (' || kind || ')' as row, 'averages over' as series, max(averaging_ms) as value \
                from sensor group by device_id, kind) as quality where value > 0 order by row, series",
    },
];
