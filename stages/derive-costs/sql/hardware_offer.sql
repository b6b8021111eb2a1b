-- One kind of hardware that ran x price that may run it: what an hour of use, a kWh and its carbon cost there.
-- The same hardware is `measured`; a price of other hardware is an extrapolation. Several GPUs of a run are named `2x NVIDIA H100`.
with hardware as (
    select distinct device, cpu
    from cell_unit
)

select
    h.device,
    h.cpu,
    o.provider,
    o.region,
    o.instance,
    o.tier,
    o.includes_power,
    o.as_of,
    o.grid_region,
    o.tariff_evidence,
    o.carbon_evidence,
    o.usd_per_hour,
    o.idle_kw,
    -- an hour of use pays for the hours in which the machine waits
    o.usd_per_hour / c.utilisation
    + case when o.idle_kw = 0 or c.utilisation = 1 then 0 else (1 / c.utilisation - 1) * o.idle_kw * o.pue * o.usd_per_kwh end
        as usd_per_used_hour,
    o.below_usd_per_hour / c.utilisation as below_usd_per_used_hour,
    o.above_usd_per_hour / c.utilisation as above_usd_per_used_hour,
    o.embodied_gco2e_per_hour / c.utilisation as embodied_gco2e_per_used_hour,
    case when o.includes_power then 0 else o.pue * o.usd_per_kwh end as usd_per_kwh,
    o.pue * o.gco2e_per_kwh as gco2e_per_kwh,
    case
        when o.tier = 'on_prem' then 'measured'
        when h.device = 'cpu' and lower(o.cpu) = lower(h.cpu) then 'measured'
        when h.device <> 'cpu' and o.accelerator_count = 1 and lower(o.accelerator) = lower(h.device) then 'measured'
        when lower(concat(o.accelerator_count, 'x ', o.accelerator)) = lower(h.device) then 'measured'
        else 'extrapolated'
    end as match
from hardware as h
cross join config as c
inner join offer as o
    on not c.match_device or o.tier = 'on_prem' or (h.device = 'cpu') = (o.accelerator is null)
