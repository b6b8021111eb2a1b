-- One row: `cost` at one price, averaged over the scenarios of a mode, and the mode's speed.
select
    avg(total_usd_per_mtok) as usd,
    avg(energy_usd_per_mtok) as energy_usd,
    avg(kwh_per_mtok) as kwh,
    avg(gco2e_per_mtok) as gco2e,
    (
        select max(estimate)
        from estimate
        where level = 'backend_mode'
            and metric = case when {mode} = 'prefill' then 'input_tokens_per_s' else 'output_tokens_per_s' end
            and {=backend, device, model, dtype, mode, kv_cache}
    ) as tokens_per_s
from cost
where {=backend, device, model, dtype, mode, kv_cache}
    and basis = case when {mode} = 'prefill' then 'input' else 'output' end
    and (provider is not distinct from {provider})
    and (region is not distinct from {region})
    and (instance is not distinct from {instance})
    and (tier is not distinct from {tier})
