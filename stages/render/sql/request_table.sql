-- One workload x backend x way of getting the hardware: the own machine, and the cheapest price of the same and of other hardware.
with way as (
    select
        *,
        case
            when tier = 'on_prem' then 'own, electricity alone'
            when match = 'measured' then 'rented, same hardware'
            else 'rented, other hardware'
        end as way
    from request_cost
),

placed as (
    select
        *,
        row_number() over (
            partition by workload, backend, kv_cache, way
            order by total_usd asc nulls last, provider asc, region asc, instance asc, tier asc
        ) as place
    from way
)

select
    workload,
    backend,
    case when kv_cache then 'KV cache' else 'no cache' end as cache,
    way,
    provider,
    instance,
    tier,
    prefill_s + generate_s as time_s,
    1000 * total_usd as usd,
    1000 * ci_low_usd as usd_low,
    1000 * ci_high_usd as usd_high,
    1000 * energy_kwh as kwh,
    1000 * ci_low_kwh as kwh_low,
    1000 * ci_high_kwh as kwh_high,
    1000 * carbon_gco2e as gco2e,
    1000 * embodied_gco2e as embodied_gco2e,
    energy_evidence
from placed
where place = 1
order by workload, way, total_usd, backend, kv_cache
