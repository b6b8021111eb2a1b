-- One cell x token basis x price that may run it. Same hardware is `measured`; a price of other hardware is an extrapolation.
select
    u.*,
    o.provider,
    o.region,
    o.instance,
    o.tier,
    o.includes_power,
    o.retrieved_on,
    o.grid_region,
    o.usd_per_hour / c.utilisation as usd_per_used_hour,
    case when o.includes_power then 0 else o.pue * o.usd_per_kwh end as usd_per_kwh,
    o.pue * o.gco2e_per_kwh as gco2e_per_kwh,
    c.ci_level,
    case
        when o.tier = 'on_prem' then 'measured'
        when u.device = 'cpu' and lower(o.cpu) = lower(u.cpu) then 'measured'
        when u.device <> 'cpu' and lower(o.accelerator) = lower(u.device) and o.accelerator_count = 1 then 'measured'
        else 'extrapolated'
    end as match
from cell_unit as u
cross join config as c
inner join offer as o
    on not c.match_device or o.tier = 'on_prem' or (u.device = 'cpu') = (o.accelerator is null)
