-- One price by the hour with the electricity it uses.
select
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.cpu,
    p.accelerator,
    p.accelerator_count,
    p.usd_per_hour,
    p.includes_power,
    p.retrieved_on,
    g.region as grid_region,
    coalesce(g.pue, c.default_pue) as pue,
    g.usd_per_kwh,
    g.gco2e_per_kwh
from price as p
cross join config as c
left join grid_latest as g on coalesce(p.grid_region, c.home_grid) = g.region
where p.usd_per_hour is not null
