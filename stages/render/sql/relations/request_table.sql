-- One workload x backend x way of getting the hardware: the own machine, and the cheapest price of the same and of other hardware.
with way as (
    select
        *,
        case
            when tier = 'on_prem' then 'own machine'
            when match = 'measured' then 'rented, same hardware'
            else 'rented, other hardware'
        end as way
    from request_cost
),

placed as (
    select
        *,
        row_number() over (
            partition by workload, backend, device, model, dtype, kv_cache, way
            order by total_usd asc nulls last, provider asc, region asc, instance asc, tier asc
        ) as place
    from way
)

select
    p.workload,
    p.backend,
    p.device,
    p.model,
    p.dtype,
    p.kv_cache,
    b.name,
    case when p.kv_cache then 'KV cache' else 'no cache' end as cache,
    p.way,
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.prefill_s + p.generate_s as time_s,
    1000 * p.total_usd as usd,
    1000 * p.ci_low_usd as usd_low,
    1000 * p.ci_high_usd as usd_high,
    1000 * p.energy_kwh as kwh,
    1000 * p.ci_low_kwh as kwh_low,
    1000 * p.ci_high_kwh as kwh_high,
    1000 * p.carbon_gco2e as gco2e,
    1000 * p.ci_low_gco2e as gco2e_low,
    1000 * p.ci_high_gco2e as gco2e_high,
    1000 * p.embodied_gco2e as embodied_gco2e,
    p.ci_level,
    weakest_of(p.energy_evidence, p.match) as kwh_evidence,
    p.gco2e_evidence,
    p.usd_evidence,
    p.match,
    -- what is not known is not shown, and weakens nothing that is
    weakest_of(p.usd_evidence, case when p.energy_kwh is null then p.usd_evidence else p.gco2e_evidence end) as evidence
from placed as p
inner join backend_label as b on p.backend = b.backend and p.device = b.device and p.model = b.model and p.dtype = b.dtype
where p.place = 1
