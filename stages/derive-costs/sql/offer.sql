-- One price by the hour with the electricity that it uses and the carbon of making it; one's own machine's is configured: its
-- purchase over its life and upkeep, unless its row states a rate, and the power that it draws while it waits.
select
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.cpu,
    p.accelerator,
    p.accelerator_count,
    case
        when p.tier = 'on_prem' and p.usd_per_hour = 0
            then ((o.capex_usd - o.residual_usd) / o.life_years + o.upkeep_usd_per_year) / 8760
        else p.usd_per_hour
    end as usd_per_hour,
    case when p.tier = 'on_prem' and not p.includes_power then o.idle_w / 1000 else 0 end as idle_kw,
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
