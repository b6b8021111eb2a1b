-- One cell x token basis x price that may run it.
select
    u.*,
    o.provider,
    o.region,
    o.instance,
    o.tier,
    o.includes_power,
    o.as_of,
    o.grid_region,
    o.tariff_evidence,
    o.carbon_evidence,
    o.usd_per_used_hour,
    o.below_usd_per_used_hour,
    o.above_usd_per_used_hour,
    o.embodied_gco2e_per_used_hour,
    o.usd_per_kwh,
    o.pue,
    o.energy_factor,
    o.match,
    c.ci_level,
    c.draws,
    c.seed
from cell_unit as u
cross join config as c
inner join hardware_offer as o on u.hardware = o.hardware and u.model = o.model and u.dtype = o.dtype
