-- Every price's grid region, and home_grid of pipeline.toml, is a region of the grid files.
select coalesce(p.grid_region, c.home_grid) as grid_region, p.provider, p.region, p.instance, p.tier
from price as p
cross join config as c
left anti join grid as g on coalesce(p.grid_region, c.home_grid) = g.region
where p.usd_per_hour is not null
