-- One row: tariff and carbon of one hour of the day.
select max(usd_per_kwh) as usd_per_kwh, max(gco2e_per_kwh) as gco2e_per_kwh
from hourly_cost
where {=grid_region, local_hour}
