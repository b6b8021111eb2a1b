-- Every price's grid region, and home_grid of pipeline.toml, is a region of the grid files.
-- One row a region, and the table of one row first in the join: prices need not fit into memory.
with used as (
    select
        coalesce(p.grid_region, c.home_grid) as grid_region,
        count(*) as prices,
        min(p.provider) as provider,
        min(p.region) as region,
        min(p.instance) as instance
    from config as c
    cross join price as p
    where p.usd_per_hour is not null
    group by coalesce(p.grid_region, c.home_grid)
)

select u.*
from used as u
left anti join grid as g on u.grid_region = g.region
