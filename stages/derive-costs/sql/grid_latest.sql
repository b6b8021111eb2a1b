-- One grid region: its latest interval.
select region, usd_per_kwh, gco2e_per_kwh, pue
from (
    select *, row_number() over (partition by region order by start_ns desc) as place
    from grid
)
where place = 1
