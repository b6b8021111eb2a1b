-- One row: a million tokens at one utilisation, on the own machine and on the rented one.
select
    utilisation,
    infra_usd_per_mtok,
    load_usd_per_mtok,
    idle_usd_per_mtok,
    total_usd_per_mtok as own_usd,
    gco2e_per_mtok,
    (
        select max(total_usd_per_mtok)
        from utilisation_cost
        where {=backend, device, model, dtype, kv_cache, workload} and provider = {rent_provider} and region = {rent_region}
            and instance = {rent_instance} and tier = {rent_tier} and {=utilisation}
    ) as rent_usd
from utilisation_cost
where {=backend, device, model, dtype, kv_cache, workload, provider, region, instance, tier, utilisation}
