-- One workload x backend x terms, at the cheapest price of the terms: a month as coefficients of the reader's values, like those of
-- `whatif_unit`: what whole machines cost without work (`fixed_usd`), what a million tokens adds, and how many of them a machine makes.
-- Factors beside those of `whatif_unit`: `one`, and `use`, the utilisation. An own machine is paid for by the month, a rented one by use.
with way as (
    select
        r.*,
        p.includes_power,
        coalesce(p.grid_region, c.home_grid) as grid_region,
        (r.prompt_tokens + r.generated_tokens) / 1e6 as mtok,
        (r.prefill_s + r.generate_s) / 3600 as hours,
        case when r.tier = 'on_prem' and not p.includes_power then o.idle_w / 1000 else 0 end as idle_kw,
        case when p.includes_power then 0 else r.energy_usd / nullif(r.energy_kwh, 0) end as usd_per_used_kwh,
        c.utilisation,
        row_number() over (
            partition by r.workload, r.backend, r.device, r.model, r.dtype, r.kv_cache, r.tier, r.match
            order by r.total_usd asc nulls last, r.provider asc, r.region asc, r.instance asc
        ) as choice
    from priced_with as c
    cross join owned as o
    cross join request_cost as r
    inner join price as p on r.provider = p.provider and r.region = p.region and r.instance = p.instance and r.tier = p.tier
),

rate as (
    select
        *,
        (
            infra_usd / hours
            - case when idle_kw = 0 or utilisation = 1 then 0 else (1 / utilisation - 1) * idle_kw * usd_per_used_kwh end
        ) * utilisation as usd_per_hour
    from way
    where choice = 1 and hours > 0 and mtok > 0
)

select
    r.workload,
    b.name,
    case when r.kv_cache then 'generate, KV cache' else 'generate, no cache' end as mode_name,
    r.backend,
    r.device,
    r.model,
    r.dtype,
    r.kv_cache,
    r.provider,
    r.region,
    r.instance,
    r.tier,
    r.match,
    r.grid_region,
    r.usd_per_used_kwh,
    730 * mtok / hours as capacity_mtok_x_use,
    case when r.tier = 'on_prem' then 730 * usd_per_hour else 0.0 end as fixed_usd_x_one,
    730.0 * idle_kw as fixed_usd_x_kwh,
    case when r.tier = 'on_prem' then 0.0 else usd_per_hour * hours / mtok end as added_usd_x_paid,
    case when r.includes_power then 0.0 else (energy_kwh - hours * idle_kw) / mtok end as added_usd_x_kwh,
    r.usd_evidence
from rate as r
inner join backend_label as b on r.backend = b.backend and r.device = b.device and r.model = b.model and r.dtype = b.dtype
order by r.workload, case r.tier when 'on_prem' then 1 else 2 end, r.match desc, r.tier, b.name, r.kv_cache
