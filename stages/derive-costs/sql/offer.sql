-- One price by the hour with the electricity that it uses and the carbon of making it; one's own machine's is configured.
select
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.cpu,
    p.accelerator,
    p.accelerator_count,
    p.usd_per_hour,
    coalesce(p.usd_per_hour - p.low_usd_per_hour, 0) as below_usd_per_hour,
    coalesce(p.high_usd_per_hour - p.usd_per_hour, 0) as above_usd_per_hour,
    p.includes_power,
    p.retrieved_on,
    g.region as grid_region,
    coalesce(g.pue, c.default_pue) as pue,
    g.usd_per_kwh,
    g.gco2e_per_kwh,
    1000 * case
        when p.tier = 'on_prem' then o.embodied_kgco2e / o.life_years
        else e.embodied_kgco2e / e.life_years
    end / 8760 as embodied_gco2e_per_hour
-- the tables of one row first: joined to them, batches of prices stay large
from config as c
cross join owned as o
cross join price as p
left join grid_year as g on coalesce(p.grid_region, c.home_grid) = g.region
left join embodied as e on p.provider = e.provider and p.instance = e.instance
where p.usd_per_hour is not null
