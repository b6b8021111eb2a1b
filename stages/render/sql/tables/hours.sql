-- One grid x hour of the day: means over backends and modes, relative to each one's mean over the day.
select
    grid_region,
    zone,
    local_hour,
    max(usd_per_kwh) as usd_per_kwh,
    max(gco2e_per_kwh) as gco2e_per_kwh,
    weakest(evidence) as evidence,
    avg(usd) as usd,
    avg(g) as g
from (
    select
        *,
        energy_usd_per_mtok / avg(energy_usd_per_mtok) over cell as usd,
        gco2e_per_mtok / avg(gco2e_per_mtok) over cell as g
    from hourly_cost
    window cell as (partition by backend, device, model, dtype, mode, kv_cache, grid_region)
) as relative
group by grid_region, zone, local_hour
order by grid_region, local_hour
limit 240
