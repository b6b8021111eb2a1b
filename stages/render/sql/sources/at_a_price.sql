-- One row: `cost` at one price, averaged over the scenarios of a mode.
select
    avg(total_usd_per_mtok) as usd,
    avg(infra_usd_per_mtok) as infra_usd,
    avg(energy_usd_per_mtok) as energy_usd,
    avg(kwh_per_mtok) as kwh,
    avg(gco2e_per_mtok) as gco2e,
    avg(embodied_gco2e_per_mtok) as embodied_gco2e,
    sum(runs) as n,
    count(*) as cells
from cost
where {=backend, device, model, dtype, mode, kv_cache, basis, provider, region, instance, tier}
