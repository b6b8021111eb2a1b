-- One backend x mode x terms: the hours and kWh of a million tokens, the price and the grid that they meet, and what `cost` makes of them.
select
    t.name,
    t.backend,
    t.device,
    t.model,
    t.dtype,
    t.mode,
    t.kv_cache,
    t.mode_name,
    t.place,
    t.tier,
    t.match,
    t.provider,
    t.region,
    t.instance,
    t.price,
    p.usd_per_hour,
    t.includes_power,
    t.grid_region,
    h.pue,
    h.energy_usd_per_mtok / nullif(t.kwh * h.pue, 0) as usd_per_kwh,
    h.gco2e_per_kwh,
    t.hours,
    t.kwh,
    t.infra_usd,
    t.energy_usd,
    t.usd,
    t.usd_low,
    t.usd_high,
    t.gco2e,
    t.gco2e_low,
    t.gco2e_high,
    t.embodied_gco2e,
    t.n,
    t.usd_evidence
from tier_cost as t
inner join price as p on t.provider = p.provider and t.region = p.region and t.instance = p.instance and t.tier = p.tier
left join region_carbon as h
    on t.backend = h.backend and t.device = h.device and t.model = h.model and t.dtype = h.dtype and t.mode = h.mode
    and t.kv_cache = h.kv_cache and t.grid_region = h.grid_region
order by case t.tier when 'on_prem' then 1 else 2 end, t.match desc, t.tier, t.place, t.name
