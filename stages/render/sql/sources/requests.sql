-- One row: a thousand requests at one price.
select
    prefill_s + generate_s as time_s,
    1000 * total_usd as usd,
    1000 * energy_kwh as kwh,
    1000 * carbon_gco2e as gco2e,
    1000 * embodied_gco2e as embodied_gco2e
from request_cost
where {=backend, device, model, dtype, kv_cache, workload, provider, region, instance, tier}
