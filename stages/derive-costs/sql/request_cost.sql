-- One backend x price x workload: what a request costs.
with priced as (
    select
        u.*,
        o.provider,
        o.region,
        o.instance,
        o.tier,
        (u.prefill_s + u.generate_s) / 3600 * o.usd_per_hour / c.utilisation as infra_usd,
        case when o.includes_power then 0 else u.energy_kwh * o.pue * o.usd_per_kwh end as energy_usd,
        u.energy_kwh * o.pue * o.gco2e_per_kwh as carbon_gco2e,
        case
            when o.tier = 'on_prem' then 'measured'
            when u.device = 'cpu' and lower(o.cpu) = lower(u.cpu) then 'measured'
            when u.device <> 'cpu' and lower(o.accelerator) = lower(u.device) and o.accelerator_count = 1 then 'measured'
            else 'extrapolated'
        end as match
    from request_unit as u
    cross join config as c
    inner join offer as o
        on not c.match_device or o.tier = 'on_prem' or (u.device = 'cpu') = (o.accelerator is null)
)

select
    backend,
    device,
    model,
    dtype,
    kv_cache,
    workload,
    provider,
    region,
    instance,
    tier,
    prompt_tokens,
    generated_tokens,
    prefill_s,
    generate_s,
    energy_kwh,
    infra_usd,
    energy_usd,
    infra_usd + energy_usd as total_usd,
    carbon_gco2e,
    energy_evidence,
    match
from priced
