-- One price by the hour with the electricity that it uses and the carbon of making it; one's own machine's is configured: its
-- purchase over its life and upkeep, unless its row states a rate, and the power that it draws while it waits. What is retired cannot
-- be rented and is no offer. A spot price varies, so without a range how far is not known; any other price without one is fixed.
select
    p.provider,
    p.region,
    p.instance,
    p.tier,
    p.accelerator,
    p.vcpus,
    p.memory_mb,
    p.share_usd_per_hour,
    sold_name(p.provider, p.instance, p.accelerator, p.cpu) as sold_name,
    sold_is_exact(p.provider, p.instance, p.accelerator, p.cpu) as sold_is_exact,
    case when p.accelerator is not null then p.accelerator_count * hardware_count(p.accelerator) end as sold_count,
    coalesce(p.accelerator_memory_mb / 1024, sold_memory_gb(p.provider, p.instance, p.accelerator, p.cpu)) as sold_memory_gb,
    case
        when p.tier = 'on_prem' and p.usd_per_hour = 0
            then ((o.capex_usd - o.residual_usd) / o.life_years + o.upkeep_usd_per_year) / 8760
        else p.usd_per_hour
    end as usd_per_hour,
    case when p.tier = 'on_prem' and not p.includes_power then o.idle_w / 1000 else 0 end as idle_kw,
    coalesce(p.usd_per_hour - p.low_usd_per_hour, case when p.tier <> 'spot' then 0 end) as below_usd_per_hour,
    coalesce(p.high_usd_per_hour - p.usd_per_hour, case when p.tier <> 'spot' then 0 end) as above_usd_per_hour,
    p.includes_power,
    p.as_of,
    g.region as grid_region,
    coalesce(g.tariff_evidence, 'derived') as tariff_evidence,
    coalesce(g.carbon_evidence, 'derived') as carbon_evidence,
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
left anti join retired_price as r
    on p.provider = r.provider and p.region = r.region and p.instance = r.instance and p.tier = r.tier
where p.usd_per_hour is not null
